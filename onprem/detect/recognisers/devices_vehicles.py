"""Vehicles (VIN, plates) and devices (serial, lot, UDI, IMEI, model numbers by label)."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

import re

from onprem import checksums
from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import CODE, GAP, digits, examples, has_digits, words
from onprem.labels import Label

_NUMBER = r"[ \t]?(?:number|num|nbr|no|nr|id|code|#|№)"
_SERIAL = words(
    "serial(?:" + _NUMBER + "|(?= ?[:#]))", "ser\\.?" + _NUMBER, "s/n", "sn(?= ?[:#])", "device" + _NUMBER, "device serial(?:" + _NUMBER + ")?", "implant" + _NUMBER,
    "lot(?:" + _NUMBER + "|(?= ?[:#]))", "batch(?:" + _NUMBER + "|(?= ?[:#]))", "lot/batch", "udi(?:-di|-pi)?", "gtin", "imei", "meid", "pacemaker" + _NUMBER, "generator (?:serial|number|no|#)", "lead (?:serial|number|no|#)",
    "pump" + _NUMBER, "asset" + _NUMBER, "equipment" + _NUMBER, "ref(?= ?# ?[A-Z]?\\d{3})", "catalog(?:ue)?" + _NUMBER, "model" + _NUMBER + "(?= ?[:#]? ?[A-Z]{0,4}-?\\d)", "hearing aid" + _NUMBER, "sensor" + _NUMBER, "iccid", "mac(?= ?:)",
)  # fmt: skip
_VEHICLE = words(
    "licen[cs]e plates?(?:" + _NUMBER + ")?", "number plate", "plates?(?:" + _NUMBER + "|(?= ?[:#]))", "licen[cs]e tag", "tag" + _NUMBER, "vehicle reg(?:istration)?(?:" + _NUMBER + ")?",
    "car reg(?:istration)?(?:" + _NUMBER + ")?", "reg(?:istration)? plate", "rego", "vin(?:" + _NUMBER + ")?", "vehicle" + _NUMBER, "vehicle identification(?:" + _NUMBER + ")?", "matr[ií]cula",
)  # fmt: skip
_VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def _vin(value: str) -> bool:
    """Check a vehicle identification number: 17 characters, check digit at place 9 modulo 11 (49 CFR 565.15)."""
    total = sum(
        (int(c) if c.isdigit() else _VIN_VALUES[c]) * weight for c, weight in zip(value, _VIN_WEIGHTS, strict=True)
    )
    return "0123456789X"[total % 11] == value[8] and len(digits(value)) >= 3


def _imei(value: str) -> bool:
    return len(digits(value)) == 15 and checksums.luhn(value)


def _plate(value: str) -> bool:
    return bool(re.search(r"\d", value)) and len(value) >= 4


RECOGNISERS = (
    Recogniser(
        "vin",
        Label.VEHICLE_ID,
        r"[A-HJ-NPR-Z1-9](?<![\w-].)[A-HJ-NPR-Z0-9]{7}[0-9X][A-HJ-NPR-Z0-9]{8}(?![\w-])",
        0.95,
        examples("Car <VEHICLE_ID>1M8GDM9AXKP042788</VEHICLE_ID> towed.", "1M8GDM9AXKP042789"[:12]),
        needs=("number",),
        check=_vin,
        clinical=True,
    ),
    Recogniser(
        "vehicle_labelled",
        Label.VEHICLE_ID,
        _VEHICLE + GAP + r"(?P<v>[A-Z0-9](?:[ -]?[A-Z0-9]){2,16})(?![\w])",
        0.85,
        examples(
            "License plate <VEHICLE_ID>7ABC123</VEHICLE_ID>, VIN: <VEHICLE_ID>1M8GDM9AXKP042788</VEHICLE_ID>",
            "vehicle reg <VEHICLE_ID>AB12 CDE</VEHICLE_ID>",
            "tibial plate fixed; growth plate: open; plate 3",
        ),
        needs=("plate", "licen", "tag", "vehicle", "car reg", "rego", "vin", "matr"),
        check=_plate,
    ),
    Recogniser(
        "device_labelled",
        Label.DEVICE_ID,
        _SERIAL + GAP + CODE,
        0.9,
        examples(
            "Serial # <DEVICE_ID>PJN123456S</DEVICE_ID>, lot: <DEVICE_ID>4471B</DEVICE_ID>",
            "S/N <DEVICE_ID>BXT-9912003</DEVICE_ID>; IMEI <DEVICE_ID>490154203237518</DEVICE_ID>",
            "a lot of pain; serial 3 ECGs; implant day 12; batch of 30; serial troponins 0.01",
        ),
        needs=("number", "serial", "ser", "s/n", "sn", "device", "implant", "lot", "batch", "udi", "gtin", "imei", "meid", "pacemaker", "generator", "lead", "pump", "asset",
               "equipment", "ref", "catalog", "model", "hearing", "sensor", "iccid", "mac"),
        check=has_digits(3),
    ),
    Recogniser(
        "udi",
        Label.DEVICE_ID,
        r"\(01\)(?P<v>\d{14}(?:\([12]\d\)[A-Za-z0-9/-]{1,20}){0,5})",
        0.95,
        examples("UDI (01)<DEVICE_ID>00844588003288(17)141120(10)7654321D(21)10987654d321</DEVICE_ID>", "(01) first item"),
        needs=("number", "(01)",),
        clinical=True,
    ),
    Recogniser(
        "imei",
        Label.DEVICE_ID,
        r"\d(?<![\w.,/+-].)\d{14}(?![\w%]|[-./,]\d)",
        0.9,
        examples("Telemonitor <DEVICE_ID>490154203237518</DEVICE_ID>.", "490154203237519 mg"),
        needs=("number",),
        check=_imei,
        clinical=True,
    ),
)  # fmt: skip
