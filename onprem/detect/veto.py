"""The clinical veto, bound to context: an eponym or a drug is no person, but only beside a disease, device, sign or score.

Rules it keeps:

1. Only spans that the named-entity model alone found can be removed. What the roster, a pattern, a title, a label or a
   signature line found stays, whatever stands beside it: "Patient surname: Parkinson" is a person.
2. A span is removed for what stands beside it, never for what it says: there is no closed list of eponyms. The one
   exception is drug names, told by their international stems, and these too need a dose, form or verb of giving beside.
3. A span that shares a character with a span of another source stays.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import resources

from onprem.detect.lexicons import words
from onprem.labels import Label
from onprem.model import Span
from onprem.text import HAN

_VETOED = frozenset(
    {Label.NAME, Label.CITY, Label.HOSPITAL, Label.ORGANISATION, Label.STATE, Label.ADDRESS, Label.OTHER_ID}
)
_BEFORE = 48  # code points looked at on either side
_AFTER = 64

# What makes a capitalised word a person, whatever follows: a title, a name label, a signature line.
_PERSON_BEFORE = re.compile(
    r"(?:\b(?i:dr|drs|mr|mrs|ms|miss|prof|professor|sir|nurse|doctor|sister|rev|patient|pt|name|surname|forename|lastname|"
    r"attending|physician|surgeon|consultant|signed|by|dear|cc|re|daughter|son|wife|husband|mother|father|brother|friend)"
    r"[ ]?[.:,]{0,2}[ ]{0,2}|[:：]\s{0,3}|(?:患者|病人|姓名|签名|医师|医生|护士|家属|联系人|先生|女士)[:：]?\s{0,3})$"
)


def _alternation(name: str) -> str:
    return "|".join(sorted(map(re.escape, words(name)), key=len, reverse=True))


# Between an eponym and its head may stand other names and a few adjectives of form, never a verb: "Glasgow Coma Scale",
# "Foley balloon catheter", "Charcot-Marie-Tooth disease", "Child-Pugh class B score".
_LINKS = (
    r"(?:(?:[A-Z][A-Za-z'-]{0,18}|(?i:type|class|balloon|urinary|venous|central|nodular|sclerosing|muscular|cerebellar|spinal|hereditary|"
    r"familial|juvenile|congenital|acute|chronic|primary|secondary|syndrome-like|modified|revised|positive|negative|indwelling|"
    r"suprapubic|arterial|pain|fatigue|sleep|anxiety|depression|cell|body|bodies|coma|cognitive|performance|status|outcome|bowel|"
    r"and|et|&|[a-z]|\d{1,2}))[ -]){0,3}"
)
_HEAD_AFTER = re.compile(rf"(?:[ ]?[-/][ ]?|[ ]){_LINKS}(?i:{_alternation('eponym_heads_en')})(?![A-Za-z])")
_OWNED = words("owned_heads_en")
_EPONYM_HEADS = "|".join(sorted(map(re.escape, words("eponym_heads_en") - _OWNED), key=len, reverse=True))
_HEAD_OWNED = re.compile(rf"(?:'s?|s')[ ](?:[A-Z][A-Za-z'-]{{0,18}}[ -]){{0,1}}(?i:{_EPONYM_HEADS})(?![A-Za-z])")
_HEAD_BEFORE = re.compile(
    r"\b(?i:diseases?|syndromes?|signs?|tests?|scores?|scales?|classifications?|grades?|criteria|criterion|index|type|stage|stain|"
    r"maneuver|manoeuvre|procedure|operation|repair|fracture|lymphoma|palsy|triad|reflex|law|fistula|catheter|tube|drain|gene|mutation|"
    r"sphincter|circle|islets?|loop|angle|ampulla|foramen|tetralogy|bundle|organ|node|canal|pouch|crypts?|valves?|duct|ligament|fascia|"
    r"zone|space|triangle|sinus|membrane|layer|bodies|body|cells?|corpuscles?|fibers|fibres|glands?)"
    r"[ ](?:of|by|after)[ ](?:the[ ])?(?:[A-Z][a-z-]{1,18}[ -](?:and[ ])?){0,2}$"
)
_HEAD_AFTER_ZH = re.compile(rf"(?:氏|[-·— ])?(?:{_alternation('eponym_heads_zh')})")
# 病 alone also begins 病情, 病人, 病历, 病房: it is a head only after a transliteration, which no surname begins.
_ILLNESS_ZH = re.compile(r"氏?(?:病(?![情人历房区床例危重逝故倒休假友])|症(?!状)|征(?![求询]))")
_NEVER_OWNED_ZH = re.compile(r"(?:氏(?!家)|综合[征症]|症候群|三联征|四联症)")
# Characters with which foreign names are written by sound (usage of the translation tables of personal names).
_TRANSLITERATION = frozenset(
    "阿埃艾奥巴鲍贝本比宾波伯博布查茨达戴德登蒂丁顿多厄恩尔法菲费芬佛弗福盖冈戈格根古哈海汉赫亨霍基吉加杰金卡凯坎考科克肯库拉莱兰朗劳雷里利连列林隆卢鲁路伦罗洛"
    "马麦曼梅蒙米莫姆纳奈尼涅诺欧帕佩皮普奇钱乔切琴丘让热瑞萨塞桑森沙圣施史舒斯松苏索塔泰坦特滕图托瓦韦维温沃乌西希夏肖谢辛逊雅亚扬耶伊英尤约泽扎詹兹佐氏"
)
# International non-proprietary name stems (WHO, The use of stems, 2018) and common brand endings.
_DRUG = re.compile(
    r"^(?i:[a-z]{2,14}(?:olol|pril|sartan|statin|azole|cillin|mycin|micin|floxacin|cycline|vir|mab|nib|ciclib|parib|zumab|ximab|tinib|"
    r"prazole|tidine|dipine|gliptin|gliflozin|glutide|tide|formin|zepam|zolam|barbital|caine|setron|triptan|oxetine|ipramine|triptyline|"
    r"azine|idone|apine|piprazole|pentin|bactam|cef\w*|parin|xaban|gatran|grel|platin|taxel|rubicin|bicin|mustine|fungin|quine|steride|"
    r"sone|solone|onide|terol|tropium|phylline|thiazide|semide|lactone|dronate|coxib|profen|fenac|oxicam|codone|morphone|fentanil|ine))$"
)
_DOSE = re.compile(
    r"^(?:[ ]?\(?\d[\d.,/-]{0,9}|[ ](?i:[a-z]{0,12}[ ])?(?i:mg|mcg|tablets?|capsules?|patch|"
    r"drip|infusion|injection|cream|therapy|po|iv|bid|"
    r"tid|qd|daily|twice|once|dose|ointment|inhaler))(?![A-Za-z])"
)
_GIVEN = re.compile(
    r"\b(?i:on|takes?|taking|took|start(?:ed)?|stop(?:ped)?|giv(?:e|en)|receiv(?:ed|ing)|prescribed|"
    r"continue[ds]?|increase[ds]?|decrease[ds]?|allergic to|allergy to|dose of|mg of|with|"
    r"refill(?: of)?|restart(?:ed)?|hold|held)[ ]$"
)


def context_veto(text: str, spans: Iterable[Span]) -> list[Span]:
    """Return `spans` without those the model alone found that the words beside them show to be clinical terms.

    Offsets are those of `text`, the view. The order is kept.
    """
    given = list(spans)
    firm = _Firm([span for span in given if not _only_ner(span)])
    return [span for span in given if not (_only_ner(span) and not firm.touches(span) and _clinical(text, span))]


def _only_ner(span: Span) -> bool:
    return bool(span.by) and all(name.split("/")[0] == "ner" for name in span.by)


class _Firm:
    """The spans of sources other than the model, merged, for a quick look-up."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, spans: Sequence[Span]) -> None:
        starts: list[int] = []
        ends: list[int] = []
        for span in sorted(spans, key=lambda item: item.start):
            if ends and span.start <= ends[-1]:
                ends[-1] = max(ends[-1], span.end)
            else:
                starts.append(span.start)
                ends.append(span.end)
        self._starts, self._ends = starts, ends

    def touches(self, span: Span) -> bool:
        """Say whether any of them shares a character with `span`."""
        index = bisect_right(self._starts, span.end - 1) - 1
        return index >= 0 and self._ends[index] > span.start


