"""The runner: rows in order, the same however many are made at a time, gone on with where a run was cut short."""

import hashlib
import json
import re

import pytest

from onprem.assist.batch_out import Out
from onprem.errors import OutputError
from onprem.llm.scripted import Scripted
from onprem.llm.templates import Message
from onprem.progress import Silent
from onprem.synth.contract import How, Made, Rejected, Sources
from onprem.synth.run import DUPLICATE, IDENTIFIER, PROVENANCE, Job, Run
from onprem.synth.scan import Scan, searched

SCAN = Scan()
WORDS = "fever cough rash nausea vertigo fatigue headache dyspnoea oedema pallor tremor ataxia syncope itching".split()


class Two:
    """Asks once or twice, by the number of the attempt; every fifth attempt is rejected."""

    name, version, about, smallest, langs, needs, options = "two", 3, "two steps", 1, ("en",), (), {}

    def bind(self, sources):
        return Work(sources)


class Work:
    def __init__(self, sources):
        self._sources = sources

    def write(self, number, asker):
        rng = self._sources.rng(number)
        (first,) = yield [asker.ask([Message("user", f"attempt {number} {rng.random()}")], How(20))]
        if number % 5 == 4:
            return Rejected("every fifth")
        said = first.text
        if number % 2:
            answers = yield [asker.ask([Message("user", f"{said} {place}")], How(20)) for place in range(2)]
            said = " ".join(answer.text for answer in answers)
        return Made({"text": said}, passed=("said",), used=(f"key{number}",))

    def fill(self, number):
        return Made({"text": f"filled {self._sources.rng(number).random()} {number}"})

    def told(self, line):
        return line["text"]


class Picky(Work):
    spare = 1.5

    def settle(self, lines):
        return {place: "disagreed" for place, line in enumerate(lines) if line[PROVENANCE]["number"] % 3 == 0}


def say(prompt):
    return " ".join(WORDS[byte % len(WORDS)] + str(byte) for byte in hashlib.sha256(prompt.encode()).digest()[:9])


def job_of(n=10, work=Work, llm=True, say=say, at_a_time=4, seed=1):
    sources = Sources(seed=seed)
    recipe = Two()
    return Job(recipe, sources, work(sources), n, Scripted(say) if llm else None, at_a_time)


def made(job, path, resume=False, progress=None):
    run = Run(job, SCAN)
    with Out(path, "a job", resume=resume, counted=run.seen) as out:
        run.make(out, progress or Silent())
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()], run.tally


def test_rows_come_in_order_with_their_provenance(tmp_path):
    rows, tally = made(job_of(), tmp_path / "rows.jsonl")
    numbers = [row[PROVENANCE]["number"] for row in rows]
    assert numbers == [number for number in range(13) if number % 5 != 4][:10]
    assert tally.rows == 10 and tally.reasons["every fifth"] == 2 and tally.attempts == 12
    first = rows[1][PROVENANCE]
    assert first["recipe"] == "two" and first["version"] == 3 and first["origin"] == "model" and first["seed"] == 1
    assert first["passed"] == ["said", "no identifier", "no near-duplicate"] and first["records"] == ["key1"]
    assert first["model"] == "0" * 64 and len(first["prompt"]) == 64 and first["tokens"] > 0
    assert len({row[PROVENANCE]["prompt"] for row in rows}) == 10


def test_rows_do_not_depend_on_how_many_are_made_at_a_time(tmp_path):
    texts = [made(job_of(at_a_time=many), tmp_path / f"{many}.jsonl")[0] for many in (1, 3, 8)]
    assert texts[0] == texts[1] == texts[2]
    assert made(job_of(seed=2), tmp_path / "other.jsonl")[0] != texts[0]


@pytest.mark.parametrize("many", [1, 4, 8])
def test_no_more_attempts_are_begun_than_are_likely_to_be_needed(tmp_path, many):
    begun = set()

    def listening(prompt):
        begun.update(re.findall(r"attempt (\d+) ", prompt))
        return say(prompt)

    _, tally = made(job_of(n=4, say=listening, at_a_time=many), tmp_path / "four.jsonl")
    assert len(begun) == tally.attempts == 4  # the fifth would have been rejected
    begun.clear()
    _, tally = made(job_of(n=40, say=listening, at_a_time=many), tmp_path / "rows.jsonl")
    assert tally.attempts == 49 and len(begun) <= 52


def test_templates_say_so(tmp_path):
    rows, _ = made(job_of(llm=False), tmp_path / "rows.jsonl")
    assert {row[PROVENANCE]["origin"] for row in rows} == {"template"}
    assert not {"model", "prompt"} & set(rows[0][PROVENANCE])


class Cut(Exception):  # noqa: N818 - no error of the house
    pass


class Cutting(Silent):
    """Ends a run as a kill would, after so many lines."""

    def __init__(self, after):
        self._left = after

    def advance(self, units):
        self._left -= 1
        if self._left < 0:
            raise Cut


