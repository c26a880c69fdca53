"""Classifiers of relations: marks, training, what plain spaCy opens, the command lines."""

import json
import random
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from onprem.errors import InputError, ModelError, OutputError
from onprem.labelled import Mention, Pair
from onprem.progress import Silent
from onprem.train.linear import Settings
from onprem.train.measured import MAJORITY, MODEL, POSITIVE, TFIDF, Data, measured
from onprem.train.relation import TASK, load, marked, train

SAID = {
    "causes": ("{h} caused {t} in men.", "{t} was induced by {h} at once.", "{h} led to {t} soon."),
    "treats": ("{h} relieved {t} in men.", "{t} was treated with {h} at once.", "{h} is given against {t}."),
    "": ("{h} and {t} were recorded.", "{t} was not seen with {h}.", "patients with {t} or on {h} left."),
}


def pair(form, head, tail, label, group=""):
    text = form.format(h=head, t=tail)
    one, two = text.index(head), text.index(tail)
    return Pair(text, Mention(one, one + len(head), "drug"), Mention(two, two + len(tail), "disease"), label, "", group)


def pairs(count, seed=0):
    chance = random.Random(seed)
    made = []
    for number in range(count):
        label = chance.choice(list(SAID))
        head, tail = f"drug{chance.randrange(999)}", f"disease{chance.randrange(999)}"
        made.append(pair(chance.choice(SAID[label]), head, tail, label, f"g{number % 40}"))
    return made


def line(each):
    def mention(of):
        return {"start": of.start, "end": of.end, "label": of.label}

    return json.dumps(
        {
            "text": each.text,
            "head": mention(each.head),
            "tail": mention(each.tail),
            "label": each.label,
            "patient": each.group,
        }
    )


def test_marks_hold_no_name_and_know_the_order():
    one = marked(pair("In 12 men {h} (10 mg daily) caused severe {t}.", "Quinine", "Tinnitus", "causes"))
    assert one.split()[:4] == ["HEAD", "caused", "severe", "TAIL"]
    assert "HEAD_caused_severe" in one.split()
    assert "b:HEAD_cause" in one.split()
    assert not any(word in one.lower() for word in ("quinine", "tinnitus", "daily", "12", "men"))
    other = marked(pair("{t} was caused by {h}.", "Quinine", "Tinnitus", "causes"))
    assert other.split()[0] == "TAIL"
    assert marked(pair("{h} caused severe {t}.", "a", "b", "")) == marked(
        pair("{h} caused severe {t}.", "x-1 (z)", "yy", "")
    )


def test_brackets_that_hold_one_of_the_two_stay():
    words = marked(pair("{h} (which led to {t}) was stopped.", "quinine", "tinnitus", "causes")).split()
    assert "(_which_led" in words
    assert "led_to_TAIL" in words


def test_chinese_characters_are_words():
    words = marked(pair("{h}引起严重{t}。", "奎宁", "耳鸣", "causes")).split()
    assert words[:6] == ["HEAD", "引", "起", "严", "重", "TAIL"]
    assert "HEAD_引_起" in words


def test_what_is_learnt_holds_for_other_names():
    trained = train(pairs(240), None, Settings(), Silent())
    others = pairs(60, seed=9)
    right = sum(said == each.label for said, each in zip(trained.choose(others), others, strict=True))
    assert right >= 57
    for said in trained.predict(others[:5]):
        assert set(said) == {"causes", "treats", ""}
        assert sum(said.values()) == pytest.approx(1, abs=1e-5)


def test_training_is_the_same_again_and_dev_chooses_the_strength():
    items, dev = pairs(120), pairs(40, seed=5)
    one, two = (train(items, None, Settings(seed=1), Silent()) for _ in range(2))
    assert one.predict(dev) == two.predict(dev)
    # labels that are mere noise are best believed least
    chance = random.Random(0)
    noise = [Pair(each.text, each.head, each.tail, chance.choice(["causes", "treats"])) for each in items]
    dev = [Pair(each.text, each.head, each.tail, chance.choice(["causes", "treats"])) for each in dev]
    assert train(noise, dev, Settings(), Silent()).strength == 0.1
    assert train(items, pairs(40, seed=5), Settings(), Silent()).strength > 0.1


def test_one_label_is_refused():
    with pytest.raises(InputError, match="only one class"):
        train([each for each in pairs(60) if each.label == "causes"], None, Settings(), Silent())


