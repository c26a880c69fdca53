"""Training of entity taggers: what it learns, what is held back, and that plain spaCy opens the folder."""

import json
import random
import subprocess
import sys

import numpy as np
import pytest

from onprem.errors import InputError, ModelError, OutputError
from onprem.evaluate.tagging import ALL, spacy_tagger
from onprem.labelled import Mention, Sentence
from onprem.synth.contract import Made, Sources, Term
from onprem.synth.recipes.ner import Ner
from onprem.train import ner, ner_folder, ner_words
from onprem.train.ner_doubt import doubtful

NAMES = (
    "asthma",
    "chronic gout",
    "cystic fibrosis",
    "breast cancer",
    "optic atrophy",
    "migraine",
    "hay fever",
    "scurvy",
)
HAN = ("哮喘", "痛风", "糖尿病", "偏头痛", "乳腺癌", "高血压")
PLAN = ner.Plan(updates=60)


def rows(number, names=NAMES, seed=0, lang="en"):
    """Return sentences from templates, as the recipe writes them."""
    work = Ner().bind(Sources(vocabulary=tuple(Term(name, "disease") for name in names), seed=seed, lang=lang))
    made = [each.line for each in map(work.fill, range(number)) if isinstance(each, Made)]
    return [Sentence(line["text"], tuple(Mention(**span) for span in line["spans"])) for line in made]


@pytest.fixture(scope="module")
def trained():
    return ner.train([rows(300)], rows(80, seed=1), PLAN)


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("tagger") / "tagger"
    ner_folder.write_folder(trained, out, ner_folder.Told(PLAN, trained.scores, labels={"disease": 7}))
    return out


def test_it_learns(trained):
    assert trained.scores[ALL].f1.value > 0.8
    assert 290 < trained.sentences <= 300
    assert 1 <= trained.best_pass <= trained.passes