def _clinical(text: str, span: Span) -> bool:
    if span.label not in _VETOED or "\n" in text[span.start : span.end]:
        return False
    before = text[max(0, span.start - _BEFORE) : span.start]
    line = before.rpartition("\n")[2]
    if _PERSON_BEFORE.search(line):
        return False
    after = text[span.end : span.end + _AFTER].partition("\n")[0]
    if HAN.search(text, span.start, span.end):
        return _clinical_han(text[span.start : span.end], after)
    value = text[span.start : span.end]
    if _given(value):
        return False  # "Brian's disease" is a person's, and no eponym is a given name alone
    if _HEAD_OWNED.match(after) or _HEAD_AFTER.match(after) or _HEAD_BEFORE.search(line) or _holds_head(value):
        return True
    return _DRUG.match(value) is not None and (_DOSE.match(after) is not None or _GIVEN.search(line) is not None)


def _holds_head(value: str) -> bool:
    """Say whether the span itself ends with a head: the model took "Foley catheter" or "Wilson disease" whole."""
    last = re.split(r"[\s-]+", value.strip())
    return len(last) > 1 and last[-1].lower() in words("eponym_heads_en")


def _given(value: str) -> bool:
    first = re.split(r"[^A-Za-z\u00c0-\u024f]+", value, maxsplit=1)[0].lower()
    return first in words("given_names") and first not in words("ambiguous_names")


def _clinical_han(value: str, after: str) -> bool:
    if _chinese_name(value):
        return _NEVER_OWNED_ZH.match(after) is not None  # 李梅呼吸平稳, 王建国贫血: a person and a finding
    if _HEAD_AFTER_ZH.match(after) or _ILLNESS_ZH.match(after):
        return True
    return value.endswith(("病", "症", *words("eponym_heads_zh")))


def _chinese_name(value: str) -> bool:
    """Say whether a Han value may be a Chinese name: it begins with a surname and is no transliteration."""
    transliterated = len(value) >= 3 and all(character in _TRANSLITERATION for character in value)
    return not transliterated and value[0] in _surnames()


@lru_cache(maxsize=1)
def _surnames() -> frozenset[str]:
    """Return the characters with which a Chinese surname begins."""
    text = resources.files("onprem.detect.lexicons").joinpath("zh_surnames.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return frozenset(table["safe"] + table["risky"] + "".join(name[0] for name in table["compound"]))
