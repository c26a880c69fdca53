"""Dates in digits: year first, day or month first, compact (ISO 8601-1:2019, GB/T 7408-2005, HL7 v2 TS)."""

from __future__ import annotations

from onprem.dates.forms import DAY2, MONTH2, YEAR4, Form, form

_C = r"(?P<c>\s*(?:~|-+|to|through|thru|until|至|到)\s*)"  # connector of a range
_NOT_AFTER_NUMBER = r"(?<!\d)(?<!\d[./])"
_ISO_TIME = r"(?:T\d{2}:?\d{2}(?::?\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?"

NUMERIC: tuple[Form, ...] = (
    # year first
    form(
        "ymd-range", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<y>{YEAR4})(?P<sep>[-/.])(?P<m>{MONTH2})(?P=sep)(?P<d>{DAY2})"
        rf"(?P<c>\s*(?:~|to|至|到)\s*|\s?-\s?)(?P<p2>(?P<y2>{YEAR4})(?P=sep)(?P<m2>{MONTH2})(?P=sep)(?P<d2>{DAY2}))(?!\d)",
    ),
    form(
        "ymd-md", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<y>{YEAR4})(?P<sep>[/.])(?P<m>{MONTH2})(?P=sep)(?P<d>{DAY2}){_C}"
        rf"(?P<p2>(?:(?P<m2>{MONTH2})(?P=sep))?(?P<d2>{DAY2}))(?![\d:]|(?P=sep)\d)",
    ),
    form(
        "iso-md", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<y>{YEAR4})-(?P<m>{MONTH2})-(?P<d>{DAY2})(?P<c>\s*(?:~|/|to|至|到)\s*)"
        rf"(?P<p2>(?:(?P<m2>{MONTH2})-)?(?P<d2>{DAY2}))(?![\d:]|-\d)",
    ),
    form(
        "ymd", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<y>{YEAR4})\s?(?P<sep>[-/.])\s?(?P<m>{MONTH2})\s?(?P=sep)\s?(?P<d>{DAY2}){_ISO_TIME}"
        r"(?!\d|(?P=sep)\d|%)",
    ),
    form(
        "compact", "compact",
        r"(?<![0-9A-Za-z.])(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])"
        r"(?:T?(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?(?:Z|[+-]\d{4})?)?(?![0-9A-Za-z]|\.\d)",
    ),
    # day or month first
    form(
        "ab-ab-y", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<a>{DAY2})(?P<sep>[/.])(?P<b>{DAY2}){_C}(?P<p2>(?P<a2>{DAY2})(?P=sep)(?P<b2>{DAY2}))"
        rf"(?P=sep)(?P<y>{YEAR4}|\d\d)(?!\d|(?P=sep)\d)",
    ),
    form(
        "ab-y-ab", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<a>{DAY2})(?P<sep>[/.])(?P<b>{DAY2})(?P=sep)(?P<y>{YEAR4}){_C}"
        rf"(?P<p2>(?P<a2>{DAY2})(?P=sep)(?P<b2>{DAY2}))(?!\d|(?P=sep)\d)",
    ),
    form(
        "md-d-y", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<m>{MONTH2})/(?P<d>{DAY2})(?P<c>-)(?P<p2>(?P<d2>{DAY2}))/(?P<y>{YEAR4})(?!\d|/\d)",
    ),
    form(
        "ab-y", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?P<a>{DAY2})\s?(?P<sep>[-/.])\s?(?P<b>{DAY2})\s?(?P=sep)\s?(?P<y>{YEAR4})(?!\d|(?P=sep)\d|%)",
    ),
    form(
        "ab-yy", "numeric",
        rf"{_NOT_AFTER_NUMBER}(?<![A-Za-z$#])(?P<a>{DAY2})(?P<sep>/)(?P<b>{DAY2})/(?P<y>\d\d)(?![\dA-Za-z%]|/\d|\.\d)",
    ),
    form(
        "ab-yy-marks", "numeric",
        r"(?<![A-Za-z0-9$#.-])(?P<a>[0-3]\d)(?P<sep>[.-])(?P<b>[0-3]\d)(?P=sep)(?P<y>\d\d)(?![\dA-Za-z%]|[./-]\d)",
        cue="marks",
    ),
    form(
        "yy-m-d", "numeric",
        rf"(?<![A-Za-z0-9$#.-])(?P<y>\d\d)(?P<sep>[./-])(?P<m>{MONTH2})(?P=sep)(?P<d>{DAY2}){_C}"
        rf"(?P<p2>(?:(?P<m2>{MONTH2})(?P=sep))?(?P<d2>{DAY2}))(?![\dA-Za-z%]|[./-]\d)",
        cue="han dots",
    ),
    form(
        "yy-m-d", "numeric",
        rf"(?<![A-Za-z0-9$#.-])(?P<y>\d\d)(?P<sep>[./-])(?P<m>{MONTH2})(?P=sep)(?P<d>{DAY2})(?![\dA-Za-z%]|[./]\d)",
        cue="han dots",
    ),
    form(
        "ab-ab", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<a>{DAY2})(?P<sep>/)(?P<b>{DAY2}){_C}(?P<p2>(?P<a2>{DAY2})/(?P<b2>{DAY2}))"
        r"(?![0-9A-Za-z/%]|[.,]\d)",
        cue="slash",
    ),
    form(
        "ab", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<a>{DAY2})(?P<sep>/)(?P<b>{DAY2})(?![0-9A-Za-z/%]|[.,-]\d)",
        cue="slash",
    ),
    form(
        "ab-dash", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<a>{DAY2})(?P<sep>[-.])(?P<b>{DAY2})(?![0-9A-Za-z/%]|[.,-]\d)",
        cue="dash",
    ),
    form(
        "my", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<m>{MONTH2})(?P<sep>[/-])(?P<y>{YEAR4})(?![0-9A-Za-z%]|[./-]\d)",
    ),
    form(
        "ym", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<y>{YEAR4})(?P<sep>[/-])(?P<m>0[1-9]|1[0-2])(?![0-9A-Za-z%]|[./-]\d)",
    ),
    form(
        "ym-dot", "numeric",
        rf"(?<![A-Za-z0-9./$#-])(?P<y>{YEAR4})(?P<sep>[.])(?P<m>{MONTH2})(?![0-9A-Za-z%]|[./-]\d)",
        cue="han dots",
    ),
)  # fmt: skip
