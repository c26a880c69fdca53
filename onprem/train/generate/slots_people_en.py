"""Slots of a scene that name people: the patient, relatives, staff."""

from __future__ import annotations

from onprem.train.generate.identities_en import Person, full, initials, person, reverse
from onprem.train.generate.stage_en import Stage, people


class PeopleSlots(Stage):
    """Slots that name people; titles and credentials stand outside the tags."""

    def slot_pt(self) -> str:
        """The patient, somehow named."""
        draw = self.rng.random()
        if draw < 0.4:
            return self.name(full(self.patient, self.rng))
        if draw < 0.8:
            return self.slot_ptt()
        return self.name(self.patient.given)

    def slot_ptf(self) -> str:
        """The patient's full name."""
        return self.name(full(self.patient, self.rng))

    def slot_ptr(self) -> str:
        """The patient's name, family first."""
        return self.name(reverse(self.patient, self.rng))

    def slot_ptt(self) -> str:
        """Title and family name."""
        female = ("Ms.", "Mrs.", "Ms", "Mrs", "Miss")
        male = ("Mr.", "Mr.", "Mr", "Mister")
        return f"{self.rng.choice(female if self.patient.female else male)} {self.name(self.patient.family)}"

    def slot_ptl(self) -> str:
        """Family name alone."""
        return self.name(self.patient.family)

    def slot_ptg(self) -> str:
        """Given name alone."""
        return self.name(self.patient.given)

    def slot_pti(self) -> str:
        """Initials."""
        return self.name(initials(self.patient, self.rng))

    def slot_mi(self) -> str:
        """A middle initial in a box of its own."""
        return self.name(self.patient.middle[:1] or self.rng.choice("ABCDEJKLMRST"))

    def slot_newborn(self) -> str:
        """A newborn named after the mother."""
        family, given = self.patient.family, self.patient.given
        kind = self.rng.choice(
            ("Baby Boy", "Baby Girl", "BB", "BG", "Babyboy", "Infant", "Twin A", "Girl", "Boy", "Baby")
        )
        return self.name(
            self.rng.choice(
                (
                    f"{kind} {family}",
                    f"{kind} {family}",
                    f"{family}, {kind}",
                    f"{kind} {given} {family}",
                    f"{family}, {kind} of {given}",
                )
            )
        )

    def slot_person(self) -> str:
        """Someone new, in full."""
        return self.name(full(person(self.rng, self.split), self.rng))

    def slot_last(self) -> str:
        """Someone new, family name alone."""
        return self.name(person(self.rng, self.split).family)

    def slot_first(self) -> str:
        """Someone new, given name alone."""
        return self.name(person(self.rng, self.split).given)

    def slot_personr(self) -> str:
        """Someone new, family first."""
        return self.name(reverse(person(self.rng, self.split), self.rng))

    def slot_init(self) -> str:
        """Someone's initials."""
        return self.name(initials(person(self.rng, self.split), self.rng))

    def _doctor(self) -> Person:
        return self.rng.choice(self.doctors)

    def slot_dr(self) -> str:
        """A doctor as mentioned in prose."""
        who = self._doctor()
        draw = self.rng.random()
        title = self.rng.choice(people()["doctor_titles"])
        if draw < 0.62:
            return f"{title} {self.name(who.family)}"
        if draw < 0.84:
            return f"{title} {self.name(full(who, self.rng))}"
        if draw < 0.96:
            return self.slot_drc()
        return f"{title} {self.name(who.given)}"

    def slot_drc(self) -> str:
        """A member of staff with credentials."""
        who = self._doctor()
        marks = self.rng.sample(people()["credentials"], 1 if self.rng.random() < 0.8 else 2)
        name = reverse(who, self.rng) if self.rng.random() < 0.12 else full(who, self.rng)
        return f"{self.name(name)}{self.rng.choice((', ', ', ', ' '))}{', '.join(marks)}"

    def slot_drn(self) -> str:
        """A doctor's name without title."""
        return self.name(full(self._doctor(), self.rng))

    def slot_drl(self) -> str:
        """A doctor's family name without title."""
        return self.name(self._doctor().family)

    def slot_nurse(self) -> str:
        """A nurse or other staff with a title."""
        who = person(self.rng, self.split)
        name = self.rng.choice((who.family, who.given, full(who, self.rng), f"{who.given} {who.family[0]}."))
        return f"{self.rng.choice(people()['nurse_titles'])} {self.name(name)}"

    def slot_mr(self) -> str:
        """Someone else with a civil title."""
        who = person(self.rng, self.split)
        name = who.family if self.rng.random() < 0.7 else full(who, self.rng)
        return f"{self.rng.choice(people()['mister_titles'])} {self.name(name)}"

    def slot_rel(self) -> str:
        """A relation without a name."""
        return self.rng.choice(people()[self.rng.choice(("relations_f", "relations_m", "relations_x"))])

    def slot_relname(self) -> str:
        """A relation with a name."""
        female = self.rng.random() < 0.5
        kind = self.rng.choice(people()["relations_f" if female else "relations_m"] + people()["relations_x"][:4])
        who = person(self.rng, self.split, female=female)
        draw = self.rng.random()
        family = self.patient.family if self.rng.random() < 0.5 else who.family
        name = self.name(who.given if draw < 0.45 else f"{who.given} {family}")
        form = self.rng.choice(
            ("{0} {1}", "{0} {1}", "{0}, {1}", "{0} ({1})", "{1} ({0})", "{1}, the {0}", "{0} named {1}")
        )
        return form.format(kind, name)
