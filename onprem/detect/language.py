"""Which language a text is in, as far as detection needs to know: English, Chinese, both, or one that nobody here reads.

A text in a language that the detectors were not made for is held, so a wrong "en" is the dangerous error. The test is
script first, then function words: scripts other than Latin and Han decide at once; Latin text is refused only when the
function words of another language clearly outweigh the English ones, since clinical shorthand has few of either.
"""

from __future__ import annotations

import re

from onprem.text import HAN

_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_OTHER_LETTER = re.compile(
    r"[^\W\d_A-Za-z\u00aa-\u024f\u0370-\u03ff\u1e00-\u1eff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
)

_ENGLISH = frozenset(
    "the and of to in is was with for on at by from has had have he she his her are were not no be this that "
    "as an or it will after patient history".split()
)
# Words that are frequent in their language and are not English words or clinical shorthand.
_FOREIGN = frozenset(
    "der das und ist nicht mit ein eine einen von zur zum dem den auf wurde wird bei sich "  # German
    "le les des est une dans pour avec sur qui pas été au du aux sont cette ou il elle "  # French
    "el los las una del con por para que fue se su es un al como pero sus y "  # Spanish
    "os uma dos das não foi com do da em na ao pela "  # Portuguese
    "il lo gli della nel non sono che è alla dei stato "  # Italian
    "het een van voor niet zijn werd met op bij naar heeft "  # Dutch
    "och att som för är på av med ett har inte i til og det ikke jeg "  # Scandinavian
    "nie się jest na do że oraz był pacjent "  # Polish
    "ve bir bu için ile olan hasta "  # Turkish
    "và của là không có cho bệnh nhân".split()  # Vietnamese
) - {"i", "do", "on", "a"}

_SAMPLE = 20_000  # code points looked at: enough to tell, and flat on very long texts
_ENOUGH_WORDS = 12


def language(text: str) -> str:
    """Return "en", "zh", "mixed" (Latin text with Chinese passages) or "other" (a language the detectors do not read)."""
    sample = text[:_SAMPLE]
    if sample.isascii():
        return "other" if _foreign(sample) else "en"
    han = len(HAN.findall(sample))
    other = len(_OTHER_LETTER.findall(sample))
    words = _LATIN_WORD.findall(sample)
    letters = sum(map(len, words))
    if other >= 4 and other > 0.2 * (han + other + letters):
        return "other"
    if not han:
        return "other" if _foreign(sample) else "en"
    return "mixed" if letters > 6 * han else "zh"


def _foreign(sample: str) -> bool:
    words = [word.lower() for word in _LATIN_WORD.findall(sample)]
    if len(words) < _ENOUGH_WORDS:
        return False
    foreign = sum(word in _FOREIGN for word in words)
    english = sum(word in _ENGLISH for word in words)
    return foreign >= 4 and foreign > 0.12 * len(words) and foreign > 2 * english
