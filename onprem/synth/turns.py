"""Turns of a dialogue that a model writes: who speaks is said by code, what a small model says is cleaned and bounded.

The way of a turn: `transcript` renders what was said so far, within the room that the context leaves (`room`, `recent`); the
recipe asks for one turn with the speaker's tag as `How.begin`; `clean` cuts the answer to that one turn; `repeats` says
whether it only says again what was said. `take_turn` does all of it, and asks once more where nothing usable came.

Rules: a tag never comes from an answer: where a model goes on in another's name, its turn ends there. What is cut is whole
sentences. A turn that only repeats, or that speaks of itself as a program, is none.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from onprem.errors import InputError
from onprem.llm.contract import Answer, Ended, Request
from onprem.llm.templates import Message
from onprem.near import shingles
from onprem.synth.contract import Asker, How, Lang, Line
from onprem.text import HAN

Speaker = Literal["patient", "doctor"]
OTHER: Mapping[Speaker, Speaker] = {"patient": "doctor", "doctor": "patient"}
TAGS: Mapping[Lang, Mapping[Speaker, str]] = {
    "en": {"patient": "Patient:", "doctor": "Doctor:"},
    "zh": {"patient": "患者：", "doctor": "医生："},
}

REPEATED = 0.5  # share of shingles in common from which a turn says again what an earlier one said
_SHORT = 4  # words (Han: characters) up to which an answer such as "No, doctor." may be said again
_TRIES = 2  # times that a turn is asked for
_SPARE = 24  # tokens of marks around messages, at most
_LATIN, _HAN = 3, 2  # at least so many letters make a token; at most so many tokens make a Han character

_NAMED = (
    "doctor|dr|physician|patient|user|assistant|system|nurse|interviewer|human|ai|医生|大夫|患者|病人|用户|助手|护士"
)
_ASIDE = r"(?:\s*\([^)\n]{0,40}\))?[\])*]*\s*[:：]"
# a tag at the beginning of a line or sentence, or one with a capital anywhere
_TAG = re.compile(
    rf"(?:^|(?<=[\n.!?。！？\"]))\s*[\"*#\[(]*(?:(?i:{_NAMED}|you|me|question|answer)){_ASIDE}"
    rf"|\s[\[(*]*(?:Doctor|Patient|Assistant|User){_ASIDE}"
)
_MARKUP = re.compile(r"\*+|`+|^\s*#+\s+|^\s*(?:[-•]|\d{1,2}[.)])\s+", re.MULTILINE)
_STAGE = re.compile(r"\([^)\n]{0,80}\)|（[^）\n]{0,40}）|【[^】\n]{0,40}】")  # "(smiles)"
_BLANK = re.compile(r"\[[^\]\n]*\]|<[^>\n]*>|_{2,}|\{[^}\n]*\}|X{2,}|某某")  # to be filled in by a hand
_TITLED = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Miss|Prof)\.?\s+[A-Z][\w'-]*(?:\s+[A-Z][\w'-]*)?")
_PROGRAM = re.compile(
    r"\bas an? (?:AI|artificial|large language|language model)|\b(?:AI|virtual|digital) (?:assistant|language model|model)\b"
    r"|\blanguage model\b|\bchatbot\b|\bI (?:am|'m) an AI\b|作为(?:一个|一名)?(?:人工智能|AI|语言模型)|语言模型",
    re.IGNORECASE,
)
# between two sentences: after a mark and a blank, or after a mark of Chinese
_BETWEEN = re.compile(r"(?<=[.!?…])[\"'”’)]*(\s+)(?=\S)|(?<=[。！？…])[”’」』）]*()(?=[^”’」』）。！？…])")
_ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|vs|approx|no|st|dr|mr|mrs|ms|prof|[A-Z])\.$", re.IGNORECASE)
_ENDS = re.compile(r"[.!?。！？…][\"'”’」』)）]*$")
_WORD = re.compile(rf"{HAN.pattern}|[^\W_]+(?:['’.,/-][^\W_]+)*")
_QUOTES = '"“”「」『』'

_OTHERS: Mapping[Speaker, re.Pattern[str]] = {
    "patient": re.compile(
        r"\bI(?: am|'m| will be)? (?:a|your|the) (?:doctor|physician|nurse)\b|\byour (?:symptoms|doctor|wife|husband)\b"
        r"|\bI(?: will|'ll| would|'d)? (?:prescribe|examine you|refer you|recommend)\b|\bhelp you\b|\bsee you (?:at|in)\b"
        r"|我是(?:您的|你的)?医生|给您开|给你开|您的症状|建议您|建议你",
        re.IGNORECASE,
    ),
    "doctor": re.compile(
        r"\bI(?: am|'m) (?:a|the|your) patient\b|\bmy (?:doctor|GP|symptoms|wife|husband|mother|father|son|daughter)\b"
        r"|\bI (?:have|had|feel) (?:a |an |the |some |no )?(?:pain|headache|fever|cough|rash)\b|\bsee a doctor\b"
        r"|我是患者|我的医生|谢谢医生|我(?:头|肚子|胃|腰|腿|嗓子)疼",
        re.IGNORECASE,
    ),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """What one of the two says. `act` is what the turn is for, where code planned it (a topic of a pack); else ""."""

    role: Speaker
    text: str = field(repr=False)
    act: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a turn is: sentences at most, words (Han: characters) at least and at most."""

    sentences: int = 3
    least: int = 1
    most: int = 60