@pytest.mark.parametrize("after", [1, 2, 5, 8, 11])
def test_a_run_that_was_cut_short_goes_on_without_doubling(tmp_path, after):
    whole, told = made(job_of(), tmp_path / "whole.jsonl")
    path = tmp_path / "rows.jsonl"
    with pytest.raises(Cut):
        made(job_of(), path, progress=Cutting(after))
    partial = path.with_name("rows.jsonl.partial")
    with partial.open("ab") as file:
        file.write(b'{"text": "half a li')  # a kill in the middle of a line
    rows, tally = made(job_of(), path, resume=True)
    assert rows == whole
    assert (tally.rows, tally.attempts, tally.reasons, tally.tokens) == (
        told.rows,
        told.attempts,
        told.reasons,
        told.tokens,
    )
    assert not partial.exists()


def test_an_unfinished_run_is_not_begun_anew_unasked(tmp_path):
    with pytest.raises(Cut):
        made(job_of(), tmp_path / "rows.jsonl", progress=Cutting(3))
    with pytest.raises(OutputError):
        made(job_of(), tmp_path / "rows.jsonl")


def test_near_duplicates_and_identifiers_are_rejected(tmp_path):
    same = "the patient reports a cough and a fever since four days and no rash at all"
    said = iter(
        [same, same + " today", "she was seen by Dr. Margaret Thornfield of Elm Street, phone 020 7946 0018"] * 999
    )
    with_two_steps = job_of(n=2, say=lambda _: next(said))
    rows, tally = made(with_two_steps, tmp_path / "rows.jsonl")
    assert tally.gave_up and len(rows) < 3
    assert tally.reasons[DUPLICATE] > 0 and tally.reasons[IDENTIFIER] > 0
    assert "Thornfield" not in (tmp_path / "rows.jsonl").read_text(encoding="utf-8")


def test_what_code_invented_may_stand(tmp_path):
    class Named(Work):
        def fill(self, number):
            return Made(
                {"text": f"Seen by Dr. Margaret Thornfield in week {number} {WORDS[number]}"},
                invented=("Margaret Thornfield",),
            )

    rows, tally = made(job_of(n=3, work=Named, llm=False), tmp_path / "rows.jsonl")
    assert len(rows) == 3 and not tally.reasons[IDENTIFIER]


def test_a_work_may_drop_rows_when_all_are_there(tmp_path):
    rows, tally = made(job_of(work=Picky, n=8), tmp_path / "rows.jsonl")
    assert all(row[PROVENANCE]["number"] % 3 for row in rows)
    assert tally.dropped["disagreed"] > 0
    assert len(rows) == min(8, 12 - tally.dropped["disagreed"]) == tally.rows


def test_a_recipe_that_gives_nothing_is_given_up(tmp_path):
    class Never(Work):
        def fill(self, number):
            return Rejected("never")

    rows, tally = made(job_of(work=Never, llm=False), tmp_path / "rows.jsonl")
    assert rows == [] and tally.gave_up and tally.attempts <= 420


def test_the_real_model_writes_the_same_rows_again_and_goes_on_where_it_was_cut_short(tmp_path, small_card, smollm2):
    from onprem.llm.llama import Settings, load

    llm = load(small_card, smollm2, Settings(sequences=3, context=512, threads=1))
    try:
        sources = Sources(seed=5)
        job = Job(Two(), sources, Work(sources), 4, llm, 3)
        whole, _ = made(job, tmp_path / "whole.jsonl")
        again, _ = made(job, tmp_path / "again.jsonl")
        with pytest.raises(Cut):
            made(job, tmp_path / "rows.jsonl", progress=Cutting(3))
        lines = (tmp_path / "rows.jsonl.partial").read_text(encoding="utf-8").splitlines()
        kept = [line for line in map(json.loads, lines) if PROVENANCE in line]
        rows, _ = made(job, tmp_path / "rows.jsonl", resume=True)
    finally:
        llm.close()
    assert again == whole
    numbers = [row[PROVENANCE]["number"] for row in rows]
    assert len(rows) == 4 and numbers == sorted(set(numbers))
    assert 0 < len(kept) < 4 and rows[: len(kept)] == kept


def test_an_invented_name_does_not_cover_another():
    def held(text, invented):
        return SCAN.holds([Made({"text": text}, invented=invented)])[0]

    seen = "Seen by Dr. Margaret Thornfield on the ward, phone 020 7946 0018."
    assert held(seen, ())
    assert held(seen, ("Margaret",))
    assert held(seen, ("Margaret Thornfield",))  # the number is nobody's invention
    assert not held(seen, ("Margaret Thornfield", "020 7946 0018"))


def test_only_code_words_outside_of_prose_are_not_searched():
    row = {
        "id": "x-1",
        "kind": "plan",
        "turns": [{"role": "patient", "text": "no"}],
        "facts": ["two words"],
        "answer": "yes",
    }
    assert list(searched(row)) == ["no", "two words", "yes"]
