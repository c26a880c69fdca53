"""The context that forms with a second meaning need before the scanner believes that they are dates.

Not dates: 120/80, 7/10, 1/2, 5/5 strength, 2/6 murmur, 38+2, 3.2.1, 5-10 mg, 2-3 times, 2000 ml, 20/20.
"""

from __future__ import annotations

import re

_DATE_WORD = (
    r"(?:on|since|from|until|till|through|thru|by|dated?|dates|dob|d\.o\.b\.?|born|admi[a-z]*|discharg[a-z]*|dos|doa|dod|lmp"
    r"|edd|edc|due|start(?:ing|ed|s)?|beg[aiu]n(?:ning)?|effective|scheduled|seen|visit[a-z]*|as\sof|appointment|appt|f/u"
    r"|exam|surgery|procedure|collected|received|reported|signed|dictated|transcribed|expir[a-z]*|died|onset|appeared|week\sof)"
)
_DATE_BEFORE = re.compile(rf"(?i)(?<![A-Za-z]){_DATE_WORD}\s?:?\s?(?:on\s|the\s)?\(?$")
_WEAK_BEFORE = re.compile(r"(?i)(?:\b(?:before|after|between|to|and|last|next|again|repeat(?:ed)?|in)\s|[(\[])$")
_LINE_START = re.compile(r"(?:^|[\n|;])\s*$")
_COLON_AFTER = re.compile(r"\s?:|\s-\s|\s?[)\]]\s?:?|\s*(?:$|[\n|;])")
_SCORE_BEFORE = re.compile(
    r"(?i)(?:strength|power|pain|scor\w+|scale|rat(?:ed|ing)|gcs|apgar|reflex\w*|dtrs?|murmur|grade|motor|puls\w+|acuity"
    r"|vision|v\.?a\.?|criteria|nodes?|phq|gad|mmse|moca|level|bp|pressure|ratio|systolic|severity|intensity|spo2|ekg"
    r"|[lro][sudx]|fio2|mobility|function|extremit\w+|deltoids?|biceps|triceps|grip|flexion|extension|sensation|orient\w+)"
    r"\W*(?:[a-z]+\W+){0,2}$"
)
_SCORE_AFTER = re.compile(
    r"(?i)\s?(?:%|[-\s]?(?:pain|strength|power|murmur|systolic|diastolic|of\sthe|of\sthem|positive|negative|nodes?|lymph|points?"
    r"|scor\w+|scale|reflex\w*|puls\w+|cores?|biops\w+|margins?|questions?|criteria|tabs?|tablets?|tsp|cups?|inch\w*|miles?"
    r"|hours?|hrs?|mg|mcg|ml|cc|cm|mm|doses?|packs?|ppd|full|way|throughout|bilateral\w*|in\s(?:intensity|severity|the\s(?:upper"
    r"|lower|right|left)|all|both|upper|lower|bilateral)|at\srest|with\smovement|of\sa|dilut\w+|strain|normal|ns\b|sets?|times"
    r"|x\b|patients|samples|bottles|cultures|flexion|extension|symmetric|equal|intact|units?|days|weeks|months|years)\b)"
)
_UNIT_AFTER = re.compile(
    r"(?i)\s?(?:%|/\s?(?:min|h|day|d\b|l\b)|(?:mg|mcg|ug|ml|mls|g|kg|cc|units?|iu|meq|mmol|mm|cm|lbs?|kcal|cal|calories|steps"
    r"|hours?|hrs?|weeks?|wks?|months?|mos?|years?|yrs?|minutes?|mins?|times|doses?|tabs?|tablets?|puffs?|drops?|days?|per|x"
    r"|patients|cells|feet|ft|meters|per|degrees|metres|people|children|cases|beats|bpm|l|dl|ng|pg|copies|to\s\d+\s?[a-z]+l)\b)"
)
_SECTION_BEFORE = re.compile(
    r"(?i)(?:section|sec|version|ver|v|chapter|para|table|fig(?:ure)?|step|item|release|no|nr|§|第)\.?\s?$"
)
_HAN_BEFORE = re.compile(
    r"(?:于|在|自|至|到|从|日期|时间|[\u4e00-\u9fff]:|因|定|约|预|出院|入院|就诊|复查|手术|住院)\s?$"
)
_HAN_NEAR = re.compile(r"[\u4e00-\u9fff]")
_YEAR_BEFORE = re.compile(
    r"(?i)(?:\b(?:in|since|during|circa|year|until|till|by|late|early|mid|before|after|from|and|around|about|fall|spring)[\s-]|[(])$"
)
_YEAR_QUANTITY = re.compile(r"(?i)\b(?:from|and|around|about|by|before|after)\s$")
_MONTH_BEFORE = re.compile(
    r"(?i)(?:\b(?:in|since|last|this|next|until|till|of|by|from|through|during|past|previous|coming|before|after|early|late|mid)"
    r"[\s-]|\bmid-)$"
)
_DAY_BEFORE = re.compile(
    r"(?i)\b(?:on|since|until|till|by|from|between)\s(?:the\s)$|\b(?:on|the\sweek\sof)\s(?:the\s)?$"
)
_DAY_AFTER = re.compile(
    r"\s*(?:$|[.,;:)\n]|(?:and|at|with|he|she|they|the|patient|pt|for|to|after|before|due|when|but|because|of\sthis|of\slast"
    r"|of\snext|we|i|his|her|was|while|without|in\sthe|this)\b)"
)
_HAN_MONTH_BEFORE = re.compile(r"(?:于|自|在|从|今年|去年|前年|同年|次年|本年|至|到|明年|年)\s?$")
_HAN_DAY_BEFORE = re.compile(r"(?:于|本月|上月|当月|同月|次月|下月|自|至|月)\s?$")
_HAN_YEAR_NOT = re.compile(r"(?:已|有|近|约|余|共|达|史|病程|持续|反复|后|每|过|第|了|长)\s?$")


