"""Real Chinese consultation text as carriers: rows of internal-medicine-zh that hold no identifier, and injection into it.

Rules: rows are cut in two by hash; only the first half may ever be learnt from, the other half and all of huatuo-dev are
for measuring. A row in which any identifier occurs by itself (a hospital, a place, a date, a name, a number) is dropped;
ages are tagged. Source: internal-medicine-zh, MIT (Toyhom/Chinese-medical-dialogue-data); huatuo-dev, Apache-2.0.
"""

from __future__ import annotations

import csv
import json
import re
import zlib
from functools import cache
from pathlib import Path

from onprem.dates import find_dates
from onprem.detect.contract import Passage
from onprem.detect.patterns import PatternDetector
from onprem.labels import Label
from onprem.tagged import Gold, Tagged
from onprem.text import view
from onprem.train.generate.contract import Split, split_of
from onprem.train.generate.zh_scene import Draft, Scene
from onprem.train.generate.zh_weave import SENTENCE, weave

_FILE = Path("internal-medicine-zh") / "internal-medicine-qa.gb18030.csv"
_PLACE = re.compile(
    "河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|"
    "甘肃|青海|台湾|内蒙|广西|西藏|宁夏|新疆|香港|澳门|北京|天津|上海|重庆|广州|深圳|"
    "武汉|成都|杭州|南京|西安|郑州|石家庄|[一-龥]{2}[市县镇](?!场)|协和|天坛|宣武|华西|同仁|解放军|附属|"
    "公司.{0,4}叫|我叫|姓名|大学(?!生)"
)
_WOVEN = 0.45  # share of carrier passages with identities woven in
_KEPT_FOR_MEASURING = 2  # one row in this many is never learnt from


def measured(row: str) -> bool:
    """Say whether a row of internal-medicine-zh belongs to the half that is never learnt from."""
    return zlib.crc32(b"measure:" + row.encode("utf-8", "replace")) % _KEPT_FOR_MEASURING == 0


def read_rows(data: Path) -> list[str]:
    """Return the rows of internal-medicine-zh as texts: question title, question, answer; doubles removed."""
    with (data / _FILE).open(encoding="gb18030", newline="") as lines:
        rows = ["\n".join(dict.fromkeys(row[1:4])) for row in csv.reader(lines)]
    return list(dict.fromkeys(rows[1:]))


def read_huatuo(data: Path) -> list[str]:
    """Return the cases and questions of huatuo-dev as texts. They are for measuring only."""
    folder = data / "huatuo-dev"
    cases = json.loads((folder / "cases_40.json").read_text(encoding="utf-8"))
    questions = json.loads((folder / "questions_40.json").read_text(encoding="utf-8"))
    return [f"{case['medical_case']}\n{case['doctor_diagnosis']}" for case in cases] + [
        item["query"] for item in questions
    ]


class Cleaner:
    """Tags the ages of a carrier, and tells carriers that hold an identifier of another kind."""

    def __init__(self) -> None:
        self._patterns = PatternDetector()

    def tag(self, text: str) -> Tagged | None:
        """Return the text with its ages tagged, or None when it holds another identifier."""
        seen = view(text)
        if seen.offsets is not None or _PLACE.search(seen.text) or find_dates(seen.text):
            return None
        spans = self._patterns.find([Passage(seen.text, "zh")])[0]
        if any(span.label is not Label.AGE for span in spans):
            return None
        golds: list[Gold] = []
        for span in spans:
            if not golds or span.start >= golds[-1].end:
                golds.append(Gold(span.start, span.end, span.label))
        return Tagged(text, tuple(golds))


@cache
def sentences(data: Path, split: Split) -> tuple[Tagged, ...]:
    """Return the sentences of the carriers of a split, ages tagged. Never of the half for measuring."""
    cleaner = Cleaner()
    found: list[Tagged] = []
    for row in read_rows(data):
        if measured(row) or split_of(row) != split:
            continue
        for match in SENTENCE.finditer(row):
            if len(match.group()) >= 4 and (tagged := cleaner.tag(match.group())) is not None:
                found.append(tagged)
    return tuple(found)


class Carriers:
    """Writes sentences of carriers into a draft, as they are or with identities woven in."""

    def __init__(self, data: Path, split: Split) -> None:
        self._sentences = sentences(data, split)

    def __call__(self, scene: Scene, draft: Draft) -> bool:
        """Write one to three sentences that follow each other in the source."""
        count = scene.random.choice((1, 1, 2, 3))
        first = scene.random.randrange(max(1, len(self._sentences) - count))
        share = 0.6 if scene.random.random() < _WOVEN else 0.0
        for sentence in self._sentences[first : first + count]:
            weave(sentence, scene, draft, share)
        return True
