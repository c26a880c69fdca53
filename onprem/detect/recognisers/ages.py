"""Ages in digits and in words. The policy decides what an age becomes; over 89 it always changes."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import examples, words
from onprem.labels import Label

_UNIT = "one|two|three|four|five|six|seven|eight|nine"
_SPELT = rf"(?:(?:a |one )?hundred(?: and)?(?:[ -](?:{_UNIT}|ten|eleven|twelve))?|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:{_UNIT}))?|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|{_UNIT})"
_OLD = r"(?:[ -]{0,2}(?i:years?|yrs?|yr\.|months?|mos?|mths?|weeks?|wks?|days?)[ -]{0,2}(?i:olds?|of age)|[ -]?(?i:y[./]?o\.?|yo[mf]?|y/o|y\.o\.[mf]?|yr old|f/?u?(?=c)|m/o|mo/old|d/o|w/o(?= (?:male|female|infant|baby|boy|girl))))(?![A-Za-z])"

RECOGNISERS = (
    Recogniser(
        "age_old",
        Label.AGE,
        r"\d(?<![\w.,/$-].)\d{0,2}(?:[. ]5|[ ]?½|\+)?(?=" + _OLD + ")",
        0.9,
        examples(
            "A <AGE>54</AGE>-year-old man, <AGE>92</AGE> yo, <AGE>101</AGE> years old, <AGE>3</AGE> month old, <AGE>61</AGE>yof.",
            "for 20 years; 3 days of fever; old scar 5 cm",
        ),
        needs=("digit",),
    ),
    Recogniser(
        "age_word",
        Label.AGE,
        rf"(?<![\w-])(?=[TtFfSsEeNnOoHhAa])(?P<v>(?i:{_SPELT}))(?={_OLD})",
        0.85,
        examples("a <AGE>ninety-two</AGE>-year-old woman, <AGE>six</AGE> month old", "for twenty years, one old fracture"),
        reach=(44, 12),
        needs=(" old", "-old", "of age", "y/o", "y.o"),
    ),
    Recogniser(
        "age_label",
        Label.AGE,
        words("aged?", "age at (?:diagnosis|onset|presentation|admission|death|visit)", "age/sex", "pt age", "age of", "turn(?:ed|s|ing)", "age group")
        + r"(?:[ \t]{0,3}(?i:is|was|of))?[ \t]{0,4}[:=-]?[ \t]{0,4}(?P<v>\d{1,3})(?![\w%]|[.,/-]\d)(?![ ]?(?i:mg|ml|cm|degrees|times|kg|lbs?|weeks' gest))",
        0.85,
        examples("Age: <AGE>67</AGE>; aged <AGE>91</AGE>; turned <AGE>90</AGE> last week", "turned 180 degrees; dosage 20; average 45"),
        reach=(24, 40),
        needs=("age", "turn"),
    ),
    Recogniser(
        "age_decade",
        Label.AGE,
        words("his", "her", "their") + r"[ ](?i:early[ ]|mid[ -]|late[ ])?"
        + r"(?P<v>\d0'?s|(?i:twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties))(?![\w])",
        0.7,
        examples("a man in his <AGE>90s</AGE>, mother in her late <AGE>eighties</AGE>", "pulse in the 90s, saturation in low 90s"),
        needs=("his ", "her ", "their "),
    ),
    Recogniser(
        "age_sex",
        Label.AGE,
        r"\d(?<![\w.,/$-].)\d{1,2}(?=[ ]?[-/]?[ ]?(?:[MF](?![\w.'/-])|(?i:male|female|man|woman|boy|girl|lady|gentleman)(?![A-Za-z])))(?!(?<=0)[ ]?M\b)",
        0.7,
        examples("<AGE>54</AGE>M with cough; <AGE>61</AGE> F; <AGE>93</AGE> female", "10 mL; 5 mm; 38.5 F"),
        needs=("digit",),
    ),
    Recogniser(
        "nonagenarian",
        Label.AGE,
        words("nonagenarian", "centenarian", "supercentenarian"),
        0.9,
        examples("a <AGE>nonagenarian</AGE> lady", "an octogenarian"),
        needs=("nonagenarian", "centenarian"),
    ),
)  # fmt: skip
