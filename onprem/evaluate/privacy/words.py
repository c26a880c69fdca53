"""What each measure of the gate means, in words that a privacy officer reads: its name, its question, its figure.

Rules: the words say what was measured, never that data identify nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from onprem.evaluate.privacy.contract import Measure, Verdict


@dataclass(frozen=True, slots=True)
class Words:
    """The name of a measure, what it asks, and whether its figure is a share (else a plain number)."""

    name: str
    asks: str
    is_share: bool = True


MEANING: dict[str, Words] = {
    "identifiers": Words(
        "Identifiers of real people",
        "Does a synthetic row hold a name, number or address that also stands in a real record? The figure is the "
        "share of rows that do.",
    ),
    "canaries": Words(
        "Canaries",
        "Invented secrets were planted into the seen records. Does a synthetic row give one away? The figure is the "
        "share of planted secrets that came out.",
    ),
    "split": Words(
        "Seen and never-used records are different ones",
        "Do the records that were called never used repeat seen ones? Then nothing below could be relied on. The figure is "
        "the share that does.",
    ),
    "longest-run": Words(
        "Longest passage in common",
        "How many words (Chinese characters) in a row does a synthetic row share with a real record, at most?",
        is_share=False,
    ),
    "copies": Words(
        "Copies",
        "Does a synthetic row repeat a long passage, most of a long text, or a whole table row of a seen record, and of no "
        "never-used one? The figure is the share of rows that do.",
    ),
    "phrases": Words(
        "Phrases taken over",
        "Records of one kind share phrases anyway. The figure is the share of a row's phrases that stand in seen records, "
        "minus the share that stands in as many never-used ones.",
    ),
    "near-copies": Words(
        "Near copies",
        "The share of rows that repeat most of the distinctive phrases of one seen record, minus the same for never-used "
        "records.",
    ),
    "exact-copies": Words(
        "Exact copies beyond chance",
        "The share of rows that are the same as a seen row, minus the share that are the same as one of as many never-used "
        "rows.",
    ),
    "keys": Words(
        "Record numbers taken over",
        "The share of the numbers of rows that are those of seen rows, minus those of never-used ones.",
    ),
    "membership-distance": Words(
        "Guessing who was used, by distance",
        "Of a seen and a never-used record, how often does the seen one lie nearer to the synthetic set? 0.5 is a coin "
        "toss.",
        is_share=False,
    ),
    "membership-phrases": Words(
        "Guessing who was used, by phrases",
        "Of a seen and a never-used record, how often are more phrases of the seen one in the synthetic set? 0.5 is a coin "
        "toss.",
        is_share=False,
    ),
    "membership-extreme": Words(
        "Records that stand out as used",
        "The share of seen records that lie nearer to the synthetic set than all but one in 100 of the never-used ones, "
        "minus that one in 100.",
    ),
    "distance-ratio": Words(
        "Ratio of distances",
        "The median distance of seen records to their nearest synthetic row, divided by that of never-used ones. 1 is "
        "ideal.",
        is_share=False,
    ),
    "singling-out": Words(
        "Singling out",
        "Conditions that fit one synthetic row alone: how often do they fit one real record alone? The figure is what is "
        "gained on seen records beyond never-used ones.",
    ),
    "linkability": Words(
        "Linking",
        "Who knows two halves of a record, can she join them by the synthetic set? The figure is what is gained on seen "
        "records beyond never-used ones.",
    ),
    "inference": Words(
        "Inferring a value",
        "Who knows all of a record but one value, can she read it off the synthetic set? The figure is what is gained on "
        "seen records beyond never-used ones, over all columns.",
    ),
    "inference-worst": Words(
        "Inferring a value, worst column",
        "The same for the column with the largest gain; its interval allows for its being the worst of many.",
    ),
}

_ASIDE = {
    "detectable": "a value of {0:.2f} would have been found (power 80 %)",
    "seen": "seen {0}",
    "never used": "never used {0}",
    "success": "on seen records {0}",
    "control": "on never-used ones {0}",
    "guess": "by a guess {0}",
    "column": "column {0:.0f}",
}


def figure(measure: Measure, value: float) -> str:
    """Return a value of a measure as it is shown."""
    return f"{100 * value:.2f} %" if MEANING[measure.code].is_share else f"{value:.3g}"


def interval(measure: Measure) -> str:
    """Return the interval of a measure, "" where it has none."""
    metric = measure.metric
    if metric is None or (metric.low == metric.high == metric.value and measure.verdict is Verdict.SHOWN):
        return ""
    return f"{figure(measure, metric.low)} to {figure(measure, metric.high)}"


def threshold(measure: Measure) -> str:
    """Return what a measure may be, "" where it has no threshold."""
    if measure.bounds is not None:
        said = f"not above {figure(measure, measure.bounds.limit)} for certain"
        bound = measure.bounds.tolerated
        return said + (f", and surely below {figure(measure, bound)}" if bound < float("inf") else "")
    return "none" if measure.verdict in {Verdict.PASS, Verdict.FAIL} else ""


def beside(measure: Measure) -> str:
    """Return what a measure tells beside its figure: counts, baselines, what could be detected."""
    parts = [f"{name}: {count:,}" for name, count in measure.counts.items()]
    for name, value in measure.figures.items():
        if name in {"detectable", "column"}:
            parts.append(_ASIDE[name].format(value))
        elif name in _ASIDE:
            parts.append(_ASIDE[name].format(figure(measure, value)))
        else:
            parts.append(f"{name}: {value:.1f} bits")
    return "; ".join(parts)
