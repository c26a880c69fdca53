"""Beds, rooms and bays of a ward, by label."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import examples, words
from onprem.labels import Label

# a line of a ward's list: the bed's code, then "empty" or a surname and an age, then a diagnosis
_CODE = r"(?:[A-Z]{0,2}\d{1,4}[A-Z]?|[A-Z\d]{1,3}-[A-Z\d]{1,4})"
_NAMED = r"(?:(?:van|von|de|del|den|der|al|el|bin|la|di|da|dos|Mc|O')[ ']?){0,2}[A-Z][a-z'\-A-Z]{1,20}(?: [A-Z][a-z'\-]{1,20}){0,2}"
_AGE = r"(?:[1-9]|[1-9]\d|10\d)[MFmf]? (?!(?:mg|mcg|g|ml|mL|mm|cm|ng|IU|units?|min|hours?|days?|weeks?|months?|x|of|and|or|to)\b)[A-Za-z]"
_OCCUPANT = rf"(?:empty|vacant|closed|blocked)\b|{_NAMED},? {_AGE}"

RECOGNISERS = (
    Recogniser(
        "bed",
        Label.BED,
        words("bed", "room", "rm", "bay", "cubicle", "chair", "cot", "stretcher", "trolley", "gurney", "resus", "hdu", "incubator", "isolette", "slot", "suite(?= ?#)", "ward(?= ?[#:]? ?\\d)", "bed/room", "room/bed", "location")
        + r"(?:[ \t]?(?i:number|no|\#)\.?)?[ \t]{0,2}[:#]?[ \t]{0,2}(?P<v>[A-Z]?\d{1,4}-?[A-Z]?(?:[-/][A-Z]?\d{0,3}[A-Z]?)?)(?![\w]|[.,/]\d|[ ]?(?:mg|mL|days?|hours?|weeks?|months?|years?|min|%|of|times|cm|mm|x|am|pm|L|bath|degrees|beds?|minutes|people|patients|rooms?)\b)",
        0.7,
        examples(
            "In bed <BED>12B</BED>, room <BED>4-112</BED>.",
            "Rm #<BED>310</BED>",
            "Fitzgerald (HDU <BED>3</BED>), dialysis chair <BED>14</BED>, cot <BED>B2</BED>",
            "bed rest 3 days; out of bed 2 times; room air 98%; bed 30 degrees; POD 7",
        ),
        reach=(4, 30),
        needs=("bed", "room", " rm", "rm ", "rm#", "bay ", "bay:", "cubicle", "chair", "cot ", "cot:", "stretcher", "trolley", "gurney", "resus", "hdu", "incubator", "isolette", "slot", "suite", "ward ", "ward:", "location"),
    ),
    Recogniser(
        "bed_in_a_list",
        Label.BED,
        rf"(?m)^[ \t]*(?P<v>{_CODE})[ \t]{{1,4}}(?={_OCCUPANT})",
        0.7,
        examples(
            "NIGHT HANDOVER\n<BED>903</BED>  Chukwu 61 appendicitis\n<BED>5E</BED> van den Bergh 8 asthma\n<BED>B86</BED> empty",
            "2 Amoxicillin 500 mg\n3 Aspirin 81 mg daily\n12 Lead 12 mm\n1 Troponin 14 ng",
        ),
        needs=("digit",),
    ),
    Recogniser(
        "occupant_in_a_list",
        Label.NAME,
        rf"(?m)^[ \t]*{_CODE}[ \t]{{1,4}}(?P<v>{_NAMED})(?=,? {_AGE})",
        0.7,
        examples(
            "903  <NAME>Chukwu</NAME> 61 appendicitis\n5E <NAME>van den Bergh</NAME> 8 asthma",
            "2 Amoxicillin 500 mg\n3 Aspirin 81 mg daily",
        ),
        needs=("digit",),
    ),
)  # fmt: skip
