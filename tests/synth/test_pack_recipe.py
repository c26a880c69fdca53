import json

import pytest
from pack_world import TINY, shipped_pack, tiny, written

from onprem.assist.batch_out import Out
from onprem.errors import InputError, UsageError
from onprem.progress import Silent
from onprem.synth.contract import Recipe, Sources, Work
from onprem.synth.pack_portrait import measure
from onprem.synth.recipes.packs import RECIPES
from onprem.synth.run import Job, Run
from onprem.synth.scan import Scan

BY_NAME = {recipe.name: recipe for recipe in RECIPES}
KEYS = {
    "turns", "portrait", "score", "severity", "revealed", "revealed_score", "revealed_severity", "risk", "red_flag",
    "summary", "topics", "pack", "patient",
}  # fmt: skip


SCAN = Scan()  # loads its detectors once


def rows(recipe, sources, n, out):
    work = recipe.bind(sources)
    run = Run(Job(recipe, sources, work, n), SCAN)
    with Out(out, "job", resume=False, counted=run.seen) as file:
        run.make(file, Silent())
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()], run.tally


def test_there_is_a_recipe_for_each_pack_and_one_for_a_file():
    assert set(BY_NAME) == {"depression", "diabetes", "pack"}
    for recipe in RECIPES:
        known: Recipe = recipe
        assert known.about
        assert set(known.langs) == {"en", "zh"}
    assert BY_NAME["depression"].version == shipped_pack("depression").version
    assert "pack" not in BY_NAME["pack"].options  # it has an option of the command, --pack


def test_a_third_pack_needs_no_code(tmp_path):
    """The pack is a text of the tests: what makes rows from it knows neither of its name, its items nor its words."""
    sources = Sources(seed=2, options={"pack": str(tiny(tmp_path))})
    made, tally = rows(BY_NAME["pack"], sources, 12, tmp_path / "rows.jsonl")
    assert len(made) == tally.rows == 12
    for row in made:
        assert set(row) >= KEYS
        assert row["pack"]["name"] == "migraine"
        assert set(row["portrait"]) == {"days", "sudden"}
        assert (
            row["score"]
            == {"few": 0, "many": 1}[row["portrait"]["days"]] + {"no": 0, "yes": 5}[row["portrait"]["sudden"]]
        )
        assert row["severity"] == ("high" if row["score"] else "low")
        assert (row["red_flag"] == "thunderclap") == (row["portrait"]["sudden"] == "yes")
        if row["red_flag"]:
            assert row["turns"][-1]["text"] == "Thank you. I am calling a colleague to you right now."
        assert row["provenance"]["recipe"] == "pack"
        assert row["provenance"]["origin"] == "template"
        assert row["risk"] is None
    assert {row["red_flag"] for row in made} == {None, "thunderclap"}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["depression", "diabetes"])
def test_rows_of_a_shipped_pack(name, lang, tmp_path):
    made, tally = rows(BY_NAME[name], Sources(lang=lang, seed=9), 16, tmp_path / "rows.jsonl")
    assert tally.attempts == 16  # the scan takes no name of an item for a person's, and nothing is a near-duplicate
    pack = shipped_pack(name)
    for row in made:
        assert row["severity"] == measure(pack, pack.scales[pack.main], row["portrait"]).band
        assert row["revealed_severity"] == measure(pack, pack.scales[pack.main], row["revealed"]).band
        assert row["risk"] == measure(pack, pack.scales[pack.risk], row["portrait"]).band
        assert row["revealed"].items() <= {**row["portrait"], **row["revealed"]}.items()
        told = {}
        for turn in row["turns"]:
            told |= turn.get("reveals", {})
        assert told == row["revealed"]


def test_a_name_that_a_model_wrote_is_found_and_names_of_items_are_not():
    work = BY_NAME["depression"].bind(Sources(seed=4))
    number = next(k for k in range(300) if "every day, from morning to night" in json.dumps(work.fill(k).line["turns"]))

    def say(name):
        return lambda prompt: f"Every day I am so sad{name}." if "I am sad every day" in prompt else "Are you?"

    plain, _ = written(work, number, say(""))
    named, _ = written(work, number, say(", says Margaret Holloway"))
    assert [made.line["written_turns"] for made in (plain, named)] == [1, 1]
    assert SCAN.holds([plain, named]) == [False, True]


def test_several_talks_with_one_portrait():
    work = BY_NAME["depression"].bind(Sources(seed=1, options={"talks": "3"}))
    lines = [work.fill(number).line for number in range(6)]
    assert len({line["patient"] for line in lines}) == 2
    assert lines[0]["portrait"] == lines[1]["portrait"] == lines[2]["portrait"] != lines[3]["portrait"]
    assert len({work.told(line) for line in lines}) == 6


def test_four_classes():
    sources = Sources(seed=1, options={"bands": "four"})
    work, five = BY_NAME["depression"].bind(sources), BY_NAME["depression"].bind(Sources(seed=1))
    assert isinstance(work, Work)
    names = {"none": "control", "moderately-severe": "severe"}
    for number in range(60):
        line, other = work.fill(number).line, five.fill(number).line
        assert line["severity"] == names.get(other["severity"], other["severity"])
        assert line["turns"] == other["turns"]


def test_the_same_seed_gives_the_same_rows_in_any_order():
    first, second = (BY_NAME["diabetes"].bind(Sources(lang="zh", seed=8)) for _ in range(2))
    assert [first.fill(k) for k in range(5)] == [second.fill(k) for k in reversed(range(5))][::-1]
    assert first.fill(0) != BY_NAME["diabetes"].bind(Sources(lang="zh", seed=7)).fill(0)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("depression", {"colour": "red"}, "no option 'colour'"),
        ("depression", {"talks": "0"}, "talks is out of bounds"),
        ("depression", {"talks": "²"}, "talks is a number"),
        ("depression", {"bands": "six"}, "no such bands"),
        ("depression", {"turns": "-1"}, "turns is a number"),
        ("depression", {"writes": "nurse"}, "writes is not known"),
        ("depression", {"pack": "x.toml"}, "no option 'pack'"),
        ("pack", {}, "no pack is named"),
    ],
)
def test_options_that_cannot_be(name, options, words):
    with pytest.raises(UsageError, match=words):
        BY_NAME[name].bind(Sources(options=options))


def test_a_language_that_the_pack_does_not_speak(tmp_path):
    with pytest.raises(UsageError, match="does not speak zh"):
        BY_NAME["pack"].bind(Sources(lang="zh", options={"pack": str(tiny(tmp_path))}))


def test_a_pack_that_is_not_sound_is_refused_before_anything_is_made(tmp_path):
    path = tiny(tmp_path, TINY.replace("version = 3", "version = 0"))
    with pytest.raises(InputError, match="version"):
        BY_NAME["pack"].bind(Sources(options={"pack": str(path)}))
