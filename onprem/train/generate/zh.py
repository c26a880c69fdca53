"""Chinese documents with invented identities, for training, choosing a threshold and measuring.

Rules: see `contract.py`. Half of internal-medicine-zh and all of huatuo-dev are never learnt from; `inject` puts
identities into them for the injection evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from random import Random

from onprem.labels import Label
from onprem.tagged import Gold, Tagged
from onprem.train.generate.contract import Split
from onprem.train.generate.rewrite_zh import Rewriter
from onprem.train.generate.written_notes import part_of, written
from onprem.train.generate.zh_carriers import Carriers, Cleaner
from onprem.train.generate.zh_forms import pool
from onprem.train.generate.zh_layouts import KINDS, write
from onprem.train.generate.zh_noise import noisy
from onprem.train.generate.zh_scene import Scene
from onprem.train.generate.zh_weave import insert

_NUMBER = Label.OTHER_ID
LEARNT: Mapping[Label, Label] = {
    Label.NAME: Label.NAME, Label.AGE: Label.AGE, Label.DATE: Label.DATE, Label.BIRTH_DATE: Label.DATE,
    Label.PHONE: Label.PHONE, Label.FAX: Label.PHONE, Label.EMAIL: Label.EMAIL, Label.URL: Label.EMAIL,
    Label.ADDRESS: Label.ADDRESS, Label.CITY: Label.CITY, Label.STATE: Label.STATE, Label.HOSPITAL: Label.HOSPITAL,
    Label.ORGANISATION: Label.ORGANISATION, Label.NATIVE_PLACE: Label.NATIVE_PLACE, Label.OCCUPATION: Label.OCCUPATION,
    Label.ETHNICITY: Label.ETHNICITY, Label.BED: Label.BED, Label.POSTCODE: _NUMBER, Label.SSN: _NUMBER,
    Label.NATIONAL_ID: _NUMBER, Label.PASSPORT: _NUMBER, Label.RECORD_NUMBER: _NUMBER, Label.HEALTH_PLAN_NUMBER: _NUMBER,
    Label.ACCOUNT_NUMBER: _NUMBER, Label.LICENCE_NUMBER: _NUMBER, Label.VEHICLE_ID: _NUMBER, Label.DEVICE_ID: _NUMBER,
    Label.OTHER_ID: _NUMBER,
}  # fmt: skip
_WRITTEN = 0.35  # share of documents that are notes written by hand
_PART = 0.4  # share of these of which only some lines are shown
_INJECTED = ("query", "patient_line", "present", "history", "sms", "clinic", "fragment", "social", "referral")


def documents(split: Split, seed: int, data: Path | None = None) -> Iterator[Tagged]:
    """Yield documents for ever: notes written by hand with other identities, and all kinds in turn by weight."""
    random = Random(f"zh:{split}:{seed}")  # noqa: S311 - text for training, no secret
    carriers = Carriers(data, split) if data is not None else None
    kinds = tuple(KINDS)
    weights = tuple(accumulate(weight for weight, _ in KINDS.values()))
    notes = written("zh", split)
    while True:
        if notes and random.random() < _WRITTEN:
            note = random.choice(notes)
            if random.random() < _PART:
                note = part_of(note, random.random(), random.random())
            yield noisy(trimmed(Rewriter(Scene(split, random), random).rewrite(note)), random)
            continue
        kind = random.choices(kinds, cum_weights=weights)[0]
        tagged = trimmed(write(kind, split, random, carriers).tagged())
        if tagged.text:
            yield noisy(tagged, random)


def trimmed(tagged: Tagged) -> Tagged:
    """Return the document without white space at both ends."""
    lead = len(tagged.text) - len(tagged.text.lstrip())
    text = tagged.text.strip()
    return Tagged(text, tuple(Gold(span.start - lead, span.end - lead, span.label) for span in tagged.spans))


def inject(texts: Sequence[str], seed: int, split: Split) -> Iterator[Tagged]:
    """Put identities of a split into texts, in natural sentences and in fragments; texts with identifiers are skipped."""
    random = Random(f"zh:inject:{split}:{seed}")  # noqa: S311 - text for measuring, no secret
    cleaner = Cleaner()
    templates = [line for name in _INJECTED for line in pool(name, split) if "{" in line]
    for text in texts:
        tagged = cleaner.tag(text)
        if tagged is not None:
            yield insert(tagged, Scene(split, random), templates, random.randint(1, 3))
