"""Beds, rooms and bays of a ward, by label."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import examples, words
from onprem.labels import Label

RECOGNISERS = (
    Recogniser(
        "bed",
        Label.BED,
        words("bed", "room", "rm", "bay", "cubicle", "chair", "cot", "stretcher", "trolley", "gurney", "pod", "resus", "hdu", "incubator", "isolette", "slot", "suite(?= ?#)", "ward(?= ?[#:]? ?\\d)", "bed/room", "room/bed", "location")
        + r"(?:[ \t]?(?i:number|no|\#)\.?)?[ \t]{0,2}[:#]?[ \t]{0,2}(?P<v>[A-Z]?\d{1,4}-?[A-Z]?(?:[-/][A-Z]?\d{0,3}[A-Z]?)?)(?![\w]|[.,/]\d|[ ]?(?:mg|mL|days?|hours?|weeks?|months?|years?|min|%|of|times|cm|mm|x|am|pm|L|bath|degrees|beds?|minutes|people|patients|rooms?)\b)",
        0.7,
        examples(
            "In bed <BED>12B</BED>, room <BED>4-112</BED>.",
            "Rm #<BED>310</BED>",
            "Fitzgerald (HDU <BED>3</BED>), dialysis chair <BED>14</BED>, cot <BED>B2</BED>",
            "bed rest 3 days; out of bed 2 times; room air 98%; bed 30 degrees",
        ),
        reach=(4, 30),
        needs=("bed", "room", " rm", "rm ", "rm#", "bay ", "bay:", "cubicle", "chair", "cot ", "cot:", "stretcher", "trolley", "gurney", "pod ", "resus", "hdu", "incubator", "isolette", "slot", "suite", "ward ", "ward:", "location"),
    ),
)  # fmt: skip
