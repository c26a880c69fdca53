"""The recipe `relation`: conditions, offsets, what is rejected, and the small real model."""

import re
from collections import Counter

import pytest

from onprem.errors import UsageError
from onprem.llm.scripted import Scripted
from onprem.synth.contract import Asker, Made, Rejected, Sources, Term
from onprem.synth.recipes._relation_checks import Said, first_sentence, judge
from onprem.synth.recipes._relation_words import words
from onprem.synth.recipes.relation import RECIPES

(RECIPE,) = RECIPES
DRUGS = ["quinine", "digoxin", "lithium", "cisplatin", "morphine", "warfarin"]
DISEASES = ["tinnitus", "gout", "malaria", "heart failure", "Pai syndrome", "nausea"]
VOCABULARY = tuple([Term(name, "drug", name[:2]) for name in DRUGS] + [Term(name, "disease") for name in DISEASES])
ZH = tuple(
    [Term(name, "drug") for name in ("奎宁", "地高辛", "锂盐", "顺铂")]
    + [Term(name, "disease") for name in ("耳鸣", "痛风", "疟疾", "心力衰竭")]
)


def bound(lang="en", **changes):
    known = {"lang": lang, "seed": 3, "vocabulary": VOCABULARY if lang == "en" else ZH}
    return RECIPE.bind(Sources(**known | changes))


def written(work, number, say):
    """Carry one attempt out with a model that says what `say` makes of its prompt."""
    model = Scripted(say)
    steps = work.write(number, Asker(model, Sources(seed=3).rng(number, "sampling")))
    asked = next(steps)
    while True:
        try:
            asked = steps.send(list(model.complete(asked)))
        except StopIteration as end:
            return end.value, model.asked


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_templates_give_sound_rows_of_balanced_labels(lang):
    work = bound(lang)
    made = [row for row in map(work.fill, range(600)) if isinstance(row, Made)]
    assert len(made) > 550
    for row in made:
        line = row.line
        for role, label in (("head", "drug"), ("tail", "disease")):
            place = line[role]
            name = line["text"][place["start"] : place["end"]]
            assert place["label"] == label
            assert name.casefold() in {term.text.casefold() for term in (VOCABULARY if lang == "en" else ZH)}
            assert len(re.findall(re.escape(name), line["text"], re.IGNORECASE)) == 1
        assert "{" not in line["text"]
    counts = Counter(row.line["label"] for row in made)
    assert set(counts) == {"causes", "treats", ""}
    assert max(counts.values()) - min(counts.values()) < 20
    kinds = {row.line["cue"] for row in made if not row.line["label"]}
    assert kinds == {"no association", "hypothetical", "other subject", "mentioned"}


def test_an_attempt_is_a_function_of_seed_and_number():
    assert bound().fill(17) == bound().fill(17)
    assert [bound().fill(n) for n in range(8)] != [bound(seed=4).fill(n) for n in range(8)]


def test_every_slot_of_the_words_is_known():
    for lang in ("en", "zh"):
        said = words(lang)
        known = {*said.slots, "head", "tail", "other", "also"}
        for cue in said.cues:
            for form in (*cue.tight, *cue.loose, *cue.templates):
                assert set(re.findall(r"\{(\w+)\}", form)) <= known, form
            for form in cue.templates:
                assert form.count("{head}") == form.count("{tail}") == 1, form
            for form in (*cue.tight, *cue.loose):
                assert form.count("{head}") <= 1, form
                assert form.count("{tail}") <= 1, form
            for each in cue.examples:
                assert each.head.casefold() in each.text.casefold(), each
                assert each.tail.casefold() in each.text.casefold(), each


def test_the_model_goes_on_with_an_opening_of_code():
    work = bound()

    def say(text):
        begun = text.rsplit("Assistant:", 1)[1]
        names = re.findall(r"Drug: (.+)\nDisease: (.+)\n", text)[-1]
        missing = [name for name in names if name.casefold() not in begun.casefold()]
        return " caused" * ("causes" in text) + "".join(f" {name}" for name in missing) + " in this case. More."

    rows = [written(work, number, say) for number in range(60)]
    made = [row.line for row, _ in rows if isinstance(row, Made)]
    assert len(made) > 20
    for line in made:
        assert line["text"].endswith("in this case.")
        assert line["text"][line["head"]["start"] : line["head"]["end"]].casefold() in {
            name.casefold() for name in DRUGS
        }
    assert {line["label"] for line in made} == {"causes", "treats", ""}


def test_an_answer_that_never_fits_is_asked_four_times_and_rejected():
    row, asked = written(bound(), 0, lambda text: " and {nothing} else.")
    assert isinstance(row, Rejected)
    assert len(asked) == 4
    assert len({request.sampling.seed for request in asked}) == 4


def test_a_prompt_that_does_not_fit_is_rejected():
    work = bound()
    model = Scripted(lambda text: ".", context=5)
    steps = work.write(0, Asker(model, Sources(seed=3).rng(0, "sampling")))
    with pytest.raises(StopIteration) as end:
        steps.send(list(model.complete(next(steps))))
    assert end.value.value == Rejected("prompt too long")


def verdict(
    text,
    label,
    opening="Treatment with quinine",
    names=("quinine", "tinnitus", "digoxin", "gout"),
    tight=False,
    lang="en",
    shown=(),
):
    begun = len(opening) if text.startswith(opening) else 0
    found = judge(Said(text, begun, tight, names), label, words(lang), lang, shown)
    return "" if found is None else found.reason


