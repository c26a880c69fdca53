"""The recipe `ner`: what code decides, what is rejected, what is labelled; and that a tiny real model can write it."""

import random

import pytest
from cards import card_of

from onprem.errors import UsageError
from onprem.labelled import Mention, Sentence, mention_of, sound
from onprem.llm.llama import Settings, load
from onprem.llm.scripted import Scripted
from onprem.synth.contract import Asker, Made, Rejected, Sources, Term
from onprem.synth.recipes._ner_forms import Form, abbreviation, bracketed, placed
from onprem.synth.recipes.ner import Ner

DISEASES = (
    "asthma",
    "chronic gout",
    "cystic fibrosis",
    "breast cancer",
    "ovarian cancer",
    "optic atrophy",
    "migraine",
    "hay fever",
)
TERMS = tuple(Term(name, "disease", f"X:{number}") for number, name in enumerate(DISEASES))
HAN = tuple(Term(name, "disease") for name in ("哮喘", "痛风", "糖尿病", "偏头痛", "乳腺癌", "高血压"))
EXAMPLES = (
    Sentence("Two sisters with Norrie disease were seen.", (Mention(17, 31, "disease"),)),
    Sentence("The gene was cloned in yeast."),
)


def bound(terms=TERMS, **given):
    return Ner().bind(Sources(vocabulary=terms, **given))


def wrote(work, number, say, **given):
    """Return what comes of an attempt when a model says what a function of its prompt says."""
    llm = Scripted(say, **given)
    steps = work.write(number, Asker(llm, random.Random(0)))
    asked = next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send(list(llm.complete(asked)))
    return end.value.value


def with_entity(work, form="plain", opener=""):
    """Return the number of an attempt with an entity in a form, begun in a way, and the condition."""
    for number in range(4_000):
        condition = work._condition(number, 0.2)
        if condition.term and condition.form.kind == form and condition.opener == opener:
            return number, condition
    raise AssertionError


def without_entity(work):
    return next(number for number in range(400) if work._condition(number, 0.2).term is None)


def marked(line):
    text = line["text"]
    for span in reversed(line["spans"]):
        text = f"{text[: span['start']]}[{text[span['start'] : span['end']]}]{text[span['end'] :]}"
    return text


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("style", ["note", "abstract", "mixed"])
def test_templates_are_sound_and_a_share_has_no_entity(lang, style):
    work = bound(TERMS if lang == "en" else HAN, lang=lang, options={"style": style})
    made = [work.fill(number) for number in range(400)]
    rows = [each for each in made if isinstance(each, Made)]
    assert len(rows) > 380
    for row in rows:
        mentions = [mention_of(span) for span in row.line["spans"]]
        assert sound(row.line["text"], mentions)
        assert bool(mentions) == (row.line["condition"]["form"] != "none")
        assert "{" not in row.line["text"]
    assert 0.2 <= sum(not row.line["spans"] for row in rows) / len(rows) <= 0.4


def test_the_same_seed_gives_the_same_rows_and_another_others():
    first, again, other = (bound(seed=seed) for seed in (3, 3, 4))
    texts = [[work.fill(number).line["text"] for number in range(30)] for work in (first, again, other)]
    assert texts[0] == texts[1] != texts[2]


def test_every_name_comes_about_as_often():
    work = bound()
    drawn = [condition.term.text for number in range(800) if (condition := work._condition(number, 0.2)).term]
    assert set(drawn) == set(DISEASES)
    assert max(map(drawn.count, DISEASES)) < 1.6 * min(map(drawn.count, DISEASES))


def test_a_sentence_is_taken_and_every_name_in_it_labelled():
    work = bound(examples=EXAMPLES)
    number, condition = with_entity(work)
    name = condition.term.text
    made = wrote(work, number, lambda _: f" {name.capitalize()} is seen beside Norrie disease and hay fever in {name}.")
    expected = f"[{name.capitalize()}] is seen beside [Norrie disease] and [hay fever] in [{name}]."
    assert marked(made.line) == expected
    assert "entity present" in made.passed
    assert made.line["condition"]["code"] == condition.term.code


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("The patient was seen again in the clinic today.", "entity missing"),
        ("The {name}-like picture was never seen before today.", None),
        ("The un{name} picture was never seen before today.", "entity missing"),
        ("- {name} was seen.\n- It went.", "list or markup"),
        ("**{name}** was seen in the clinic today.", "list or markup"),
        ("Sure, here is one about {name} for you today.", "list or markup"),
        ("{name}.", "length"),
        ("Le {name} était très élevé à côté de là où été déjà né.", "language"),
        ("He had {name} and he had the thing and he had the thing and he had the thing.", "repetition"),
        ("He had {name} for many years and then", "no whole sentence"),
        ("Two sisters with Norrie disease were seen {name}.", "echo of an example"),
        ("He had {name} and encephalitis for many years.", "unsure word"),
        ("He had {name} and a prognosis of many years.", None),
    ],
)
def test_what_is_no_good_sentence_is_rejected_with_a_fixed_reason(says, reason):
    work = bound(examples=EXAMPLES)
    number, condition = with_entity(work)
    made = wrote(work, number, lambda _: says.replace("{name}", condition.term.text))
    assert (made.reason if isinstance(made, Rejected) else None) == reason


def test_only_whole_sentences_are_kept_two_at_most():
    work = bound()
    number, condition = with_entity(work)
    name = condition.term.text
    made = wrote(work, number, lambda _: f"He has {name} since May. It is mild. It is gone. And so on")
    assert made.line["text"] == f"He has {name} since May. It is mild."