def _slash(text: str, match: re.Match[str]) -> bool:
    """Decide on 3/5: a date word before it, or a form that no score has, and no score word beside it."""
    before, after = text[max(0, match.start() - 36) : match.start()], text[match.end() : match.end() + 28]
    if _SCORE_AFTER.match(after) or _SCORE_BEFORE.search(before):
        return False
    if _DATE_BEFORE.search(before) or _HAN_BEFORE.search(before):
        return True
    first, second = int(match["a"]), int(match["b"])
    padded = match["a"][0] == "0" or match["b"][0] == "0"
    only_date = max(first, second) > 12 and min(first, second) <= 12 and max(first, second) != 20
    if _LINE_START.search(before):
        return bool(_COLON_AFTER.match(after)) and (padded or only_date or bool(after.strip()))
    if padded or (match.re.groups > 4 and only_date):
        return True
    return (
        only_date
        and first <= 12
        and (bool(_WEAK_BEFORE.search(before)) or bool(re.match(r"\s?[:,;.)]|\s(?:and|at|with)\b", after)))
    )


def _dash(text: str, match: re.Match[str]) -> bool:
    """Decide on 3-22: only after a word that nothing but a date follows, and never before a unit."""
    before, after = text[max(0, match.start() - 24) : match.start()], text[match.end() : match.end() + 16]
    if _UNIT_AFTER.match(after) or _SCORE_AFTER.match(after) or match["sep"] == ".":
        return False
    strong = re.search(
        r"(?i)\b(?:on|dated?|dob|admitted|discharged|seen|admission|discharge)\s?:?\s?(?:on\s)?$", before
    )
    return strong is not None and (max(int(match["a"]), int(match["b"])) > 12 or match["a"][0] == "0")


def _marks(text: str, match: re.Match[str]) -> bool:
    """Decide on 03.05.24 and 03-05-24: two digits each, and no section, version or unit beside them."""
    before, after = text[max(0, match.start() - 16) : match.start()], text[match.end() : match.end() + 12]
    return not _SECTION_BEFORE.search(before) and not _UNIT_AFTER.match(after)


def _dots(text: str, match: re.Match[str]) -> bool:
    """Decide on 24.3.5: Chinese text around it, or a date word before it; never a section or version number."""
    before, after = text[max(0, match.start() - 24) : match.start()], text[match.end() : match.end() + 8]
    if _SECTION_BEFORE.search(before) or _UNIT_AFTER.match(after):
        return False
    if "y" in match.re.groupindex and len(match["y"]) == 2 and not 0 <= int(match["y"]) <= 49:
        return False
    near = before[-8:] + after
    return _HAN_NEAR.search(near) is not None or _DATE_BEFORE.search(before) is not None


def _may(text: str, match: re.Match[str]) -> bool:
    """Decide on English month names: lower-case `may` is a verb unless an ordinal, a year or `of` says otherwise."""
    groups = match.groupdict()
    if groups["m"] in {"may", "mar", "dec", "sep", "march"} and groups["m"] != "dec":
        strong = groups.get("o") or groups.get("y") or " of " in match.group()
        return bool(strong) or (groups["m"] != "may" and not _UNIT_AFTER.match(text[match.end() : match.end() + 12]))
    return not _UNIT_AFTER.match(text[match.end() : match.end() + 12])


def _year(text: str, match: re.Match[str]) -> bool:
    """Decide on a bare 2019: a word before it that a year follows, and no unit after it."""
    before, after = text[max(0, match.start() - 16) : match.start()], text[match.end() : match.end() + 16]
    if _UNIT_AFTER.match(after) or not _YEAR_BEFORE.search(before):
        return False
    if before.endswith("("):
        return after.startswith(")")
    quantity = _YEAR_QUANTITY.search(before)
    return quantity is None or re.match(r"\s*(?:$|[.,;)])", after) is not None


def _month(text: str, match: re.Match[str]) -> bool:
    """Decide on a month name alone: `in March`, never the verbs may and march."""
    before = text[max(0, match.start() - 14) : match.start()]
    name = match["m"]
    if len(name) < 4 and name.lower() != "may":
        return name[0].isupper() and not before.endswith("of ") and _MONTH_BEFORE.search(before) is not None
    if name.lower() in {"may", "march", "august"} and not name[0].isupper():
        return False
    return match["t"] is not None or _MONTH_BEFORE.search(before) is not None


def _day(text: str, match: re.Match[str]) -> bool:
    """Decide on `the 5th`: `on the 5th` before a pause or a clause, not the 5th rib."""
    before, after = text[max(0, match.start() - 20) : match.start()], text[match.end() : match.end() + 16]
    return _DAY_BEFORE.search(before) is not None and _DAY_AFTER.match(after) is not None


def believed(cue: str, text: str, match: re.Match[str]) -> bool:
    """Say whether the context of a match makes it a date."""
    before = text[max(0, match.start() - 8) : match.start()]
    if cue == "han month":
        return _HAN_MONTH_BEFORE.search(before) is not None
    if cue == "han day":
        return _HAN_DAY_BEFORE.search(before) is not None
    if cue == "han year":
        return _HAN_YEAR_NOT.search(before) is None
    return _DECIDE[cue](text, match)


_DECIDE = {
    "slash": _slash,
    "dash": _dash,
    "marks": _marks,
    "han dots": _dots,
    "may": _may,
    "year": _year,
    "month": _month,
    "day": _day,
}