def test_spacy_opens_it_without_this_package(tmp_path):
    trained = train(pairs(120), None, Settings(), Silent())
    trained.save(tmp_path / "model", {"task": "relation"})
    others = pairs(5, seed=9)
    script = (
        "import sys, json, spacy\n"
        "nlp = spacy.load(sys.argv[1])\n"
        "print(json.dumps([nlp(text).cats for text in json.loads(sys.argv[2])]))\n"
        "assert not [name for name in sys.modules if name.startswith('onprem.train')]\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "model"), json.dumps([marked(each) for each in others])],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    for cats, said in zip(json.loads(run.stdout), trained.predict(others), strict=True):
        assert set(cats) == {"causes", "treats", "none"}
        assert {label or "none": value for label, value in said.items()} == pytest.approx(cats, abs=1e-5)
    again, _ = load(tmp_path / "model", "relation")
    assert again.predict(others) == trained.predict(others)
    with pytest.raises(ModelError, match="another task"):
        load(tmp_path / "model", "classify")
    with pytest.raises(OutputError):
        trained.save(tmp_path / "model", {})


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(ModelError):
        load(tmp_path)
    import spacy

    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ModelError, match="not a classifier"):
        load(tmp_path / "blank")


def test_no_text_of_the_data_is_in_the_model(tmp_path):
    secret = pair("{h} zanthoxylated the {t}.", "quinine", "tinnitus", "causes")
    trained = train([*pairs(60), secret], None, Settings(), Silent())
    trained.save(tmp_path / "model", {"task": "relation"})
    for path in (tmp_path / "model").rglob("*"):
        if path.is_file():
            assert b"zanthoxylated" not in path.read_bytes(), path.name


def test_a_result_has_the_baselines_and_a_curve():
    result = measured(TASK, Data(pairs(200), pairs(60, seed=5)), Settings(), Silent(), curve=True)
    assert {row.system for row in result.rows} == {MODEL, MAJORITY, POSITIVE, TFIDF}
    assert sorted({row.rows for row in result.rows}) == [25, 50, 100, 200]
    best = result.rows[0]
    assert (best.system, best.rows) == (MODEL, 200)
    assert best.scores.mcc.value > 0.9
    by_name = {row.system: row for row in result.rows if row.rows == 200}
    assert by_name[MAJORITY].scores.mcc.value == by_name[POSITIVE].scores.mcc.value == 0
    assert by_name[POSITIVE].related.f1["related"] > 0.6  # which is why F1 of "related" alone tells nothing
    assert result.measured == 60


def test_without_dev_whole_groups_are_put_aside():
    seen = []
    task = TASK.__class__(
        TASK.name, TASK.plain, lambda items, *rest: seen.append(items) or TASK.fit(items, *rest), TASK.choose, ""
    )
    every = pairs(200)
    result = measured(task, Data(every), Settings(), Silent(), curve=False)
    learnt = {each.group for each in seen[0]}
    aside = [each for each in every if each.group not in learnt]
    assert result.measured == len(aside) > 0
    assert result.trained + result.measured == 200


def run(module, *given):
    import typer

    app = typer.Typer()
    app.command()(module.command)
    return CliRunner().invoke(app, [str(each) for each in given])


def test_train_and_eval_on_the_command_line(tmp_path):
    from onprem.cli import eval_relation, train_relation

    data, gold = tmp_path / "data.jsonl", tmp_path / "gold.jsonl"
    data.write_text("\n".join(map(line, pairs(150))) + "\n", encoding="utf-8")
    gold.write_text("\n".join(map(line, pairs(50, seed=8))) + "\n", encoding="utf-8")
    out = tmp_path / "model"
    done = run(train_relation, "--data", data, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    lines = [json.loads(each) for each in done.stdout.splitlines() if each.startswith('{"system"')]
    assert [each["system"] for each in lines] == [MODEL, MAJORITY, POSITIVE, TFIDF]
    card = (out / "card.md").read_text(encoding="utf-8")
    assert "all-positive" in card
    assert "drug" not in card.replace("drugs", "")
    told = json.loads((out / "meta.json").read_text(encoding="utf-8"))["onprem"]
    assert told["task"] == "relation"
    assert len(told["digests"]["data 1"]) == 64
    done = run(eval_relation, "--model", out, "--gold", gold, "--data", data, "--json")
    assert done.exit_code == 0, done.output
    lines = [json.loads(each) for each in done.stdout.splitlines() if each.startswith("{")]
    assert {each["system"] for each in lines} == {MODEL, MAJORITY, POSITIVE, TFIDF}
    assert lines[0]["mcc"]["value"] > 0.9
    done = run(eval_relation, "--model", out, "--gold", gold)
    assert "the model's confusion" in done.output or "right\t" in done.output
    again = run(train_relation, "--data", data, "--out", out)
    assert isinstance(again.exception, OutputError)