def test_a_sentence_without_an_entity_must_have_none():
    work = bound()
    number = without_entity(work)
    assert wrote(work, number, lambda _: " it was seen by asthma of the house.").reason == "an entity in it"
    assert wrote(work, number, lambda _: " it was seen beside encephalitis today.").reason == "an entity in it"
    made = wrote(work, number, lambda _: " it was seen by all of the house.")
    assert made.line["spans"] == []


def test_an_opener_is_the_models_own_and_holds_the_name():
    work = bound()
    number = next(n for n in range(400) if "{term}" in work._condition(n, 0.2).opener)
    condition = work._condition(number, 0.2)
    llm = Scripted(lambda prompt: " was looked at by the whole team today.")
    (request,) = next(work.write(number, Asker(llm, random.Random(0))))
    assert request.prompt.pieces[-1].text == condition.begun()
    assert condition.term.text.lower() in condition.begun().lower()


def test_the_houses_examples_are_shown_as_turns():
    work = bound(examples=EXAMPLES)
    seen = []
    wrote(work, with_entity(work)[0], lambda prompt: seen.append(prompt) or "x")
    wrote(work, without_entity(work), lambda prompt: seen.append(prompt) or "x")
    assert "Norrie disease" in seen[0] and "cloned in yeast" not in seen[0]
    assert "cloned in yeast" in seen[1] and "Norrie" not in seen[1]


def test_attempts_side_by_side_share_what_is_shown():
    work = bound(examples=EXAMPLES)
    shown = {tuple(work._shown(number, "note", none=False)) for number in range(64)}
    assert len(shown) == 1


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        (Form("plain"), "He has X y.", "He has [X y]."),
        (Form("abbreviation", "XY"), "X y and X y.", "[XY] and [XY]."),
        (Form("with abbreviation", "XY"), "X y and X y.", "[X y] ([XY]) and [X y]."),
        (Form("with abbreviation", "XY"), "X y (XYZ) it is.", "[X y] ([XY]) it is."),
        (Form("pair", other=Term("Z", "drug")), "X y here.", "[X y] and [Z] here."),
        (Form("shared head", "or", Term("Z y", "d")), "X y here.", "[X or Z y] here."),
    ],
)
def test_a_form_is_put_in_by_code(form, text, expected):
    own = [Mention(at, at + 3, "d") for at in range(len(text)) if text.startswith("X y", at)]
    made, mentions = placed(text, own, form, "{first} and {second}")
    assert sound(made, mentions)
    spans = [{"start": m.start, "end": m.end} for m in mentions]
    assert marked({"text": made, "spans": spans}) == expected


def test_abbreviations_in_brackets_are_labelled_where_they_fit():
    text = "Chronic gout (CG) is old; breast cancer (XQ) too; CG stays, CGA not."
    mentions = [Mention(0, 12, "d"), Mention(26, 39, "d")]
    assert [text[m.start : m.end] for m in bracketed(text, mentions)] == ["CG", "CG"]


@pytest.mark.parametrize(
    ("name", "short"),
    [("cystic fibrosis", "CF"), ("disease of the eye", "DE"), ("Tay-Sachs disease", "TSD"), ("gout", "")],
)
def test_abbreviations_are_initials(name, short):
    assert abbreviation(name, random.Random(0)) == short


def test_a_long_word_is_abbreviated_by_three_of_its_letters():
    short = abbreviation("retinoblastoma", random.Random(0))
    assert len(short) == 3 and short[0] == "R" and short.isupper()


def test_a_name_is_capped_over_all_rows():
    work = bound()
    lines = [
        {"text": f"{n} asthma", "spans": [{"start": len(f"{n} "), "end": len(f"{n} asthma"), "label": "d"}]}
        for n in range(40)
    ]
    lines += [{"text": f"{n} words", "spans": []} for n in range(160)]
    dropped = work.settle(lines)
    assert [place for place, why in dropped.items() if why == "name too often"] == list(range(6, 40))


def test_rows_that_taggers_do_not_believe_are_dropped():
    work = bound()
    lines = []
    for number in range(300):
        # no name comes above the cap
        name = f"{'abcdefghijklmnopqrst'[number % 20]}{'aeiou'[number % 5]}lous {DISEASES[number % 8]}"
        text = f"Patient {number} has {name} today."
        at = text.index(name)
        wrong = number == 17
        lines.append({"text": text, "spans": [] if wrong else [{"start": at, "end": at + len(name), "label": "d"}]})
    dropped = [place for place, why in work.settle(lines).items() if why == "taggers disagree"]
    assert dropped == [17]


@pytest.mark.parametrize(
    ("terms", "options", "words"),
    [
        (TERMS[:1], {}, "the vocabulary has 1 usable names"),
        (TERMS, {"style": "poem"}, "style=note"),
        (TERMS, {"colour": "red"}, "style=note"),
    ],
)
def test_what_does_not_suffice_is_refused(terms, options, words):
    with pytest.raises(UsageError, match=words):
        bound(terms, options=options)


def test_a_tiny_real_model_writes_it(smollm2):
    work = bound(options={"style": "abstract"})
    llm = load(card_of(smollm2), smollm2, Settings(sequences=8, context=1_024, threads=1))
    try:
        steps = [work.write(number, Asker(llm, random.Random(number))) for number in range(16)]
        answers = llm.complete(request for each in steps for request in next(each))
        made = []
        for each in steps:
            with pytest.raises(StopIteration) as end:
                each.send([next(answers)])
            made.append(end.value.value)
    finally:
        llm.close()
    rows = [each for each in made if isinstance(each, Made)]
    assert len(rows) >= 6
    assert any(row.line["spans"] for row in rows)
