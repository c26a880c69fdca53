"""Generated English: well-formed, decided by the seed, and no identity or template shared between splits."""

import random
from itertools import islice

import pytest

from onprem.labels import Label
from onprem.tagged import parse
from onprem.train.generate import en
from onprem.train.generate.contract import SPLITS, shared_out, split_of
from onprem.train.generate.identities_en import common, identity, person, pools
from onprem.train.generate.inject_en import inject
from onprem.train.generate.places_en import hospital
from onprem.train.generate.scenes_en import Scene
from onprem.train.generate.stage_en import tag
from onprem.train.generate.surface_en import renumbered, reworded, roughen, wrap

pytest.importorskip("faker", reason="raw names come from Faker, which only regenerating the training text needs")
pytest.importorskip("simple_icd_10_cm", reason="disease terms come from simple-icd-10-cm, needed only to regenerate")
pytest.importorskip(
    "spacy_lookups_data", reason="ordinary words come from spacy-lookups-data, needed only to regenerate"
)


@pytest.mark.parametrize("split", SPLITS)
def test_documents_are_well_formed_and_varied(split):
    documents = list(islice(en.documents(split, 3), 300))
    labels = {span.label for document in documents for span in document.spans}
    assert {Label.NAME, Label.DATE, Label.HOSPITAL, Label.PHONE, Label.AGE, Label.CITY} <= labels
    assert labels <= set(en.LEARNT)
    for document in documents:
        for span in document.spans:
            assert document.text[span.start : span.end].strip()


def test_the_seed_decides():
    assert list(islice(en.documents("train", 5), 40)) == list(islice(en.documents("train", 5), 40))
    assert list(islice(en.documents("train", 5), 40)) != list(islice(en.documents("train", 6), 40))


def test_no_template_is_shared():
    for name in en.templates("train"):
        parts = [set(en.templates(split)[name]) - {"{sentence}"} for split in SPLITS]
        assert all(parts)
        assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    with_words = [{layout for layout in en.layouts(split) if en.has_words(layout)} for split in SPLITS]
    assert not with_words[0] & with_words[1] and not with_words[0] & with_words[2] and not with_words[1] & with_words[2]


def test_no_identity_is_shared():
    people = {}
    for split in SPLITS:
        rng = random.Random(1)
        people[split] = {identity(person(rng, split)) for _ in range(3_000)}
        assert {split_of(key) for key in people[split]} == {split}
    assert not people["train"] & people["test"] and not people["train"] & people["dev"]


def test_rare_names_and_institutions_are_not_shared():
    known = common()
    for pool in ("us", "german", "slavic", "african"):
        parts = [set(map(str.casefold, pools(split)[pool].family)) - known for split in SPLITS]
        assert not parts[0] & parts[1] and not parts[0] & parts[2]
    rng = random.Random(2)
    assert all(split_of("institution:" + hospital(rng, "test").casefold()) == "test" for _ in range(50))


def test_a_short_list_leaves_no_split_empty():
    parts = shared_out(["a", "b", "c", "d"])
    assert all(parts.values())
    assert sorted(part for values in parts.values() for part in values) == ["a", "b", "c", "d"]


def test_wear_keeps_tags():
    tagged = (
        "Seen by Dr. <NAME>Ana Lee</NAME> on <DATE>March 3, 2021</DATE> at 9:15, call <PHONE>555-0101</PHONE>. " * 4
    )
    for seed in range(200):
        assert len(parse(roughen(tagged, random.Random(seed))).spans) == 12


def test_rewording_leaves_identifiers():
    tagged = "The patient walked with <NAME>Walter Woods</NAME> on <DATE>12/14/2021</DATE> for 30 minutes. " * 5
    for seed in range(50):
        rng = random.Random(seed)
        changed = parse(renumbered(reworded(tagged, rng, share=0.5), rng))
        assert {changed.text[span.start : span.end] for span in changed.spans} == {"Walter Woods", "12/14/2021"}


def test_wrapping_counts_what_is_seen():
    tagged = "word " * 20 + "<NAME>Ana Lee</NAME> " + "word " * 20
    assert max(map(len, parse(wrap(tagged, 40)).text.split("\n"))) <= 41


def test_splicing_joins_settled_templates():
    rng = random.Random(6)
    first, second = "Seen by {dr} on {date} at home.", "{ptl} left; {nurse} was told."
    made = {en.splice(first, second, rng) for _ in range(50)}
    assert made == {"Seen by {dr} left; {nurse} was told.", "Seen by {dr} was told."}
    assert en.splice("No slots here.", second, rng) == "No slots here."


def test_the_full_stop_of_an_abbreviation_stays_outside():
    assert tag("DATE", "3 Feb.") == "<DATE>3 Feb</DATE>."
    assert tag("NAME", "J.D.") == "<NAME>J.D.</NAME>"


def test_injection_is_well_formed():
    rng = random.Random(4)
    sentence = (
        "The patient was seen yesterday by her doctor at the hospital, and her husband was there; she felt better."
    )
    made = [parse(inject(sentence, Scene(rng, "train", lambda _: ""), rng)) for _ in range(300)]
    assert sum(bool(document.spans) for document in made) > 250
