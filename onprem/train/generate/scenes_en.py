"""A scene: one document's people, places, days and numbers, with all the slots by which templates name them."""

from __future__ import annotations

from onprem.train.generate.slots_clinic_en import ClinicSlots
from onprem.train.generate.slots_numbers_en import NumberSlots
from onprem.train.generate.slots_people_en import PeopleSlots
from onprem.train.generate.slots_places_en import PlaceSlots


class Scene(PeopleSlots, PlaceSlots, NumberSlots, ClinicSlots):
    """A stage with every slot."""
