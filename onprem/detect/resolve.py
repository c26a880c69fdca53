"""Union and heal: the spans of all detectors become one list without overlap, and no flagged character is ever dropped.

Rules, in order:

1. Every character that any span covers stays covered; adding a detector can only add characters.
2. Where spans overlap, each character takes the label of the strongest span on it (detector tier, then length, then
   score), so that a date inside a longer guess keeps its own exact borders.
3. Partial hits grow: to the whole word, number or hyphenated name; never across a neighbour, a space or a line.
4. The name of a place that stands right before a Chinese institution or native place is a part of it. An institution goes
   on to the word for what it is (`Nyalenda` + ` Dispensary`), and takes the stop of its short legal form along.
5. An address goes on across a comma and the small words between its parts, an institution across `&` and before its legal
   form; fragments (a comma, a space between two pieces) join the span beside them; neighbours of one label become one.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from onprem import dates
from onprem.labels import Label
from onprem.model import Span

# Detectors whose spans are exact by construction outrank those that estimate.
_ESTIMATED = frozenset({"ner"})
_GROW_ACROSS = {"'", "-", "\u00b7"}  # inside names: O'Brien, Smith-Jones, 买买提·吐尔逊
_NAMES = frozenset({Label.NAME, Label.HOSPITAL, Label.ORGANISATION, Label.ADDRESS})
_INSTITUTIONS = frozenset({Label.HOSPITAL, Label.ORGANISATION})
_NUMBER_JOINTS = {"-", ".", "/"}
_NOT_GROWN = frozenset({Label.AGE, Label.DATE, Label.BIRTH_DATE, Label.URL, Label.EMAIL, Label.BED})
_CODES = frozenset(
    {
        Label.SSN, Label.NATIONAL_ID, Label.PASSPORT, Label.RECORD_NUMBER, Label.HEALTH_PLAN_NUMBER, Label.ACCOUNT_NUMBER,
        Label.LICENCE_NUMBER, Label.VEHICLE_ID, Label.DEVICE_ID, Label.OTHER_ID, Label.PHONE, Label.FAX,
    }
)  # fmt: skip
_DATES = frozenset({Label.DATE, Label.BIRTH_DATE})
_DATE_WEIGHT = 1.4
_PLACES = frozenset({Label.STATE, Label.CITY})
_LED = frozenset({Label.HOSPITAL, Label.ORGANISATION, Label.NATIVE_PLACE})
_JOINABLE = re.compile(r"[ \t]{0,2}|[ ]?[\u00b7\-'][ ]?")
_ADDRESS_JOINABLE = re.compile(
    r"[ \t]{0,2}|[ ]?[\u00b7\-',&#\uff0c.][ ]?|,? (?:at|of|off|on|by|near|behind|opposite|corner of|block of|floor|flat|unit"
    r"|apt|suite|room|rm)\.? (?:the )?"
)
_INSTITUTION_JOINABLE = re.compile(r"[ \t]{0,2}|[ ]?[\u00b7\-'&][ ]?| of | at ")
_LEGAL = re.compile(r"(?:P\.?C|P\.?A|LL[CP]|PLLC|Inc|Ltd)\b")
# what an institution is, right after the part of its name that was found; in Chinese at most four characters away
_TAIL = re.compile(
    r" (?:(?i:church|mosque|temple|synagogue|chapel|gurdwara|school|academy|nursery|dispensary|pharmacy|chemist|hospital"
    r"|hospice|clinic)|College|University|Surgery|Practice|Infirmary|(?:Nursing|Care) Home|Cent(?:re|er)|Laboratory"
    r"|(?:Medical|Health) Cent(?:re|er)|Laboratories|Associates|Partners|Group|Trust|Foundation|Society|Club|Union|Bank"
    r"|Foods|Farms?|Mills?|Services|Lodge|Manor)\b(?i: at home\b)?|(?<=(?i:hospice)) (?i:at home)\b"
    r"|(?<= Co)\.|(?<= (?:Inc|Ltd|LLC))\.|(?<=P\.C)\."
)
_TAIL_HAN = re.compile(
    r"[^\W\d_A-Za-z到转至在去往由向的与和及或是为我他她请来做就经查住入出被让给跟从]{0,4}?"
    r"(?:医院|卫生院|卫生室|卫生所|诊所|门诊部|检验所|实验室|鉴定所|研究所|事务所|派出所|中心|公司|集团|工厂|分厂|车间"
    r"|项目部|学校|小学|中学|大学|学院|幼儿园|分局|支队|大队|中队|支行|分行|营业部|药房|药店|大药房|超市|商店|饭店|宾馆"
    r"|车队|办事处|居委会|村委会|委员会|秘书处|服务科)"
)
_RANGE = re.compile(r"[ ]?[\-\u2013\u2014~\uff5e][ ]?|[至到]")
_A_WEEK = 7  # days; any distance tells whether the date engine can move both ends
# what may stand between two pieces of one identifier; never what stands between two of a kind ("Tom & Lisa", "Boots and
# Lloyds", "12 Elm St; 14 Oak Ave"): joined, neither would be known in the patient's other notes
_JOINTS = {
    Label.ADDRESS: _ADDRESS_JOINABLE,
    Label.HOSPITAL: _INSTITUTION_JOINABLE,
    Label.ORGANISATION: _INSTITUTION_JOINABLE,
    Label.DATE: _RANGE,
    Label.BIRTH_DATE: _RANGE,
}
_WORDY = re.compile(r"\w")


def tier(span: Span) -> int:
    """Return 2 for spans of exact detectors, 1 for spans that only an estimating detector found."""
    return 1 if all(name.split("/")[0] in _ESTIMATED for name in span.by) else 2


def resolve(text: str, spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the union of `spans` over `text`: sorted, without overlap, healed. Offsets are those of `text`."""
    # a total order, so that every worker settles ties alike
    ordered = sorted(set(spans), key=lambda span: (span.start, -span.end, -span.score, span.label, sorted(span.by)))
    pieces = _partition(ordered)
    grown = _tail(text, _lead(text, _grow(text, pieces)))
    return tuple(_join(text, _absorb(text, grown)))


