"""A policy may ask for a language model: what it quotes is replaced too, what is not understood is held, and that is all."""

import hashlib
import json
from dataclasses import replace

import pytest

from onprem.cli.init import make_site
from onprem.detect.echo import Echo
from onprem.errors import ModelError, PolicyError
from onprem.llm.scripted import Scripted
from onprem.llm.shelf import Asked, Shelf
from onprem.pipeline.run import Request, run
from onprem.policy.schema import parse
from onprem.progress import Silent
from onprem.scale.local import pool

POLICY = """
name = "ours"
title = "a model reads as well"
basis = "decision of the privacy officer"
tier = "fast"
echo = true
default = "redact"
[rules]
STATE = "keep"
NAME = "redact"
"""
NOTES = (
    "Ngozi Okafor (MRN 40017733) was seen on 03/02/2023 with chest pain. She keeps the lighthouse; aspirin 81 mg.",
    "The lighthouse keeper called on 03/09/2023. Her knee is better. Nothing else to report on this day.",
    "患者欧阳春燕，因反复咳嗽2周于2023年3月2日入院。有人陪同，自述家有三只白鸽，服药后好转，今日出院。",
)
NOTHING = '{"quotes": []}'


def quotes(**by_text):
    """A model that quotes these where it is shown them, each as the given kind."""

    def say(asked):
        piece = asked.split("=" * 12)[1]
        here = [(text.replace("_", " "), label) for text, label in by_text.items() if text.replace("_", " ") in piece]
        return json.dumps({"quotes": [{"text": text, "label": label} for text, label in here]}, ensure_ascii=False)

    return Scripted(say)


class World:
    def __init__(self, root):
        self.root = root
        self.site = make_site(root / "site")
        for name, content in (
            ("ours", POLICY),
            ("plain", POLICY.replace('"ours"', '"plain"').replace("echo = true", "")),
        ):
            (self.site.folder("policies") / f"{name}.toml").write_text(content)
        self.notes = root / "notes.jsonl"
        self.write(NOTES)
        self.runs = 0

    def write(self, notes):
        lines = [json.dumps({"text": text}, ensure_ascii=False) for text in notes]
        self.notes.write_text("\n".join(lines) + "\n")

    def run(self, model, policy="ours", **changes):
        """Run; return the summary, and the released texts, in order."""
        self.runs += 1
        out = self.root / f"out{self.runs}"
        echo = None if model is None else Echo(model)
        self.spans = self.root / f"spans{self.runs}.jsonl"
        request = replace(Request((self.notes,), out, policy, spans=self.spans, echo=echo), **changes)
        summary = run(self.site, request, pool, Silent())
        rows = [json.loads(line) for line in (out / "notes.jsonl").read_text().splitlines()] if out.exists() else []
        return summary, [row["text"] for row in rows]

    def covered(self):
        """Where the last run's spans lie: (record, start, end, label, by)."""
        rows = map(json.loads, self.spans.read_text().splitlines())
        return {(row["record"], row["start"], row["end"], row["label"], *row["by"]) for row in rows}


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_what_the_model_quotes_is_replaced_too(world):
    _, plain = world.run(None, "plain")
    before = world.covered()
    summary, texts = world.run(quotes(lighthouse="OCCUPATION", 三只白鸽="OTHER_ID"))
    assert "lighthouse" in plain[0] and "三只白鸽" in plain[2]
    assert not any("lighthouse" in text or "三只白鸽" in text for text in texts)
    assert "aspirin 81 mg" in texts[0] and "Her knee is better" in texts[1] and "反复咳嗽2周" in texts[2]
    assert before < world.covered()
    added = world.covered() - before
    assert {by for *_, by in added} == {"echo"}
    assert dict(summary.detectors)["echo"] == 3
    assert ("echo", "0" * 64) in summary.models


@pytest.mark.parametrize("label", ["STATE", "NAME", "AGE"])
def test_a_model_cannot_uncover_what_others_found(world, label):
    """It quotes a name as something that the policy keeps, and in halves."""
    world.run(None, "plain")
    before = world.covered()
    lying = quotes(Ngozi_Okafor=label, Okafor=label, 欧阳=label, 春燕=label, **{"03/02": label, "40017733": label})
    _, texts = world.run(lying)
    assert before <= world.covered()
    assert not any(name in text for text in texts for name in ("Ngozi", "Okafor", "40017733", "欧阳", "春燕"))


def test_a_model_that_quotes_nothing_changes_nothing(world):
    _, plain = world.run(None, "plain")
    before = world.covered()
    _, texts = world.run(Scripted(lambda _: NOTHING))
    assert (texts, world.covered()) == (plain, before)


def test_what_is_not_understood_is_held_and_the_others_go(world):
    model = Scripted(lambda asked: "I cannot help." if "lighthouse keeper" in asked else NOTHING)
    summary, texts = world.run(model)
    assert len(texts) == 2 and not any("knee" in text for text in texts)
    assert [(str(reason), count) for reason, count in summary.held] == [("unclear model", 1)]
    assert summary.asked >= 1  # a person may look at it


