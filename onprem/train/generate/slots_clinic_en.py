"""Slots of a scene that identify nobody: clinical words, doses, measured values, pronouns."""

from __future__ import annotations

from onprem.train.generate import coined_en as coined
from onprem.train.generate.stage_en import Stage, clinic

_VITALS = (
    "BP {bp}, HR {p}, RR {r}, T {f}, SpO2 {o}% on RA",
    "T {c}C P {p} R {r} BP {bp}",
    "Temp {f} F, pulse {p}, respirations {r}, blood pressure {bp}, weight {kg} kg, BMI {bmi}",
    "Vitals: {f} {p} {bp} {r} {o}%",
    "Wt {lb} lbs, Ht 5'{inch}\", BP {bp}",
    "BP:{bp} P:{p} SpO2:{o}%",
    "Afebrile. Pulse {p} regular. BP {bp}.",
    "Obs: HR {p} BP {bp} RR {r} sats {o}% temp {c}",
)


class ClinicSlots(Stage):
    """Slots that identify nobody, but for the age by its decade."""

    def slot_eponym(self) -> str:
        """A sign, score or instrument under somebody's name, known or coined."""
        return coined.eponym(self.rng, self.split) if self.rng.random() < 0.5 else self.rng.choice(clinic()["eponym"])

    def slot_drug(self) -> str:
        """A drug, known or coined."""
        return coined.drug(self.rng) if self.rng.random() < 0.3 else self.rng.choice(clinic()["drug"])

    def slot_brand(self) -> str:
        """A product, known or coined."""
        return coined.device(self.rng) if self.rng.random() < 0.5 else self.rng.choice(clinic()["brand"])

    def slot_gene(self) -> str:
        """A gene or an abbreviation, known or coined."""
        return coined.abbreviation(self.rng) if self.rng.random() < 0.7 else self.rng.choice(clinic()["gene"])

    def slot_abbr(self) -> str:
        """A coined abbreviation."""
        return coined.abbreviation(self.rng)

    def slot_germ(self) -> str:
        """A germ."""
        return coined.organism(self.rng)

    def slot_cited(self) -> str:
        """A citation of authors."""
        return coined.citation(self.rng, self.split)

    def slot_head(self) -> str:
        """The heading of a section."""
        heading = self.rng.choice(coined.lists()["headings"])
        return self.rng.choice((heading, heading.upper(), heading.lower(), heading))

    def slot_label(self) -> str:
        """The label of a number."""
        return self.rng.choice(coined.lists()["labels"])

    def slot_he(self) -> str:
        """Pronoun, subject."""
        return "she" if self.patient.female else "he"

    def slot_hec(self) -> str:
        """Pronoun, subject, capital."""
        return "She" if self.patient.female else "He"

    def slot_his(self) -> str:
        """Pronoun, possessive."""
        return "her" if self.patient.female else "his"

    def slot_hisc(self) -> str:
        """Pronoun, possessive, capital."""
        return "Her" if self.patient.female else "His"

    def slot_him(self) -> str:
        """Pronoun, object."""
        return "her" if self.patient.female else "him"

    def slot_man(self) -> str:
        """What the patient is called."""
        if self.age_years < 13:
            return (
                self.rng.choice(("girl", "female child", "child", "female"))
                if self.patient.female
                else self.rng.choice(("boy", "male child", "child", "male"))
            )
        return (
            self.rng.choice(("woman", "female", "lady", "female patient", "F"))
            if self.patient.female
            else self.rng.choice(("man", "male", "gentleman", "male patient", "M"))
        )

    def slot_sex(self) -> str:
        """Sex in a form."""
        return self.rng.choice(("F", "Female", "female") if self.patient.female else ("M", "Male", "male"))

    def slot_num(self) -> str:
        """A measured number."""
        r = self.rng
        return r.choice(
            (str(r.randint(1, 400)), f"{r.randint(0, 20)}.{r.randint(0, 9)}", f"{r.randint(0, 9)}.{r.randint(10, 99)}")
        )

    def slot_frac(self) -> str:
        """A score or a fraction."""
        whole = self.rng.choice((4, 5, 6, 10, 15, 24, 28, 30, 56, 100, 2, 3))
        return f"{self.rng.randint(0, whole)}/{whole}"

    def slot_n(self) -> str:
        """A small number."""
        return str(self.rng.randint(1, 30))

    def slot_dose(self) -> str:
        """A dose with its frequency."""
        return f"{self.rng.choice(clinic()['dose_amount'])} {self.rng.choice(clinic()['dose_often'])}"

    def slot_vitals(self) -> str:
        """Vital signs."""
        r = self.rng.randint
        return self.rng.choice(_VITALS).format(
            bp=f"{r(90, 190)}/{r(50, 110)}", p=r(50, 130), r=r(10, 30), f=f"{r(96, 103)}.{r(0, 9)}",
            c=f"{r(36, 39)}.{r(0, 9)}", o=r(85, 100), kg=r(40, 140), lb=r(90, 300), bmi=f"{r(17, 48)}.{r(0, 9)}",
            inch=r(0, 11),
        )  # fmt: skip

    def slot_result(self) -> str:
        """A laboratory value."""
        r = self.rng.randint
        value = self.rng.choice(
            (
                str(r(1, 400)),
                f"{r(0, 20)}.{r(0, 9)}",
                f"{r(0, 9)}.{r(10, 99)}",
                f"<0.{r(1, 9)}",
                f"{r(1, 400)} (H)",
                f"{r(100, 400)},000",
            )
        )
        unit = self.rng.choice(("", "", *(f" {unit}" for unit in clinic()["unit"]), "%"))
        return f"{self.rng.choice(clinic()['test'])}{self.rng.choice((' ', ': ', ' of ', '='))}{value}{unit}"

    def slot_duration(self) -> str:
        """A length of time."""
        return f"{self.rng.choice(clinic()['time_count'])} {self.rng.choice(clinic()['time_unit'])}"