@dataclass(frozen=True, slots=True)
class Said:
    """What came of asking for a turn: `text`, or "" and a fixed word why there is none."""

    text: str = field(repr=False)
    why: str = ""


EMPTY, REPETITION, OUT_OF_ROLE = "nothing said", "repetition", "out of role"
TOO_LONG = "does not fit into the context"


def turn_lines(turns: Iterable[Turn]) -> list[Line]:
    """Return turns as lines hold them: role and text, and the act where there is one."""
    return [{"role": turn.role, "text": turn.text} | ({"act": turn.act} if turn.act else {}) for turn in turns]


def turns_of(line: Line) -> list[Turn]:
    """Return the turns of a line.

    Raises:
        InputError: it holds none, or they are of another form.
    """
    said = line.get("turns")
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        raise InputError("a line of a dialogue has no turns")
    turns = []
    for each in said:
        role, text, act = each.get("role"), each.get("text"), each.get("act", "")
        if role not in OTHER or not isinstance(text, str) or not isinstance(act, str):
            raise InputError("a turn has a role, which is patient or doctor, and a text")
        turns.append(Turn(role, text, act))
    return turns


def told(line: Line) -> str:
    """Return the text of a dialogue by which near-duplicates are judged: what is said, without who says it."""
    return "\n".join(turn.text for turn in turns_of(line))


def transcript(turns: Iterable[Turn], lang: Lang) -> str:
    """Return turns as a text, a line each, with the speakers' tags."""
    return "\n".join(f"{TAGS[lang][turn.role]}{'' if lang == 'zh' else ' '}{turn.text}" for turn in turns)


def length(text: str) -> int:
    """Return the words of a text; a Han character is one."""
    return sum(1 for _ in _WORD.finditer(text))


def tokens_at_most(text: str) -> int:
    """Return how many tokens a text hardly exceeds in any vocabulary."""
    han = len(HAN.findall(text))
    return han * _HAN + (len(text) - han) // _LATIN + 1


def room(asker: Asker, how: How, *around: str) -> int:
    """Return the tokens that the context leaves for the transcript, beside what stands around it and the answer."""
    return asker.context - how.max_tokens - _SPARE - sum(map(tokens_at_most, around))


def recent(turns: Sequence[Turn], tokens: int) -> list[Turn]:
    """Return the first turn, which says what the dialogue is about, and as many of the last as fit; whole turns only."""
    if not turns:
        return []
    costs = [tokens_at_most(turn.text) + 4 for turn in turns]
    left = tokens - costs[0]
    kept = len(turns)
    while kept > 1 and costs[kept - 1] <= left:
        kept -= 1
        left -= costs[kept]
    return [turns[0], *turns[kept:]] if kept < len(turns) or len(turns) == 1 else [turns[-1]]


def sentences(text: str) -> list[str]:
    """Return the sentences of a turn, each with the mark that ends it."""
    found: list[str] = []
    at = 0
    for match in _BETWEEN.finditer(text):
        end = match.end() - len(match[1] or "")
        if not _ABBREVIATED.search(text[at:end]):
            found.append(text[at:end].strip())
            at = match.end()
    return [each for each in [*found, text[at:].strip()] if each]