def test_a_model_that_quotes_everything_holds_everything(world):
    def say(asked):
        words = [word for word in asked.split("=" * 12)[1].split() if 2 <= len(word) <= 80][:39]
        return json.dumps({"quotes": [{"text": word, "label": "NAME"} for word in words]})

    long = "She came by bus and went home on foot, as she always does when it does not rain. " * 3
    world.write([long, "Her knee is better."])
    summary, texts = world.run(Scripted(say))
    assert len(texts) == 1 and "knee" not in texts[0]  # a short text may be an identifier as a whole
    assert dict(summary.held)["unclear model"] == 1


def test_two_workers_write_what_one_writes(world):
    model = quotes(lighthouse="OCCUPATION")
    one, two = world.run(model)[1], world.run(model, jobs=2)[1]
    assert one == two and len(one) == 3


def test_a_run_without_a_model_is_refused_before_anything_is_read(world):
    with pytest.raises(PolicyError, match="asks for a language model") as caught:
        world.run(None)
    assert "--model" in caught.value.hint
    assert not any(world.site.folder("work").iterdir())


def test_no_model_is_asked_where_the_policy_does_not(world):
    model = quotes(lighthouse="OCCUPATION")
    _, texts = world.run(model, "plain")
    assert model.asked == [] and "lighthouse" in texts[0]


class Dying(Scripted):
    """Its process ends at the second question."""

    def _answer(self, request):
        if len(self.asked) == 1:
            raise ModelError("the model's process was ended by SIGKILL", hint="memory may have run out")
        return super()._answer(request)


def test_a_model_that_dies_releases_nothing_and_the_run_can_go_on(world):
    with pytest.raises(ModelError, match="SIGKILL"):
        world.run(Dying(lambda _: NOTHING))
    assert not (world.root / "out1").exists()
    world.runs = 0
    _, texts = world.run(quotes(lighthouse="OCCUPATION"), resume=True)
    assert len(texts) == 3 and not any("lighthouse" in text for text in texts)


def test_what_is_left_in_the_work_folder_holds_no_text(world):
    class Looking(Scripted):
        def close(self):
            pass

    seen = []
    model = quotes(lighthouse="OCCUPATION")

    def look(references):
        for path in world.site.folder("work").rglob("echo-*.jsonl"):
            seen.append(path.read_text())

    world.runs = 9
    request = Request((world.notes,), world.root / "out9", "ours", echo=Echo(model))
    run(world.site, request, pool, Silent(), look)
    assert seen and not any("lighthouse" in text or "白鸽" in text or "Okafor" in text for text in seen)
    assert json.loads(seen[0].splitlines()[0]) == {
        "0": [[NOTES[0].index("lighthouse"), NOTES[0].index("lighthouse") + 10, "OCCUPATION"]]
    }


def test_a_policy_from_before_keeps_its_digest():
    content = POLICY.replace("echo = true", "")
    plain, off, on = (parse(text, name="ours") for text in (content, POLICY.replace("true", "false"), POLICY))
    assert plain.digest == off.digest != on.digest


def test_the_command_with_a_real_model(onprem, tmp_path, smollm2):
    """A model of 135 million parameters is too small for this: what it does not spoil, it must not uncover."""
    from onprem.config import find_site

    site = find_site(tmp_path / "site")
    digest = hashlib.sha256(smollm2.read_bytes()).hexdigest()
    Shelf(site).add(smollm2, Asked(digest, licence="Apache-2.0", template="chatml"))
    for name in ("ours", "plain"):
        content = POLICY.replace('"ours"', f'"{name}"').replace("true", str(name == "ours").lower())
        (site.folder("policies") / f"{name}.toml").write_text(content)
    (tmp_path / "in.txt").write_text("Seen on 03/02/2023: Ngozi Okafor, with chest pain.")
    covered = {}
    for name in ("plain", "ours"):
        spans = tmp_path / f"{name}.jsonl"
        done = onprem("deid", "in.txt", "--out", name, "--policy", name, "--spans", spans, "--jobs", 1, "--json")
        assert done.returncode in (0, 1), done.stderr
        rows = map(json.loads, spans.read_text().splitlines())
        covered[name] = {(row["start"], row["end"], row["label"]) for row in rows}
    totals = json.loads(done.stdout.splitlines()[0])
    assert totals["leak_gate"] == "passed"
    assert totals["held"] == 1 or covered["plain"] <= covered["ours"]
    lines = [line for path in (tmp_path / "site" / "audit").glob("*.jsonl") for line in path.read_text().splitlines()]
    event = json.loads(lines[-1])
    assert event["action"] == "deid" and event["digests"]["model"] == digest
    assert event["counts"]["echo.texts"] == 1 and event["counts"]["echo.unclear"] == totals["held"]
    assert not any("Okafor" in line for line in lines) and "Okafor" not in done.stderr
