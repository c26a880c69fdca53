"""Street addresses, PO boxes, flats and postcodes of several countries, cities beside a state or a verb of living."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

from onprem.detect.contract import Recogniser
from onprem.detect.lexicons import words as lexicon
from onprem.detect.recognisers._build import any_of, examples, words
from onprem.detect.recognisers._names import LETTER, STOP, UPPER
from onprem.labels import Label

_STATES = any_of(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR VI GU AS MP "
    "AB BC MB NB NL NS NT NU ON PE QC SK YT NSW VIC QLD TAS ACT".split()
)
_STATE_NAMES = any_of(
    [
        "Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado", "Connecticut", "Delaware", "Florida", "Georgia", "Hawaii", "Idaho", "Illinois", "Indiana", "Iowa", "Kansas", "Kentucky", "Louisiana", "Maine",
        "Maryland", "Massachusetts", "Michigan", "Minnesota", "Mississippi", "Missouri", "Montana", "Nebraska", "Nevada", "New Hampshire", "New Jersey", "New Mexico", "New York", "North Carolina", "North Dakota", "Ohio",
        "Oklahoma", "Oregon", "Pennsylvania", "Rhode Island", "South Carolina", "South Dakota", "Tennessee", "Texas", "Utah", "Vermont", "Virginia", "Washington", "West Virginia", "Wisconsin", "Wyoming", "Puerto Rico",
        "Ontario", "Quebec", "British Columbia", "Alberta", "Manitoba", "Saskatchewan", "Nova Scotia", "New Brunswick", "Newfoundland", "New South Wales", "Queensland", "Tasmania",
    ]
)  # fmt: skip
_TYPE = (
    r"(?:[Ss]treet|STREET|[Ss]t|ST|[Aa]venue|AVENUE|[Aa]ve?|AVE|[Rr]oad|ROAD|[Rr]d|RD|[Bb]oulevard|BOULEVARD|[Bb]lvd|BLVD|[Dd]rive|DRIVE|[Dd]r|DR|[Ll]ane|LANE|[Ll]n|LN|[Cc]ourt|COURT|[Cc]t|CT|[Cc]ircle|[Cc]ir|CIR|"
    r"[Pp]lace|[Pp]l|PL|[Pp]laza|[Tt]errace|[Tt]er(?=[., ])|[Pp]arkway|[Pp]kwy|PKWY|[Hh]ighway|[Hh]wy|HWY|[Ww]ay|WAY|[Ss]quare|[Ss]q(?=[., ])|[Tt]rail|[Tt]rl|[Aa]lley|[Ll]oop|[Rr]idge|[Rr]un|[Pp]ath|[Pp]ike|[Tt]urnpike|"
    r"[Cc]rescent|[Cc]res|[Cc]lose|[Gg]rove|[Gg]ardens?|[Mm]ews|[Hh]ill|[Rr]ise|[Gg]reen|[Qq]uay|[Ww]harf|[Rr]ow|[Pp]arade|[Vv]iew|[Ww]alk|[Ee]state|[Cc]auseway|[Ee]xpressway|[Cc]rossing|[Xx]ing|[Cc]ove|[Pp]oint|[Mm]anor|[Hh]eights|"
    r"[Mm]arg|[Nn]agar|[Ss]alai|[Cc]howk|[Bb]agh|[Vv]ihar|[Ee]nclave)"
)
_BLOCK = rf"(?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\.?[ ])?(?:(?:{UPPER}{LETTER}{{0,24}}(?:['.-]{LETTER}{{1,24}})?\.?|\d{{1,3}}(?:st|nd|rd|th))[ ]){{1,4}}?"
_UNIT = r"(?:,?[ ]{1,2}(?:#[ ]?\w{1,6}|(?i:apartment|apt|unit|suite|ste|flat|floor|fl|room|rm|lot|bldg|building|trlr|no)\.?[ ]{0,2}\#?[ ]?[A-Za-z]?-?\d{0,5}-?[A-Za-z]?(?![A-Za-z])))?"
_ZIP = r"\d{5}(?:-\d{4})?(?!\d)"
_UK = r"(?:GIR[ ]?0AA|[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d|[A-HK-Y]\d\d|\d[A-HJKPSTUW]|[A-HK-Y]\d[ABEHMNPRVWXY])[ ]{0,2}\d[ABD-HJLNP-UW-Z]{2})(?![\w])"
_CITY = rf"(?:(?:(?:St|Ste|Ft|Mt)\.[ ])?{UPPER}{LETTER}{{1,24}}(?:'{LETTER}{{1,20}}|-(?:{UPPER}|upon-|on-|le-|la-|sur-|by-|in-|the-){LETTER}{{1,20}}){{0,3}}(?:[ ]{UPPER}{LETTER}{{1,24}}){{0,2}})"
_REGION = rf"(?:,?[ ]{{1,2}}{_CITY})?(?:,?[ ]{{0,2}}\n?[ ]{{0,4}}(?:{_STATES}|{_STATE_NAMES})(?![A-Za-z])\.?)?(?:,?[ ]{{1,3}}{_ZIP})?"
_NOT_UNIT = r"(?![ ]?(?:mg|mcg|g|kg|ml|mL|L|cm|mm|units?|tablets?|tabs?|capsules?|doses?|days?|weeks?|months?|years?|hours?|minutes?|beats|bpm|mmHg)\b)"


def _place(value: str) -> bool:
    """Say whether a capitalised word after a verb of living is a place and not a kind of place, a role or a heading."""
    if value.lower() in lexicon("countries"):
        return False  # a country is no place below a state
    found = value.lower().replace("'s", "").split()
    return any(word not in lexicon("facility_words") and word not in lexicon("not_names") for word in found)


RECOGNISERS = (
    Recogniser(
        "street",
        Label.ADDRESS,
        r"\d(?<![\w.,/#-].)\d{0,5}(?:-\d{1,5})?[A-Za-z]?(?:[ ]?½)?,?[ ]{1,2}" + _NOT_UNIT + rf"{_BLOCK}{_TYPE}(?![A-Za-z'-])\.?(?:[ ](?:N|S|E|W|NE|NW|SE|SW)(?![A-Za-z])\.?)?{_UNIT}",
        0.85,
        examples(
            "Lives at <ADDRESS>1420 Oak Ridge Avenue, Apt 4B</ADDRESS>.",
            "<ADDRESS>77 Baker St.</ADDRESS>, <ADDRESS>5 N. 12th St #210</ADDRESS> and <ADDRESS>22b Acacia Gardens</ADDRESS>",
            "In 3 days, 10 mg daily. 12 Lead ECG, 2 Units transfused.",
        ),
        needs=("digit",),
    ),
    Recogniser(
        "street_plain",
        Label.ADDRESS,
        r"\d(?<![\w.,/#-].)\d{0,5}[ ]{1,2}" + _NOT_UNIT + r"(?:(?:north|south|east|west|n|s|e|w)\.?[ ])?(?:(?!of |to |on |in |at |and |the |by |with |is |was )[a-z][a-z'.-]{1,20}[ ]){1,3}?(?:street|avenue|road|boulevard|blvd|lane|terrace|parkway|highway|crescent)(?![\w-])(?:,?[ ](?:apt|apartment|unit|\#)\.?[ ]?\w{1,5})?",
        0.7,
        examples("he lives at <ADDRESS>482 maple street</ADDRESS> with his wife", "found 2 days later on the road, 3 falls in the street"),
        reach=(80, 30),
        needs=("street", "avenue", "road", "boulevard", "blvd", "lane", "terrace", "parkway", "highway", "crescent"),
    ),
    Recogniser(
        "street_european",
        Label.ADDRESS,
        rf"[A-ZÀ-Þ](?<![\w'.-].)(?<=(?=(?P<v>(?:(?:Rue|Avenue|Boulevard|Place|Chemin|Allée|Calle|Avenida|Av\.|Paseo|Plaza|Carrer|Via|Viale|Piazza|Corso|Rua|Travessa|Praça|Ulica|ul\.|Jalan|Jl\.)[ ](?:(?:de|del|de la|du|des|d'|la|di|da|do|dos)[ ]?)?{UPPER}{LETTER}{{1,20}}(?:[ ]{UPPER}?{LETTER}{{1,20}}){{0,2}},?[ ]\d{{1,4}}[A-Za-z]?|{UPPER}{LETTER}{{2,24}}(?:straße|strasse|str\.|weg|platz|allee|gasse|gade|vej|gatan|vägen|katu|tie|laan|straat|plein|gracht)[ ]\d{{1,4}}[a-zA-Z]?))(?![\w])).)",
        0.85,
        examples("Wohnt <ADDRESS>Lindenstraße 14</ADDRESS>; <ADDRESS>Calle de Alcalá 27</ADDRESS>, <ADDRESS>Koskikatu 25</ADDRESS>", "Via PEG 20 mL; Via Foley 300"),
        needs=("digit",),
        check=lambda value: not value.startswith(("Via Foley", "Via PEG")),
    ),
    Recogniser(
        "po_box",
        Label.ADDRESS,
        words("p\\.? ?o\\.? ?box", "post office box", "postal box", "apartado(?: postal)?", "rural route", "rr(?= ?#)", "general delivery") + r"[ ]{0,2}\#?[ ]?\w{0,2}\d{1,6}",
        0.9,
        examples("Mail to <ADDRESS>PO Box 1182</ADDRESS> or <ADDRESS>P.O. Box #44</ADDRESS>", "PO 5 mg; box of 20"),
        reach=(24, 30),
        needs=("box", "apartado", "rural route", "rr #", "rr#"),
    ),
    Recogniser(
        "address_label",
        Label.ADDRESS,
        words("address(?:es)?(?: line ?\\d)?", "addr", "residence", "residing at", "resides at", "lives at", "living at", "domicile", "house no", "flat no", "door no")
        + r"(?:[ ]{0,2}[:=|#.]|[ ](?:is|was))?[ ]{0,6}(?:\n[ ]{0,6})?(?P<v>(?=[^\n]{0,40}\d)[A-Za-z0-9#][^\n;|()\t]{5,90}?)(?=[ ]*(?:\n|$|;|\||\(|\t|\.[ ]|\.$|[ ]{2}|,?[ ](?:Phone|Tel|MRN|DOB|Email|and|with|where|who)\b))",
        0.8,
        examples("Address: <ADDRESS>Flat 3, Rosewood House, 9 Mill Bank</ADDRESS>\nTel", "lives at <ADDRESS>Plot 22, Sector 5, Rohtak</ADDRESS>; resides at home", "address pain in 3 visits at home"),
        reach=(16, 160),
        needs=("address", "addr", "resid", "lives at", "living at", "domicile", "house no", "flat no", "door no"),
        check=lambda value: value[0].isupper() or value[0].isdigit() or value[0] == "#",
    ),
    Recogniser(
        "unit",
        Label.ADDRESS,
        words("apartment", "apt", "flat", "suite", "ste") + r"\.?[ ]{0,2}\#?[ ]?(?P<v>(?:[A-Z]-?)?\d{1,5}[A-Za-z]?|[A-Z](?=[,.\n]))(?![\w]|[ ]?(?:mm|cm|mg|minutes|degrees))",
        0.6,
        examples("Apt <ADDRESS>4B</ADDRESS>, Suite <ADDRESS>210</ADDRESS>", "flat affect; T waves flat 2 mm"),
        reach=(4, 24),
        needs=("apartment", "apt", "flat", "suite", "ste"),
    ),
    Recogniser(
        "city_state",
        Label.CITY,
        rf"[A-Z](?<![\w'.-].)(?<=(?=(?P<v>{STOP}{_CITY})(?:,[ ]{{1,2}}(?:{_STATES})(?![A-Za-z'-])|,?[ ]{{1,2}}(?:{_STATES})[ ,]{{1,3}}{_ZIP}|,[ ]{{1,2}}{_STATE_NAMES}(?![A-Za-z]))).)",
        0.75,
        examples(
            "Moved from <CITY>Springfield</CITY>, IL to <CITY>Oak Ridge</CITY>, Tennessee.",
            "Seen OR, ME and ID consult; Pain, OR; Follow up, PA",
        ),
        reach=(110, 30),
        needs=(",",),
        check=lambda value: (_place(value) and not value.isupper()) or (len(value) > 5 and value.isupper() and _place(value)),
    ),
    Recogniser(
        "state_zip",
        Label.POSTCODE,
        rf"[A-Z](?<![\w].)(?<=(?=(?:{_STATES}|{_STATE_NAMES})(?![A-Za-z]),?[ ]{{1,3}}(?P<v>{_ZIP})).)",
        0.9,
        examples("Boise, ID <POSTCODE>83702-1234</POSTCODE>", "ID 12; MA 1234567"),
        needs=("number",),
    ),
    Recogniser(
        "postcode_label",
        Label.POSTCODE,
        words("zip(?: ?code)?", "zipcode", "postal ?code", "post ?code", "pin ?code", "eircode", "cep", "plz") + r"[ ]{0,2}(?:is[ ])?[:#=]?[ ]{0,4}(?P<v>(?=[A-Z]{0,3}\d)[A-Z0-9]{2,5}[ -]?[A-Z0-9]{2,5})(?![\w])",
        0.9,
        examples("ZIP: <POSTCODE>02139</POSTCODE>, postcode <POSTCODE>EH1 1YZ</POSTCODE>", "zip line; unzip 20 files"),
        needs=("number", "zip", "post", "pin", "eircode", "cep", "plz"),
    ),
    Recogniser(
        "zip_plus_four",
        Label.POSTCODE,
        r"\d(?<![\w.,/+-].)\d{4}-\d{4}(?![\w]|[-./,]\d)",
        0.7,
        examples("mail <POSTCODE>83702-1234</POSTCODE>", "pages 112-1234, 10000-2000"),
        needs=("number",),
        check=lambda value: len(value) == 10 and int(value[:5]) > 500 and not value.endswith("000"),
    ),
    Recogniser(
        "uk_postcode",
        Label.POSTCODE,
        r"[A-PR-UWYZ](?<![\w-].)(?<=(?=(?P<v>" + _UK + ")(?!/)).)",
        0.8,
        examples("Flat in <POSTCODE>SW1A 1AA</POSTCODE>, <POSTCODE>EH12 9XY</POSTCODE>", "T12 L1, C5 6 HD, B12 2 mg"),
        needs=("digit",),
    ),
    Recogniser(
        "canada_postcode",
        Label.POSTCODE,
        r"[ABCEGHJ-NPRSTVXY](?<![\w-].)\d[ABCEGHJ-NPRSTV-Z][ -]\d[ABCEGHJ-NPRSTV-Z]\d(?![\w-])",
        0.8,
        examples("Ottawa <POSTCODE>K1A 0B1</POSTCODE>", "H1N 1 virus"),
        needs=("digit",),
    ),
    Recogniser(
        "residence",
        Label.CITY,
        words("lives? (?:alone )?in", "living in", "lived in", "resides? in", "residing in", "resident of", "native of", "moved (?:back )?(?:here )?(?:to|from)", "relocated (?:to|from)", "born (?:and raised )?in", "grew up in", "raised in", "travel(?:l?ed|s|ing)? (?:back )?(?:to|from)",
              "trip to", "trips to", "flew (?:in )?(?:to|from)", "flying to", "flight (?:to|from)", "visiting", "vacation(?:ed|ing)? in", "returned from", "back from", "hometown(?: of| is)?", "originally from", "hails from", "comes from", "drove (?:to|from|in from)", "city:", "town:", "county:", "birthplace:?", "place of birth:?", "house in", "home in", "apartment in", "stationed in", "deployed to", "works in", "job in", "immigrated from", "emigrated from", "is from", "am from", "i'm from", "are from")
        + rf"[ ]{{1,3}}(?:(?i:the|downtown|rural|nearby|northern|southern|eastern|western|central|north|south|east|west)[ ]){{0,2}}(?P<v>{_CITY})",
        0.7,
        examples("Lives in <CITY>Westmarch</CITY> and returned from <CITY>Porto Alegre</CITY>; born in <CITY>Kano</CITY>.", "lives in a Nursing Home, returned from Surgery, visiting Nurse, travelled to Radiology"),
        reach=(24, 110),
        needs=("lives ", "live in", "live alone", "lived in", "living in", "resid", "native of", "moved", "relocated", "born", "grew up", "raised", "travel", "trip", "flew", "flying", "flight", "visiting", "vacation", "returned from", "back from", "hometown", "originally from", "hails from", "comes from", "migrated from", "is from", "am from", "i'm from", "are from", "drove", "city:", "town:", "county:", "birthplace", "of birth",
               "house in", "home in", "apartment in", "stationed", "deployed", "works in", "job in"),
        check=_place,
    ),
    Recogniser(
        "county",
        Label.CITY,
        rf"[A-Z](?<![\w'.-].)(?<=(?=(?P<v>{STOP}{UPPER}{LETTER}{{2,20}}(?:[ ]{UPPER}{LETTER}{{2,20}})?[ ](?:County|Township|Borough|Parish|Village|Heights|Springs|Beach|Falls)|County[ ](?:Durham|Down|Antrim|Cork|Clare|Kerry|Galway|Mayo|{UPPER}{LETTER}{{2,20}}))(?![A-Za-z])(?![ ](?:Hospital|Medical|Health|General|Clinic))).)",
        0.65,
        examples("from <CITY>Harlan County</CITY> and <CITY>Palm Beach</CITY>", "the County nurse, General Village"),
        reach=(60, 40),
        needs=("County", "Township", "Borough", "Parish", "Village", "Heights", "Springs", "Beach", "Falls"),
        check=lambda value: _place(value) and not value.startswith(("Risk", "Multiple", "Recurrent", "Frequent", "No ", "History")),
    ),
)  # fmt: skip