def _strength(span: Span) -> tuple[int, float, bool, float]:
    # a date is read digit by digit, so it outranks a number of about its own length ("call on 03/15/2023")
    length = (span.end - span.start) * (_DATE_WEIGHT if span.label in _DATES else 1.0)
    return tier(span), length, span.label is not Label.OTHER_ID, span.score


def _partition(spans: Sequence[Span]) -> list[Span]:
    """Cut overlapping spans so that each stretch of text belongs to the strongest span on it."""
    result: list[Span] = []
    index = 0
    while index < len(spans):
        cluster = [spans[index]]
        end = spans[index].end
        index += 1
        while index < len(spans) and spans[index].start < end:
            cluster.append(spans[index])
            end = max(end, spans[index].end)
            index += 1
        result += cluster if len(cluster) == 1 else _settle(cluster)
    return result


def _settle(cluster: Sequence[Span]) -> list[Span]:
    borders = sorted({border for span in cluster for border in (span.start, span.end)})
    pieces: list[Span] = []
    winner: Span | None = None
    for start, end in itertools.pairwise(borders):
        covering = [span for span in cluster if span.start <= start and span.end >= end]
        strongest = max(covering, key=_strength)
        by = frozenset().union(*(span.by for span in covering))
        if pieces and winner == strongest:
            last = pieces[-1]
            pieces[-1] = Span(last.start, end, last.label, last.score, last.by | by)
        else:
            pieces.append(Span(start, end, strongest.label, strongest.score, by))
        winner = strongest
    return pieces


def _grow(text: str, spans: Sequence[Span]) -> list[Span]:
    grown: list[Span] = []
    for index, span in enumerate(spans):
        floor = grown[-1].end if grown else 0
        ceiling = spans[index + 1].start if index + 1 < len(spans) else len(text)
        start, end = span.start, span.end
        if span.label not in _NOT_GROWN:
            while step := _reach(text[max(floor, start - 2) : start][::-1], text[start], span.label, forward=False):
                start -= step
            while step := _reach(text[end : min(end + 2, ceiling)], text[end - 1], span.label, forward=True):
                end += step
        grown.append(Span(start, end, span.label, span.score, span.by))
    return grown