def test_plain_spacy_opens_the_folder(folder):
    """In a process that cannot import this package."""
    code = (
        "import sys; sys.modules['onprem'] = None; import spacy; nlp = spacy.load(sys.argv[1]);"
        "print([(e.text, e.label_) for e in nlp('The patient has a history of cystic fibrosis.').ents])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], check=True, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "[('cystic fibrosis', 'disease')]"


def test_the_folder_says_what_it_is(folder):
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["onprem"]
    assert meta["labels"] == {"disease": 7} and meta["f1"] > 0.8
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert "| disease | tagger |" in card and "No clinical claim" in card


@pytest.mark.parametrize("words", [True, False])
def test_no_word_that_was_read_is_in_the_folder(tmp_path, words):
    def named(name):
        text = f"{name} Thornfieldson of Qblimey Street has asthma."
        return Sentence(text, (Mention(text.index("asthma"), len(text) - 1, "disease"),))

    plan = ner.Plan(updates=4, names=(("lupus nephritis", "disease"),), **({} if words else {"words": None}))
    trained = ner.train([[named("Zyxquorble")] * 20], [named("Vantrasseny")], plan)
    ner_folder.write_folder(trained, tmp_path / "model", ner_folder.Told(plan, {}))
    written = b"".join(path.read_bytes() for path in (tmp_path / "model").rglob("*") if path.is_file()).lower()
    assert b"nephritis" in written
    for name in (b"zyxquorble", b"vantrasseny", b"thornfieldson", b"qblimey"):
        assert name not in written


def test_what_was_read_back_finds_the_same(trained, folder):
    sentences = rows(30, seed=2)
    texts = [each.text for each in sentences]
    assert spacy_tagger(folder)(texts) == ner.tagged(trained.nlp, sentences)


def test_a_folder_is_never_written_over(trained, folder):
    before = (folder / "card.md").read_bytes()
    with pytest.raises(OutputError, match="exists"):
        ner_folder.write_folder(trained, folder, ner_folder.Told(PLAN, {}))
    assert (folder / "card.md").read_bytes() == before


def test_the_same_seed_gives_the_same_weights():
    data = [rows(60)]
    plan = ner.Plan(updates=12, seed=5)
    first, again = (ner_words.model_of(ner.train(data, (), plan).nlp).to_bytes() for _ in range(2))
    other = ner_words.model_of(ner.train(data, (), ner.Plan(updates=12, seed=6)).nlp).to_bytes()
    assert first == again != other


def test_what_is_held_back_is_split_by_group():
    sentences = [Sentence(f"a{number}", group=f"p{number // 4}") for number in range(400)]
    (learnt,), held = ner.held_back([sentences], 0)
    assert len(learnt) + len(held) == 400 and 15 < len(held) < 80
    assert not {each.group for each in learnt} & {each.group for each in held}


def test_of_few_sentences_nothing_is_held_back():
    few, many = rows(50), rows(400, seed=1)
    learnt, held = ner.held_back([few, many], 0)
    assert learnt[0] == few
    assert held and not {each.text for each in held} - {each.text for each in many}


def test_a_small_file_is_read_several_times():
    small, large = [Sentence("small")] * 50, [Sentence("large")] * 2_000
    read = ner.balanced([small, large])
    assert read.count(small[0]) == 400 and read.count(large[0]) == 2_000
    assert ner.balanced([large]) == large


def test_without_a_mention_there_is_nothing_to_learn():
    with pytest.raises(InputError, match="no mention"):
        ner.train([[Sentence("nothing here")] * 20], (), PLAN)


def test_a_curve_grows():
    points = ner.curve([rows(240)], rows(60, seed=1), ner.Plan(updates=24))
    sizes = [size for size, _ in points]
    assert sizes == sorted(sizes) and len(sizes) == 3 and sizes[0] < 60
    assert points[-1][1].f1.value > 0.3


def test_chinese_is_learnt_by_characters():
    trained = ner.train(
        [rows(260, HAN, lang="zh")], rows(60, HAN, 1, "zh"), ner.Plan(lang="zh", updates=90, words=None)
    )
    assert trained.scores[ALL].f1.value > 0.7


def test_mentions_that_cut_a_token_take_all_of_it():
    nlp = ner_words.pipeline("en", None)
    made = ner.example(nlp, Sentence("precancerous", (Mention(3, 9, "d"),)))
    assert [(e.start_char, e.end_char) for e in made.reference.ents] == [(0, 12)]


@pytest.mark.parametrize("name", ner_words.FILES)
def test_damaged_words_are_a_clear_error(tmp_path, name):
    shipped = ner_words.shipped("en")
    for each in ner_words.FILES:
        (tmp_path / each).write_bytes(b"x\n" if each == name else (shipped / each).read_bytes())
    with pytest.raises(ModelError, match="damaged"):
        ner.train([rows(40)], (), ner.Plan(updates=1, words=tmp_path))


def test_what_it_begins_with_is_as_its_card_says():
    import hashlib

    shipped = ner_words.shipped("en")
    meta = json.loads((shipped / "meta.json").read_text(encoding="utf-8"))
    for name, digest in meta["digests"].items():
        assert hashlib.sha256((shipped / name).read_bytes()).hexdigest() == digest
    assert sum(path.stat().st_size for path in shipped.iterdir()) < 25 * 2**20
    assert ner_words.shipped("zh") is None


def test_the_names_of_a_vocabulary_become_a_part_of_it(tmp_path):
    names = [("pulmonary zebritis", "disease"), ("ALL", "disease"), ("gout", "disease")]
    plan = ner.Plan(updates=12, names=names)
    out = tmp_path / "tagger"
    ner_folder.write_folder(ner.train([rows(60)], (), plan), out, ner_folder.Told(plan, {}))
    text = "All had Pulmonary Zebritis, not ALL; two gouts."
    ((*found,),) = spacy_tagger(out)([text])
    assert {"Pulmonary Zebritis", "ALL", "gouts"} <= {text[m.start : m.end] for m in found}
    assert "All" not in {text[m.start : m.end] for m in found}
    assert "in it: 3" in (out / "card.md").read_text(encoding="utf-8")


def test_doubt_is_of_the_rows_that_are_wrong():
    sentences = rows(400)
    rng = random.Random(0)
    wrong = {place for place in rng.sample(range(len(sentences)), 12) if sentences[place].mentions}
    damaged = [Sentence(each.text) if place in wrong else each for place, each in enumerate(sentences)]
    found = list(doubtful(damaged, seed=0))
    assert len(wrong & set(found)) >= 0.8 * len(wrong)
    assert len(found) < 3 * len(wrong)
    assert found == list(doubtful(damaged, seed=0))
    assert list(doubtful(sentences[:20], seed=0)) == []


def test_the_network_that_is_given_is_the_one_that_was_distilled(trained):
    nlp = ner_words.pipeline("en", ner_words.shipped("en"))
    nlp.initialize(lambda: [ner.example(nlp, sentence) for sentence in rows(10)])
    ner_words.give_weights(nlp, ner_words.shipped("en"))
    with np.load(ner_words.shipped("en") / "network.npz") as given:
        for key, node, name in ner_words.parameters(ner_words.reader(nlp)):
            assert np.array_equal(node.get_param(name), given[key].astype(np.float32))