def clean(text: str, bounds: Bounds) -> str:
    """Return the one turn that an answer holds, "" where it holds none.

    It ends where another tag or another paragraph begins; marks of lists, stage directions, quotation marks around it and
    sentences with blanks to fill in go; a title with a name becomes the title's bearer; what is said twice is said once; a
    last sentence that was cut off goes, unless it is all there is. Nothing is made shorter but by whole sentences.
    """
    said = text.strip().removeprefix("：").removeprefix(":").strip()
    while tag := _TAG.match(said):
        said = said[tag.end() :].strip()
    if tag := _TAG.search(said):
        said = said[: tag.start()]
    said = said.strip().partition("\n\n")[0]
    said = _STAGE.sub(" ", _MARKUP.sub("", said))
    said = " ".join(said.split()).strip()
    if said[:1] in _QUOTES or said.count('"') % 2:
        said = said.strip(_QUOTES).strip()
    if not said or _PROGRAM.search(said):
        return ""
    kept: list[str] = []
    words = 0
    for sentence in _plain(said):
        words += length(sentence)
        if kept and (words > bounds.most or len(kept) >= bounds.sentences):
            break
        kept.append(sentence)
    joined = ("" if HAN.search(said) else " ").join(kept)
    return joined if bounds.least <= length(joined) <= bounds.most else ""


def _plain(said: str) -> Iterator[str]:
    """Yield the sentences that may stay, each once."""
    seen: set[str] = set()
    found = sentences(said)
    whole = [each for each in found if _ENDS.search(each)]
    for sentence in whole or found:
        named = _TITLED.sub("doctor" if re.search(r"\bDr\b", sentence) else "", sentence)
        key = " ".join(_WORD.findall(named.lower()))
        if key and key not in seen and not _BLANK.search(named):
            seen.add(key)
            yield " ".join(named.split())


def repeats(text: str, so_far: Iterable[Turn]) -> bool:
    """Say whether a turn says again what an earlier one said, whoever said it; an answer of a few words may come again."""
    if length(text) <= _SHORT:
        return False
    own = shingles(text)
    for turn in so_far:
        other = shingles(turn.text)
        if len(own & other) >= REPEATED * min(len(own), len(other)) and length(turn.text) > _SHORT:
            return True
    return False


def out_of_role(text: str, role: Speaker) -> bool:
    """Say whether a turn has words that only the other one says: a patient who prescribes, a doctor who has a doctor."""
    return bool(_OTHERS[role].search(text))


def one_line(lang: Lang, *, begun: bool, question: bool = False, second: bool = False) -> str:
    """Return the grammar (GBNF) of a turn: a sentence on one line, or two, without tags, brackets and lists.

    `begun` says that the first words are in the model's mouth; a `question` ends with its mark; a `second` sentence may
    follow. The point of a number ends no sentence.
    """
    if lang == "zh":
        mark = '"？"' if question else "[。？！]"
        return f"""root ::= sentence {"sentence? " if second else ""}"\\n"?
sentence ::= [^.?!:\\n\\r[\\](){{}}<>*。？！：]+ {mark}"""
    mark = '"?"' if question else "[.?!]"
    first = f"inside {mark}" if begun else '" " sentence'
    return f"""root ::= {first} {'(" " sentence)? ' if second else ""}"\\n"?
sentence ::= [A-Z] inside {mark}
inside ::= ([^.?!:0-9\\n\\r[\\](){{}}<>*] | number)+
number ::= [0-9]+ ("." [0-9]+)?"""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a turn is asked for: whose it is, what was said before, how long it may be.

    `opener` are the words with which the turn begins, which `how.begin` has put into the model's mouth.
    """

    how: How
    role: Speaker
    so_far: tuple[Turn, ...]
    bounds: Bounds = Bounds()
    opener: str = ""


def take_turn(
    asker: Asker, messages: Sequence[Message], asking: Asking
) -> Generator[Sequence[Request], Sequence[Answer], Said]:
    """Ask for one turn, once more where nothing usable comes; use it with `yield from` in `Work.write`.

    Raises:
        UsageError: as `Asker.ask`.
    """
    why = EMPTY
    for _ in range(_TRIES):
        (answer,) = yield [asker.ask(messages, asking.how)]
        if answer.ended is Ended.TOO_LONG:
            return Said("", TOO_LONG)
        text = clean(asking.opener + answer.text, asking.bounds)
        if not text or (answer.ended is not Ended.STOP and not _ENDS.search(text)):
            why = EMPTY
        elif out_of_role(text, asking.role):
            why = OUT_OF_ROLE
        elif repeats(text, asking.so_far):
            why = REPETITION
        else:
            return Said(text)
    return Said("", why)
