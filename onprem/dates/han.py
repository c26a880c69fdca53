"""Dates in Chinese: digits or Chinese numerals with 年月日, ranges, coarse dates, lunar dates, festivals."""

from __future__ import annotations

from onprem.dates.forms import YEAR4, Form, Precision, form

_HY = r"(?:(?:19|20)\d\d|(?<!\d)\d\d|[〇零○一二三四五六七八九]{4}|[〇零○一二三四五六七八九]{2})"
_HM = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_HD = r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|[一二三四五六七八九])"
_HC = r"(?P<c>\s*(?:~|-+|至|到|、|及|和)\s*)"
_LUNAR_DAY = (
    r"(?:初[一二三四五六七八九十]|十[一二三四五六七八九]|二十[一二三四五六七八九]?|廿[一二三四五六七八九]?|三十|十五)"
)
_FESTIVAL_ZH = (
    r"(?:春节|除夕|大年初[一二三四五六七八九十]|大年三十|元宵节|清明节|端午节|中秋节|重阳节|国庆节|元旦|劳动节|五一节"
    r"|圣诞节|腊八节|七夕节|中元节|小年夜)"
)

HAN: tuple[Form, ...] = (
    # Chinese
    form(
        "han-lunar", "han",
        rf"(?:(?:农历|阴历|旧历|夏历)\s?)(?:(?P<y>{_HY})年)?闰?(?:正|腊|冬|{_HM})月(?:{_LUNAR_DAY}|{_HD}日?)?"
        rf"|(?:(?P<y2>{_HY})年)?(?:(?:正|腊|冬)月(?:{_LUNAR_DAY})?|{_HM}月初[一二三四五六七八九十])",
        precision=Precision.NAMED,
    ),
    form(
        "han-range", "han",
        rf"(?P<y>{_HY})\s?年\s?(?P<m>{_HM})\s?月\s?(?P<d>{_HD})\s?[日号]?{_HC}"
        rf"(?P<p2>(?:(?:(?P<y2>{_HY})\s?年\s?)?(?P<m2>{_HM})\s?月\s?)?(?P<d2>{_HD})\s?[日号])(?!龄)",
    ),
    form(
        "han-ymd", "han",
        rf"(?P<y>{_HY})\s?年\s?(?P<m>{_HM})\s?月\s?(?P<d>{_HD})(?:\s?[日号]|(?![\d个次月年天周岁期小时分余多]))",
    ),
    form(
        "han-ym-m", "han",
        rf"(?P<y>{_HY})\s?年\s?(?P<m>{_HM})\s?月?{_HC}(?P<p2>(?P<m2>{_HM})\s?月)(?!\s?\d{{1,2}}\s?[日号])",
    ),
    form("han-ym", "han", rf"(?P<y>{_HY})\s?年\s?(?P<m>{_HM})\s?月(?P<t>[上中下](?=旬))?(?:旬|份|初|底|末)?"),
    form(
        "han-md-range", "han",
        rf"(?<![\d.年])(?P<m>{_HM})\s?月\s?(?P<d>{_HD})\s?[日号]?{_HC}(?P<p2>(?:(?P<m2>{_HM})\s?月\s?)?(?P<d2>{_HD})\s?[日号])(?!龄)",
    ),
    form("han-md", "han", rf"(?<![\d.])(?P<m>{_HM})\s?月\s?(?P<d>{_HD})\s?[日号](?!龄)"),
    form("han-m", "han", rf"(?<![\d.个])(?P<m>{_HM})\s?月(?:份|(?P<t>[上中下])旬|[初底末])"),
    form("han-m", "han", rf"(?<![\d.个])(?P<m>{_HM})\s?月(?![龄前后余内来多\d大经])", cue="han month"),
    form(
        "han-quarter", "han", rf"(?P<y>{_HY})\s?年\s?第?(?P<q>[1-4一二三四])季度?", precision=Precision.QUARTER,
    ),
    form("han-half", "han", rf"(?P<y>{_HY})\s?年\s?(?P<h>[上下])半年", precision=Precision.HALF),
    form("han-season", "han", rf"(?P<y>{_HY})\s?年\s?(?P<s>[春夏秋冬])[季天]?", precision=Precision.SEASON),
    form(
        "han-year", "han",
        r"(?<![\d.])(?P<y>(?:19|20)\d\d)(?P<c>\s*[-~至到]\s*)(?P<p2>(?P<y2>(?:19|20)\d\d))\s?年(?!级|版)",
        precision=Precision.YEAR,
    ),
    form(
        "han-year", "han",
        rf"(?<![\d.])(?P<y>{YEAR4}|[一二][〇零○九][〇零○一二三四五六七八九]{{2}})\s?年(?!级|版)(?:初|底|末)?",
        precision=Precision.YEAR,
    ),
    form(
        "han-year", "han", r"(?<![\d.])(?P<y>[089]\d)年(?!级|版|余|前|后|来|间|史|龄)",
        cue="han year", precision=Precision.YEAR,
    ),
    form(
        "han-day", "han", rf"(?<![\d.月个])(?P<d>{_HD})[日号](?![前后内余龄间常床楼])", cue="han day",
        precision=Precision.DAY_OF_MONTH,
    ),
    form("han-festival", "han festival", rf"(?:(?P<y>{_HY})年)?{_FESTIVAL_ZH}", precision=Precision.NAMED),
)  # fmt: skip
