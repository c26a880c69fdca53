"""What output files are called: as the input, unless a part of the path itself holds an identifier.

A part that does (a patient's number or name, a date, a phone number) is replaced by a keyed code, the same for the same
part, so that folders stay together. Where the part leads to a patient the key follows from the patient's secret, so that
the code is forgotten with the patient. Runs in a worker, since it needs the detectors.
"""

from __future__ import annotations

import hmac
import itertools
import json
import re
from collections.abc import Iterable

from onprem.detect.contract import Passage
from onprem.detect.ensemble import believed, prepare
from onprem.detect.variants import everyday_words
from onprem.labels import Label
from onprem.pipeline.known import full_names
from onprem.pipeline.room import Room
from onprem.text import HAN, fold, tokenize, view
from onprem.vault import custody
from onprem.vault.keys import derive
from onprem.vault.links import LINKING
from onprem.vault.sealed import SealedStore

_JOINTS = re.compile(r"[_\-. ()\[\]+]+")
_HARMLESS = frozenset({Label.AGE, Label.STATE})
_NAMES = frozenset({Label.NAME, Label.HOSPITAL, Label.ORGANISATION, Label.ADDRESS, Label.CITY})
_MIN_KEY = 3
_RUNNING = 5  # digits of a running number; more of them, together or apart, are looked at
_MAX_NAME_WORDS = 4
_FILE_WORDS = frozenset(
    "csv tsv json jsonl txt parquet notes note patients patient encounters staff labs lab messages reports "
    "report data export extract part en zh hospital records record discharge summary progress admission "
    "radiology pathology nursing observations medications diagnoses procedures visits letters referral clinic "
    "ward table tables deid raw input test sample file files doc docs all main new old final copy emr ehr his "
    "lis pacs ris".split()
)
_HAN_FILE_WORDS = re.compile(
    "患者|病人|信息|基本|就诊|住院|门诊|急诊|入院|出院|首次|病程|记录|小结|会诊|手术|护理|影像|病理|检查|检验|报告|医嘱|处方|"
    "随访|问诊|咨询|员工|职工|医护|人员|名单|列表|数据|导出|汇总|表|单|书|病历|文书|测试|样本|示例|科室"
)


def name_outputs(room: Room) -> int:
    """Decide every output's relative path and seal the list; return how many there are."""
    key = derive(custody.root(room.site), f"output names/{room.epoch}" if room.epoch else "output names")
    decided: dict[str, str] = {}
    names: dict[int, str] = {}
    taken: set[str] = set()
    for source in room.plan.sources:
        parts = source.relative.split("/")
        for part in parts:
            if part not in decided:
                decided[part] = _decide(room, part, key)
        name = "/".join(decided[part] for part in parts)
        while name.casefold() in taken:  # two inputs of one name, given from two folders
            stem, dot, suffix = name.rpartition(".")
            name = f"{stem}-{source.index}{dot}{suffix}" if dot else f"{name}-{source.index}"
        taken.add(name.casefold())
        names[source.index] = name
    with SealedStore(room.folder / "plan.sealed", room.key) as store:
        store.put_many([(b"names", json.dumps(names).encode())])
    return len(names)


def output_names(room: Room) -> dict[int, str]:
    """Return the relative output path of every source."""
    with SealedStore(room.folder / "plan.sealed", room.key, readonly=True) as store:
        sealed = store.get(b"names")
    return {} if sealed is None else {int(index): name for index, name in json.loads(sealed).items()}


def _decide(room: Room, part: str, key: bytes) -> str:
    """Return what stands for a part of a path: itself, or a code under the patient's key, or under `key`."""
    stem = part.rpartition(".")[0] or part
    shown = view(stem).text
    words = [word for word in _JOINTS.split(shown) if word]
    subject = _subject(room, shown, words)
    if subject is not None and room.subjects.has(subject):  # else a shredding was cut short
        return _coded(part, room.subjects.get(subject).key("output names"))
    return _coded(part, key) if subject is not None or _identifies(room, shown, words) else part


def _coded(part: str, key: bytes) -> str:
    stem, dot, suffix = part.rpartition(".")
    code = hmac.digest(key, part.encode("utf-8", "surrogateescape"), "sha256").hex()[:12]
    return f"named-{code}.{suffix}" if dot and stem and suffix.isascii() and suffix.isalpha() else f"named-{code}"


def _subject(room: Room, shown: str, words: list[str]) -> str | None:
    """Return the patient whose number or full name stands in a part of a path."""
    pieces = [*words, *("-".join(pair) for pair in itertools.pairwise(words)), shown]
    keys = [piece for piece in pieces if len(piece) >= _MIN_KEY and any(map(str.isdigit, piece))]
    by_number = (room.links.subject([(kind, piece)]) for piece in keys for kind in LINKING)
    by_name = (room.known.named(name) for name in full_names(_windows(words, " ".join(words))))
    return next((found for found in itertools.chain(by_number, by_name) if found is not None), None)


def _identifies(room: Room, shown: str, words: list[str]) -> bool:
    if _is_plain(words):
        return False
    passage = prepare(shown.replace("_", " ")).passage  # dashes and dots hold dates and numbers together
    searchable = passage if passage.lang != "other" else Passage(passage.text, "mixed")
    found = believed(searchable, room.ensemble.search([searchable])[0])
    # in a file name the model has no context: of its guesses alone only names count, a running number is none
    return any(
        span.label not in _HARMLESS and (span.label in _NAMES or any(not by.startswith("ner") for by in span.by))
        for span in found
    )


def _windows(words: list[str], spoken: str) -> Iterable[str]:
    """The runs of words that could be a full name, and the runs of Han characters."""
    for size in range(2, _MAX_NAME_WORDS + 1):
        for start in range(len(words) - size + 1):
            yield " ".join(words[start : start + size])
    for run in re.findall(r"[\u3400-\u9fff\u00b7]{2,}", spoken):
        for size in (2, 3, 4):
            for start in range(len(run) - size + 1):
                yield run[start : start + size]


def _is_plain(words: list[str]) -> bool:
    """Say whether a file name is made of everyday words alone, so that no model needs to look at it."""
    everyday = everyday_words()
    if sum(map(str.isdigit, "".join(words))) > _RUNNING:
        return False
    for word in words:
        rest = _HAN_FILE_WORDS.sub("", word)
        if HAN.search(rest):
            return False
        for token in tokenize(rest).words:
            plain = (
                fold(token) in everyday or fold(token) in _FILE_WORDS or (token.isdigit() and len(token) <= _RUNNING)
            )
            if token.isalnum() and not plain and len(token) > 1:
                return False
    return True