@pytest.mark.parametrize(
    ("text", "label", "reason"),
    [
        ("Treatment with quinine caused tinnitus in two men.", "causes", ""),
        ("Treatment with quinine did not cause any tinnitus.", "causes", "cue not kept"),
        ("Treatment with quinine relieved the tinnitus at once.", "causes", "cue not kept"),
        ("Treatment with quinine relieved the tinnitus at once.", "treats", ""),
        ("Treatment with quinine induced the tinnitus at once.", "treats", "cue not kept"),
        ("Quinine and tinnitus were on the list of topics.", "causes", "cue not kept"),
        ("Treatment with quinine caused it in two men today.", "causes", "name missing"),
        ("Quinine caused tinnitus, and quinine was stopped.", "causes", "name repeated"),
        ("Quinine caused tinnitus: see https://example.org today.", "causes", "not a sentence"),
        ("奎宁 quinine caused tinnitus in the patient here.", "causes", "not a sentence"),
        ("Quinine tinnitus.", "causes", "length"),
        ("", "causes", "no sentence"),
    ],
)
def test_what_is_taken_and_why_not(text, label, reason):
    assert verdict(text, label) == reason


def test_behind_an_opening_that_says_none_no_relation_may_follow():
    opening = "Quinine was not related to tinnitus"
    assert verdict(f"{opening} in this study.", "", opening, tight=True) == ""
    assert verdict(f"{opening}, but it induced pain.", "", opening, tight=True) == "cue not kept"


def test_an_opening_with_a_full_stop_behind_it_is_no_row_of_a_model():
    opening = "Quinine was not related to tinnitus"
    assert verdict(f"{opening} at all.", "", opening, tight=True) == "nothing added"
    assert verdict(f"{opening} in any patient.", "", opening, tight=True) == ""


def test_words_of_a_name_are_no_cue():
    names = ("quinine", "toxic neuropathy", "digoxin", "gout")
    assert verdict("Quinine was used to treat toxic neuropathy early.", "treats", names=names) == ""


def test_an_example_repeated_is_an_echo():
    shown = "Vancomycin caused tinnitus in two patients who were treated for weeks."
    said = "Quinine caused tinnitus in two patients who were treated for weeks."
    assert verdict(said.replace("treated", "seen"), "causes") == ""
    assert verdict(said.replace(" treated", " seen"), "causes", shown=[shown.replace("treated", "seen")]) == "echo"


def test_chinese_is_judged_without_blanks():
    names = ("奎宁", "耳鸣", "地高辛", "痛风")
    assert verdict("使用奎宁后患者出现耳鸣，停药后消失。", "causes", names=names, lang="zh") == ""
    assert verdict("使用奎宁后患者未出现耳鸣，随访一年。", "causes", names=names, lang="zh") == "cue not kept"
    assert verdict("Quinine 奎宁 caused 耳鸣 in two patients。", "causes", names=names, lang="zh") == "not a sentence"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("One mg. twice. Two.", "One mg. twice."),
        ("Dose 2.5 mg of it! Then", "Dose 2.5 mg of it!"),
        ("第一句。第二句。", "第一句。"),
        ("no end", ""),
        ("a\nb.", ""),
    ],
)
def test_the_first_sentence(text, first):
    assert first_sentence(text) == first


def test_options_and_vocabularies_that_do_not_suffice():
    with pytest.raises(UsageError, match="fewer than two"):
        bound(vocabulary=(Term("quinine", "drug"), Term("gout", "disease"), Term("nausea", "disease")))
    with pytest.raises(UsageError, match="hold each other"):
        bound(vocabulary=tuple(Term("a" * n, kind) for n in (2, 3) for kind in ("drug", "disease")))
    with pytest.raises(UsageError, match="no such option"):
        bound(options={"cue": "x"})
    with pytest.raises(UsageError, match="no label"):
        bound(options={"labels": "causes,cures"})


def test_options_choose_labels_and_kinds():
    vocabulary = tuple(Term(term.text, {"drug": "chemical"}.get(term.label, term.label)) for term in VOCABULARY)
    work = bound(vocabulary=vocabulary, options={"head": "chemical", "labels": "causes,none"})
    made = [row.line for row in map(work.fill, range(40)) if isinstance(row, Made)]
    assert {line["label"] for line in made} == {"causes", ""}
    assert {line["head"]["label"] for line in made} == {"chemical"}


def test_the_small_model_writes_rows(smollm2):
    from cards import card_of

    from onprem.llm.llama import Settings, load

    work = bound()
    model = load(card_of(smollm2), smollm2, Settings(sequences=3, context=1024, threads=1, gpu_layers=0))
    try:
        asker = Asker(model, Sources(seed=3).rng(0, "sampling"))
        going = {number: work.write(number, asker) for number in range(3)}
        asked = {number: next(steps) for number, steps in going.items()}
        ended = {}
        while asked:
            answers = iter(model.complete([request for each in asked.values() for request in each]))
            for number, requests in list(asked.items()):
                try:
                    asked[number] = going[number].send([next(answers) for _ in requests])
                except StopIteration as end:
                    ended[number] = end.value
                    del asked[number]
            next(answers, None)
    finally:
        model.close()
    made = [row for row in ended.values() if isinstance(row, Made)]
    assert made
    for row in made:
        line = row.line
        assert line["text"].endswith((".", "!", "?"))
        assert line["text"][line["tail"]["start"] : line["tail"]["end"]].casefold() in {n.casefold() for n in DISEASES}
