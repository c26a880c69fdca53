"""The summary of a dialogue: what was revealed, what is no problem, what stays unknown, by the templates of the pack.

Rules: only what the patient revealed stands in it; the portrait is never looked at. A sentence of a template whose place has
nothing to fill it is left out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from string import Formatter

from onprem.synth.contract import Lang
from onprem.synth.pack import Pack

_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")


def summarise(pack: Pack, lang: Lang, revealed: Mapping[str, str], rng: random.Random) -> str:
    """Return the summary of what was revealed.

    An item of a scale with its least points is named as absent; every other revealed item is found, by its note.
    """
    speech = pack.speech[lang]
    scored = {item for scale in pack.scale for item in scale.items}
    found, absent, unknown = [], [], []
    for item in pack.asked:
        if item not in revealed:
            unknown.append(speech.item[item].name)
        elif item in scored and _is_least(pack, item, revealed[item]):
            absent.append(speech.item[item].name)
        else:
            found.append(speech.item[item].note[revealed[item]])
    told = {"found": speech.join(found), "absent": speech.join(absent), "unknown": speech.join(unknown)}
    kept = [
        each for each in _SENTENCE.split(rng.choice(speech.summary)) if each and all(told[name] for name in _in(each))
    ]
    return ("" if lang == "zh" else " ").join(each.format(**told) for each in kept)


def _is_least(pack: Pack, item: str, value: str) -> bool:
    own = pack.items[item]
    return own.point(value) == min(map(own.point, own.values))


def _in(sentence: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]
