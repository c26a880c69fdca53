"""Invented places, institutions and addresses, and places made coarser.

An invented place keeps its kind (市, 区, Medical Center, 中医院) and its language, and is never the original.
"""

from __future__ import annotations

import re

from onprem.policy.choices import Choices, words
from onprem.text import HAN, fold, view

_HAN_KIND = re.compile(r"(?:自治州|自治县|地区|[省市区县镇乡村州盟旗])$")
_HAN_INSTITUTION = re.compile(
    r"(?:社区卫生服务中心|社区卫生服务站|乡?镇?卫生院|卫生所|诊所|门诊部|妇幼保健院|中西医结合医院|中医医院|中医院|人民医院|中心医院"
    r"|附属医院|附属第[一二三四五]医院|第[一二三四五六七八九十]+人民医院|第[一二三四五六七八九十]+医院|儿童医院|肿瘤医院|口腔医院|精神卫生中心"
    r"|疾控中心|保健院|医学院|医院|医疗中心|体检中心|有限责任公司|股份有限公司|有限公司|公司|集团|大学|学院|中学|小学|幼儿园|工厂|厂|银行"
    r"|派出所|村委会|局|所|站)$"
)
_INSTITUTION = re.compile(
    r"(?i)\b((?:regional|memorial|general|community|university|children'?s|veterans)?\s*(?:medical\s+(?:center|centre|group|associates)"
    r"|health\s*(?:care)?\s+(?:center|centre|system|clinic)|hospital|clinic|hospice|infirmary|rehab(?:ilitation)?(?:\s+center)?"
    r"|nursing\s+home|surgery\s+center|practice|pharmacy|urgent\s+care|er|ed|laborator(?:y|ies)|labs?|associates|school|university"
    r"|college|church|bank|inc\.?|llc|ltd\.?|corp(?:oration)?\.?|company|co\.?))\s*$"
)
_STATE_NAMES = words("en", "states")
_STATE_CODES = words("en", "state_codes")
_STATE_IN_ADDRESS = re.compile(
    rf"(?:,\s*|\s)({'|'.join(_STATE_CODES)})\b(?=\s*,?\s*(?:\d{{5}}|$|USA?))|\b({'|'.join(_STATE_NAMES)})\b"
)
_MUNICIPALITIES = ("北京", "天津", "上海", "重庆")
_HAN_CITY = re.compile(r"^[\u4e00-\u9fff]{2,5}?(?:市|自治州|地区|盟)")
# ZIP3 areas of 20,000 people or fewer (2000 census; the list of the HHS guidance on 45 CFR 164.514(b)(2)(i)(B)).
SMALL_ZIP3_2000 = frozenset(words("en", "small_zip3_2000"))


def _different(choices: Choices, purpose: str, value: str, pool: tuple[str, ...]) -> str:
    folded = fold(value)
    return choices.pick(
        purpose, folded, pool, never={item for item in pool if fold(item) in folded or folded in fold(item)}
    )


def _cased(made: str, value: str) -> str:
    return made.upper() if value.isupper() and len(value) > 3 else made.lower() if value.islower() else made


def town(choices: Choices, value: str) -> str:
    """Return another town, county or city of the same kind of name."""
    shown = view(value).text.strip()
    if not HAN.search(shown):
        return _cased(_different(choices, "town", shown, words("en", "towns")), value)
    kind = match.group() if (match := _HAN_KIND.search(shown)) and len(shown) > len(match.group()) else ""
    return _different(choices, "han-town", shown.removesuffix(kind), words("zh", "cities")) + kind


def state(choices: Choices, value: str) -> str:
    """Return another state or province in the same form (code, name, with or without 省)."""
    shown = view(value).text.strip()
    if HAN.search(shown):
        kind = (
            match.group()
            if (match := re.search(r"(?:省|市|自治区|壮族自治区|回族自治区|维吾尔自治区)$", shown))
            else ""
        )
        made = _different(choices, "province", shown.removesuffix(kind), words("zh", "provinces"))
        return made + ("市" if kind and made in _MUNICIPALITIES else "省" if kind else "")
    pool = _STATE_CODES if len(shown) == 2 else _STATE_NAMES
    return _cased(
        choices.pick("state", fold(shown), pool, never={item for item in pool if fold(item) == fold(shown)}), value
    )


def institution(choices: Choices, value: str, *, hospital: bool) -> str:
    """Return another institution of the same kind."""
    shown = view(value).text.strip()
    if HAN.search(shown):
        kind = match.group() if (match := _HAN_INSTITUTION.search(shown)) else ("医院" if hospital else "公司")
        return _different(choices, "han-institution", shown, words("zh", "hospitals")) + kind
    match = _INSTITUTION.search(shown)
    kind = " ".join(match.group(1).split()) if match else ("Medical Center" if hospital else "Group")
    pool = words("en", "towns") if hospital else words("en", "organisations")
    made = _different(choices, "institution", shown[: match.start()] if match else shown, pool)
    return _cased(made, value) + " " + kind


def address(choices: Choices, value: str) -> str:
    """Return an invented street address in the language of the original; nothing of the original is in it."""
    shown = view(value).text
    number = choices.number("house", fold(shown), 890) + 10
    if HAN.search(shown):
        street = _different(choices, "han-street", shown, words("zh", "streets"))
        return f"{street}路{number}号"
    street = _different(choices, "street", shown, words("en", "streets"))
    kind = choices.pick("street-kind", fold(shown), ("Street", "Avenue", "Lane", "Road", "Drive"))
    return _cased(f"{number} {street} {kind}", value)


def zip3(value: str) -> str | None:
    """Return a ZIP code as its first three digits, `000` where 20,000 people or fewer live; None if it is none."""
    digits = "".join(character for character in view(value).text if character.isdigit())
    if len(digits) not in {5, 9} or not re.fullmatch(r"\s*\d{5}(?:[-\s]?\d{4})?\s*", view(value).text):
        return None
    return "000" if digits[:3] in SMALL_ZIP3_2000 else digits[:3]


def province_of(value: str) -> str | None:
    """Return the province a Chinese place names, in its short form, or None."""
    shown = view(value).text
    return next(
        (name for name in words("zh", "provinces") if shown.lstrip().startswith(name) or f"省{name}" in shown), None
    )


def coarser(value: str, *, keep_city: bool) -> str | None:
    """Return the part of an address or place that may stay: province, with the city where `keep_city`; None if unknown.

    English addresses keep their state. Nothing below is kept.
    """
    shown = view(value).text.strip()
    if not HAN.search(shown):
        match = _STATE_IN_ADDRESS.search(shown)
        return None if match is None else match.group(1) or match.group(2)
    province = province_of(shown)
    if province is None:
        return None
    rest = re.sub(rf"^{province}(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?", "", shown)
    full = shown[: len(shown) - len(rest)]
    if keep_city and province not in _MUNICIPALITIES and (city := _HAN_CITY.match(rest)):
        return full + city.group()
    return full


def ethnicity(value: str) -> str | None:
    """Return 汉族 or 少数民族 for an ethnic group of China, None for what is not one."""
    shown = view(value).text.strip()
    if not HAN.search(shown):
        return None
    return "汉族" if shown.startswith("汉") else "少数民族"
