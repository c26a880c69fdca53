"""Invented places, hospitals and bodies, with real and made-up towns of many countries.

Towns come from `en_places.toml` and from the localities of the phonenumbers package (Apache-2.0; prefixes of North
America and the United Kingdom). Small towns and the full names of institutions are partitioned by hash between splits;
well-known cities belong to every split.
"""

from __future__ import annotations

import random
from functools import cache

from onprem.train.generate.contract import SPLITS, Split, split_of
from onprem.train.generate.identities_en import person, words


@cache
def lists() -> dict[str, list[str]]:
    """Return the lists of en_places.toml."""
    return words("en_places.toml")


def towns() -> tuple[str, ...]:
    """Return every town and country, of all splits."""
    every = [town for split in SPLITS for part in _towns(split) for town in part]
    return (*dict.fromkeys(every), *lists()["countries"], *lists()["states"])


@cache
def _towns(split: Split) -> tuple[list[str], list[str]]:
    """Return known cities, and small towns of North America and the United Kingdom."""
    from phonenumbers.geodata import GEOCODE_DATA

    found: dict[str, None] = {}
    for prefix, names in sorted(GEOCODE_DATA.items()):
        if "en" in names and (prefix.startswith(("1", "44"))):
            town = names["en"].partition(",")[0].strip()
            if 3 <= len(town) <= 24 and "/" not in town and "(" not in town:
                found[town] = None
    states = set(lists()["states"])
    small = [town for town in found if town not in states and split_of("town:" + town.casefold()) == split]
    return lists()["cities"], small


def city(rng: random.Random, split: Split) -> str:
    """Return a city or town: well known, small, or made up."""
    known, small = _towns(split)
    draw = rng.random()
    if draw < 0.45:
        return rng.choice(known)
    if draw < 0.85:
        return rng.choice(small)
    start = rng.choice(lists()["city_starts"])
    if rng.random() < 0.6:
        return start + rng.choice(lists()["city_ends"])
    base = rng.choice((start + rng.choice(("ton", "field", "wood")), person(rng, split).family, rng.choice(small)))
    return rng.choice(lists()["city_forms"]).format(base)


def county(rng: random.Random, split: Split) -> str:
    """Return a county, parish or district."""
    known, small = _towns(split)
    base = rng.choice((person(rng, split).family, rng.choice(small), rng.choice(known)))
    return rng.choice(lists()["county_forms"]).format(base)


def _number(rng: random.Random, digits: int) -> str:
    return str(rng.randrange(10 ** (digits - 1), 10**digits))


