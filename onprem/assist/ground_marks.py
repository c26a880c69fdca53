"""What stands under a negation, a doubt, a plan, the past, an allergy or a relative's name, by the words that say so.

Rules: the same on both sides, note and sentence. Where it cannot be said how far a word reaches, what may stand under it is
marked as not clear, and bears nothing out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from onprem.assist.ground_words import Trigger, words

Mark = tuple[int, int, str, int]  # start, end, mark, value: 1 yes, 2 either, 3 not clear

_ENGLISH_CUT = re.compile(
    r"[,;:()\[\]\"]|\b(?:and|or|nor|but|while|although|though|however|except|which|who)\b", re.IGNORECASE
)
_HAN_CUT = re.compile(r"[,;:()\[\]\"“”]|但|而(?!且)|伴|,且")
_BUT = re.compile(r"\b(?:but|however|although|though|except)\b|但", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_OR = re.compile(r"\b(?:or|nor)\b", re.IGNORECASE)
_HE, _SHE = re.compile(r"\s*he\b", re.IGNORECASE), re.compile(r"\s*she\b", re.IGNORECASE)
_THEY = re.compile(r"\s*they\b", re.IGNORECASE)
_ILLNESS = re.compile(r"history of (?:the )?present(?:ing)? (?:illness|complaint)|hpi|现病史", re.IGNORECASE)
# verbs that take a negation to what stands before it: "aspirin was not given"
_LIGHT = re.compile(
    r"[\s\w]{0,3}(?:(?:been|be|yet|given|done|performed|started|stopped|continued|taken|used|needed|seen|found"
    r"|present|noted|detected|identified|observed|confirmed|evident|required)\b\s*)+[.\s]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a sentence stands: its heading, whether it is the first there, and the relative of the sentence before."""

    heading: str = field(repr=False, default="")
    first: bool = True
    kin: str = ""  # "he", "she", "they" or ""


def marked(text: str, start: int, end: int, setting: Setting) -> tuple[list[Mark], str]:
    """Return the marks of one sentence, and which relative it speaks of: "he", "she", "they" or ""."""
    found: list[Mark] = []
    if setting.heading:
        found += _under(setting.heading, start, end, first=setting.first)
    for trigger in words().triggers:
        for match in trigger.pattern.finditer(text, start, end):
            found += _reached(trigger, match, text, start, end)
    if text[start:end].endswith("?"):
        found.append((start, end, "unsure", 1))
    marks, kin = _kin(text, start, end)
    found += marks
    if not kin and setting.kin:
        same = {"he": _HE, "she": _SHE, "they": _THEY}[setting.kin]
        if same.match(text, start, end) or _THEY.match(text, start, end):
            found.append((start, end, "kin", 3))
            kin = setting.kin
    return found, kin


def triggers_of_han(text: str, start: int, end: int) -> set[int]:
    """Return the places of Han characters that only set a mark, such as 无, and need no support of their own."""
    found: set[int] = set()
    for trigger in words().triggers:
        if trigger.han:
            for match in trigger.pattern.finditer(text, start, end):
                if len(match[0]) == 1 or match[0] in words().markers:
                    found.update(range(*match.span()))
    return found


def _under(heading: str, start: int, end: int, *, first: bool) -> Iterator[Mark]:
    """Mark what stands under a heading such as "Family history", or under one that holds a trigger, such as "Denies"."""
    if _ILLNESS.fullmatch(heading):
        return
    known = {mark for mark, pattern in words().headings if pattern.fullmatch(heading)}
    held = {trigger.mark for trigger in words().triggers if trigger.pattern.search(heading)}
    for mark in known | held:
        if mark == "past" and mark in known:
            yield start, end, mark, 2
        else:
            yield start, end, mark, 1 if first or mark in {"past", "notional"} else 3


def _reached(trigger: Trigger, match: re.Match[str], text: str, start: int, end: int) -> Iterator[Mark]:
    cut = _HAN_CUT if trigger.han else _ENGLISH_CUT
    over = match.end()
    if trigger.reach == "list":
        yield from _list(trigger, match.start(), over, text, end)
    elif trigger.reach == "no":
        yield from _no(trigger, match, text, start, end)
    elif trigger.reach == "part":
        yield match.start(), _part_end(text, over, end, cut), trigger.mark, 1
    elif trigger.reach == "unit":
        yield match.start(), _until(_BUT, text, over, end), trigger.mark, 1
    else:
        begun = _part_start(text, start, match.start(), cut)
        if trigger.reach == "both":
            yield begun, _until(_BUT, text, over, end), trigger.mark, 1
            yield start, begun, trigger.mark, 3
        elif not re.search(r"\w", text[over : _until(cut, text, over, end)]) or (
            trigger.han and trigger.mark == "allergy"
        ):
            yield begun, over, trigger.mark, 1
            if not trigger.han:
                yield start, begun, trigger.mark, 3


