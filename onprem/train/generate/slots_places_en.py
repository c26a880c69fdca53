"""Slots of a scene that name places and bodies."""

from __future__ import annotations

from onprem.train.generate import numbers_en as numbers
from onprem.train.generate import places_en as places
from onprem.train.generate.stage_en import Stage, tag


class PlaceSlots(Stage):
    """Slots that name hospitals, employers, towns and addresses."""

    def slot_hosp(self) -> str:
        """A hospital, often the document's own."""
        draw = self.rng.random()
        if draw < 0.5:
            return tag("HOSPITAL", self.main_hospital)
        if draw < 0.85:
            return tag("HOSPITAL", places.hospital(self.rng, self.split))
        return tag("HOSPITAL", places.hospital_short(self.rng, self.split))

    def slot_hospm(self) -> str:
        """The document's own hospital."""
        return tag("HOSPITAL", self.main_hospital)

    def slot_clinic(self) -> str:
        """A clinic or practice."""
        return tag("HOSPITAL", places.clinic(self.rng, self.split))

    def slot_nh(self) -> str:
        """A nursing home or shelter."""
        return tag("HOSPITAL", places.home(self.rng, self.split))

    def slot_ward(self) -> str:
        """A ward with a name of its own."""
        return tag("HOSPITAL", self.rng.choice(places.lists()["wards"]))

    def slot_pharm(self) -> str:
        """A pharmacy."""
        return tag("ORGANISATION", places.pharmacy(self.rng, self.split))

    def slot_org(self) -> str:
        """An employer or other body."""
        return tag("ORGANISATION", places.company(self.rng, self.split))

    def slot_insurer(self) -> str:
        """A health insurer."""
        return tag("ORGANISATION", self.rng.choice(places.lists()["insurers"]))

    def slot_school(self) -> str:
        """A school."""
        return tag("ORGANISATION", places.school(self.rng, self.split))

    def slot_city(self) -> str:
        """A city."""
        return tag("CITY", self.home if self.rng.random() < 0.3 else places.city(self.rng, self.split))

    def slot_county(self) -> str:
        """A county."""
        return tag("CITY", places.county(self.rng, self.split))

    def slot_state(self) -> str:
        """A state in full."""
        return tag("STATE", self.rng.choice(places.lists()["states"]))

    def slot_st(self) -> str:
        """A state's code."""
        return tag("STATE", self.rng.choice(places.lists()["state_codes"]))

    def slot_country(self) -> str:
        """A country: no identifier."""
        return self.rng.choice(places.lists()["countries"])

    def slot_street(self) -> str:
        """A street with a number."""
        return tag("ADDRESS", places.street(self.rng, self.split))

    def slot_zip(self) -> str:
        """A postcode."""
        return tag("POSTCODE", numbers.number("postcodes", self.rng))

    def slot_addr(self) -> str:
        """A whole address on one line."""
        return self._address(", ")

    def slot_addrml(self) -> str:
        """A whole address on several lines."""
        return self._address("\n")

    def _address(self, mark: str) -> str:
        town = tag("CITY", self.home if self.rng.random() < 0.6 else places.city(self.rng, self.split))
        state = tag("STATE", self.rng.choice(places.lists()["state_codes" if self.rng.random() < 0.8 else "states"]))
        draw = self.rng.random()
        if draw < 0.6:
            tail = f"{town}, {state} {self.slot_zip()}"
        elif draw < 0.7:
            tail = f"{town} {state} {self.slot_zip()}"
        elif draw < 0.82:
            tail = f"{town}{mark}{self.slot_zip()}"
        elif draw < 0.9:
            tail = f"{self.slot_zip()} {town}"
        else:
            tail = f"{town}, {state}" if self.rng.random() < 0.6 else town
        return f"{self.slot_street()}{mark}{tail}"

    def slot_room(self) -> str:
        """A room or bed, number only."""
        return tag("BED", numbers.number("rooms", self.rng))