def _reach(ahead: str, inside: str, label: Label, *, forward: bool) -> int:
    """Return by how many characters an edge moves: 1 for the same word or number, 2 across a joint, 0 to stay.

    `ahead` holds up to two characters outside the edge, nearest first; `inside` is the character just within.
    """
    outside, beyond = ahead[:1] or " ", ahead[1:2] or " "
    if inside.isdigit():
        if outside.isdigit() or (label in _CODES and outside.isascii() and outside.isalpha()):
            return 1
        return 2 if label in _CODES and outside in _NUMBER_JOINTS and beyond.isdigit() else 0
    if not inside.isalpha() or _is_han(inside):
        return 0
    if outside.isalpha() and not _is_han(outside):
        begins_word = forward and outside.isupper() and inside.islower()  # camel case begins another word
        return 0 if begins_word else 1
    if label in _CODES and outside.isdigit():
        return 1
    # "Smith-Jones" is one name, "Smith-related" is not, and the possessive 's is no part of it
    joined = beyond.isupper() if forward else beyond.isalpha()
    return 2 if label in _NAMES and outside in _GROW_ACROSS and joined and not _is_han(beyond) else 0


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff" or character >= "\U00020000"


def _lead(text: str, spans: Sequence[Span]) -> list[Span]:
    """Join the name of a place with what begins with it: 江西省 and 儿童医院 are one hospital's name."""
    led: list[Span] = []
    for span in spans:
        start, by = span.start, span.by
        while led and span.label in _LED and led[-1].end == start and led[-1].label in _PLACES and _is_han(text[start]):
            start, by = led[-1].start, by | led.pop().by
        led.append(Span(start, span.end, span.label, span.score, by))
    return led


def _tail(text: str, spans: Sequence[Span]) -> list[Span]:
    """Let an institution go on to the word for what it is: `Nyalenda` + ` Dispensary`, 闽南正和司 + 法鉴定所."""
    tailed: list[Span] = []
    for index, span in enumerate(spans):
        ceiling = spans[index + 1].start if index + 1 < len(spans) else len(text)
        more = None
        if span.label in _INSTITUTIONS:
            more = (_TAIL_HAN if _is_han(text[span.end - 1]) else _TAIL).match(text, span.end, ceiling)
        tailed.append(Span(span.start, more.end() if more else span.end, span.label, span.score, span.by))
    return tailed


def _absorb(text: str, spans: Sequence[Span]) -> list[Span]:
    """Give stretches without a letter or digit to the span that touches them."""
    kept: list[Span] = []
    for index, span in enumerate(spans):
        if _WORDY.search(text, span.start, span.end):
            kept.append(span)
        elif kept and kept[-1].end == span.start:
            last = kept[-1]
            kept[-1] = Span(last.start, span.end, last.label, last.score, last.by | span.by)
        else:
            following = spans[index + 1] if index + 1 < len(spans) else None
            label = following.label if following is not None and following.start == span.end else span.label
            kept.append(Span(span.start, span.end, label, span.score, span.by))
    return kept


def _one(text: str, first: Span, second: Span) -> bool:
    """Say whether two neighbours with one label are one identifier."""
    if _JOINTS.get(first.label, _JOINABLE).fullmatch(text, first.end, second.start):
        # days that could be moved one by one must not be lost because their range cannot
        return first.label not in _DATES or dates.shift(text[first.start : second.end], _A_WEEK) is not None
    comma = text[first.end : second.start] == ", "
    return comma and first.label in _INSTITUTIONS and _LEGAL.match(text, second.start) is not None


def _join(text: str, spans: Sequence[Span]) -> list[Span]:
    """Make one span of neighbours with one label when nothing but a joint of that label is between."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last is not None and last.label is span.label and _one(text, last, span):
            joined[-1] = Span(last.start, span.end, last.label, max(last.score, span.score), last.by | span.by)
        else:
            joined.append(span)
    return joined