def street(rng: random.Random, split: Split) -> str:
    """Return a street with its house number, often with a unit; or a box."""
    data = lists()
    draw = rng.random()
    if draw < 0.07:
        return rng.choice(data["boxes"]).format(_number(rng, rng.randint(2, 5)))
    if draw < 0.13:
        form = rng.choice(data["foreign_streets"])
        fillers = [person(rng, split).family, str(rng.randint(1, 240))]
        if form.startswith("{} "):
            fillers.reverse()
        return form.format(*fillers) if form.count("{}") == 2 else form.format(fillers[0]) + f" {rng.randint(1, 99)}"
    if draw < 0.17:
        compass, other = rng.choice("NSEW"), rng.choice(("East", "West", "North", "South"))
        grid = f"{rng.randint(1, 99)} {compass} {rng.randint(100, 2000)} {other}"
        return rng.choice(
            (
                grid,
                f"{rng.randint(100, 9999)} Highway {rng.randint(1, 400)}",
                f"County Road {rng.randint(1, 400)}",
                f"{rng.randint(100, 9999)} State Route {rng.randint(1, 99)}",
                f"{rng.choice(data['street_names'])} Cottage, {rng.choice(data['street_names'])} Lane",
            )
        )
    number = rng.choice(
        (
            _number(rng, rng.randint(1, 5)),
            _number(rng, rng.randint(2, 4)),
            f"{rng.randint(1, 200)}{rng.choice('ABC')}",
            f"{rng.randint(1, 40)}/{rng.randint(1, 200)}",
            f"{rng.randint(1, 99)}-{rng.randint(1, 99)}",
        )
    )
    kind = rng.choice(data["street_types"])
    draw = rng.random()
    if draw < 0.45:
        name = rng.choice(data["street_names"])
    elif draw < 0.7:
        name = person(rng, split).family
    elif draw < 0.85:
        name = f"{rng.randint(1, 190)}"
        name += {"1": "st", "2": "nd", "3": "rd"}.get(name[-1], "th") if not name.endswith(("11", "12", "13")) else "th"
    else:
        name = rng.choice(data["city_starts"]) + rng.choice(data["city_ends"])
    way = rng.choices(
        ("", "N ", "S ", "E ", "W ", "N. ", "North ", "South ", "West ", "NW ", "SE "),
        (30, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    )[0]
    line = f"{number} {way}{name} {kind}"
    if rng.random() < 0.25:
        unit = rng.choice(data["units"]).format(
            rng.choice((str(rng.randint(1, 3000)), f"{rng.randint(1, 40)}{rng.choice('ABCD')}", rng.choice("ABCDEF")))
        )
        line = f"{unit}, {line}" if rng.random() < 0.2 else f"{line}{rng.choice((', ', ' '))}{unit}"
    return line


def _head(rng: random.Random, split: Split) -> str:
    data = lists()
    draw = rng.random()
    if draw < 0.2:
        return f"{rng.choice(('St.', 'St', 'Saint', 'St.'))} {rng.choice(data['saints'])}"
    if draw < 0.55:
        return rng.choice(data["hospital_heads"])
    if draw < 0.8:
        return city(rng, split)
    if draw < 0.93:
        return person(rng, split).family
    who = person(rng, split)
    return f"{who.given} {who.family}"


def _held(name: str, split: Split) -> bool:
    return split_of("institution:" + name.casefold()) == split


def _until_held(make: object, rng: random.Random, split: Split) -> str:
    for _ in range(200):
        name: str = make(rng, split)  # type: ignore[operator]
        if _held(name, split):
            return name
    raise RuntimeError("no name of this split was found")


def _hospital(rng: random.Random, split: Split) -> str:
    data = lists()
    draw = rng.random()
    if draw < 0.72:
        return f"{_head(rng, split)} {rng.choice(data['hospital_tails'])}"
    if draw < 0.80:
        kind, link = rng.choice(("Clinic", "Medical Center", "Hospital")), rng.choice(("of", "at", "-", "in"))
        return f"{_head(rng, split)} {kind} {link} {city(rng, split)}"
    if draw < 0.86:
        return f"University of {city(rng, split)} {rng.choice(data['university_tails'])}"
    if draw < 0.90:
        return f"{rng.choice(data['foreign_hospitals'])} {_head(rng, split)}"
    if draw < 0.95:
        first = "".join(rng.choice("ABCDEGHKLMNPRSTUVW") for _ in range(rng.randint(2, 4)))
        return first + rng.choice(("H", "MC", "GH", "UH", "CH", " Hospital", " Medical Center"))
    return f"{rng.choice(data['hospital_heads'])}-{rng.choice(data['hospital_heads'])} {rng.choice(data['hospital_tails'])}"


def hospital(rng: random.Random, split: Split) -> str:
    """Return the name of a hospital."""
    return _until_held(_hospital, rng, split)


def hospital_short(rng: random.Random, split: Split) -> str:
    """Return a hospital as people call it: `Mercy`, `St. Luke's`, `Cleveland Clinic`."""

    def make(source: random.Random, part: Split) -> str:
        draw = source.random()
        if draw < 0.4:
            return f"St. {source.choice(lists()['saints'])}"
        if draw < 0.8:
            return source.choice(lists()["hospital_heads"])
        return (
            f"{city(source, part)} {source.choice(('General', 'Memorial', 'Regional', 'Children’s', 'Clinic', 'VA'))}"
        )

    return _until_held(make, rng, split)


def clinic(rng: random.Random, split: Split) -> str:
    """Return the name of a clinic or practice."""

    def make(source: random.Random, part: Split) -> str:
        name = f"{_head(source, part)} {source.choice(lists()['clinic_tails'])}"
        if source.random() < 0.1:
            name = f"{person(source, part).family} & {person(source, part).family} {source.choice(lists()['clinic_tails'])}"
        return "The " + name if source.random() < 0.04 else name

    return _until_held(make, rng, split)


def home(rng: random.Random, split: Split) -> str:
    """Return the name of a nursing home, shelter or hospice."""
    return _until_held(lambda source, part: f"{_head(source, part)} {source.choice(lists()['home_tails'])}", rng, split)


def pharmacy(rng: random.Random, split: Split) -> str:
    """Return a pharmacy."""
    if rng.random() < 0.35:
        return rng.choice(lists()["pharmacies"])
    owner = person(rng, split).family
    return f"{rng.choice((owner, owner + chr(39) + 's', city(rng, split)))} {rng.choice(lists()['pharmacy_tails'])}"


def company(rng: random.Random, split: Split) -> str:
    """Return an employer, insurer, church or other body."""
    data = lists()
    draw = rng.random()
    if draw < 0.2:
        return rng.choice(data["companies"])
    if draw < 0.25:
        return rng.choice(data["churches"])
    if draw < 0.32:
        first, second, third = (person(rng, split).family for _ in range(3))
        return f"{first}, {second} {rng.choice(('&', 'and'))} {third}"
    head = rng.choice(
        (
            person(rng, split).family,
            city(rng, split),
            rng.choice(data["city_starts"]) + rng.choice(data["city_ends"]),
            rng.choice(data["hospital_heads"]),
        )
    )
    return f"{head} {rng.choice(data['company_tails'])}"


def school(rng: random.Random, split: Split) -> str:
    """Return a school or university."""
    head = rng.choice(
        (
            person(rng, split).family,
            city(rng, split),
            rng.choice(lists()["street_names"]),
            f"St. {rng.choice(lists()['saints'])}",
        )
    )
    if rng.random() < 0.15:
        return f"University of {city(rng, split)}"
    return f"{head} {rng.choice(lists()['school_tails'])}"