def _list(trigger: Trigger, begun: int, over: int, text: str, end: int) -> Iterator[Mark]:
    if not trigger.han:
        stop = _stop(words().stops, text, over, end)
        yield begun, stop, trigger.mark, 1
        yield from _before_verb(trigger, text, over, stop, end)
        return
    comma = _until(_HAN_CUT, text, over, end)
    yield begun, comma, trigger.mark, 1
    following = _until(_HAN_CUT, text, comma + 1, end)
    if comma < end and not any(item.pattern.search(text, comma, following) for item in words().triggers if item.han):
        yield comma, following, trigger.mark, 3


def _no(trigger: Trigger, match: re.Match[str], text: str, start: int, end: int) -> Iterator[Mark]:
    """Mark what "no" or "not" surely denies: its part, and what an "or" joins to it."""
    over = match.end()
    stops = words().stops if match[0].casefold() in {"no", "without", "nor"} else _BUT
    stop = _stop(stops, text, over, end)
    if _LIGHT.match(text, over, _until(_ENGLISH_CUT, text, over, end)):
        yield _part_start(text, start, match.start(), _ENGLISH_CUT), match.start(), trigger.mark, 1
    cuts = [found for found in _ENGLISH_CUT.finditer(text, over, stop) if found[0] != "("]
    ors = [found.start() for found in cuts if _OR.fullmatch(found[0])]
    reach = stop
    for found in cuts:
        later = [place for place in ors if place >= found.start()]
        if not later:
            reach = found.start()
            break
    yield match.start(), reach, trigger.mark, 1
    rest = text[reach:stop]
    if reach < stop and not re.match(r"\W*(?:and|or)?\W*(?:no|not|without|denies)\b", rest, re.IGNORECASE):
        yield reach, stop, trigger.mark, 3
    if reach == stop:
        yield from _before_verb(trigger, text, over, stop, end)


def _before_verb(trigger: Trigger, text: str, over: int, stop: int, end: int) -> Iterator[Mark]:
    """Where a verb ended the reach, what it is said of stood before it, as in "no fever, cough is dry": not clear."""
    last = _part_start(text, over, stop, _ENGLISH_CUT)
    if over < last < stop < end:
        yield last, stop, trigger.mark, 3


def _stop(pattern: re.Pattern[str], text: str, at: int, end: int) -> int:
    """Return where something stops the reach of a denial: not before it has denied anything, as in "denies having had"."""
    known = words()
    for found in pattern.finditer(text, at, end):
        between = _WORD.findall(text[at : found.start()].casefold())
        if any(word not in known.everyday and not pattern.fullmatch(word) for word in between):
            return found.start()
    return end


def _part_end(text: str, at: int, end: int, cut: re.Pattern[str]) -> int:
    """Return where a part ends; an "or" carries on."""
    for found in cut.finditer(text, at, end):
        if not _OR.fullmatch(found[0]):
            return found.start()
    return end


def _part_start(text: str, start: int, at: int, cut: re.Pattern[str]) -> int:
    begun = start
    for found in cut.finditer(text, start, at):
        begun = found.end()
    return begun


def _until(pattern: re.Pattern[str], text: str, at: int, end: int) -> int:
    found = pattern.search(text, at, end)
    return found.start() if found else end


def _kin(text: str, start: int, end: int) -> tuple[list[Mark], str]:
    """Mark what is said of a relative, up to where it is the patient's turn again."""
    found: list[Mark] = []
    kin = ""
    for match in words().kin.finditer(text, start, end):
        if words().informs.match(text, match.end(), end):
            continue
        cut = _HAN_CUT if match[0] > "\u3000" else _ENGLISH_CUT
        over = _until(words().resets, text, match.end(), end)
        found.append((_part_start(text, start, match.start(), cut), over, "kin", 1))
        kin = _sex(match[0])
    return found, kin


def _sex(relative: str) -> str:
    """Return the pronoun of a relative; several of them are "they"."""
    return words().kin_sex.get(relative.casefold().removesuffix("'s"), "they")
