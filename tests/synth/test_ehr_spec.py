"""The synthetic hospital: keys, order in time, what is plausible, the same for a seed, written and read back."""

import csv
import gc
import stat
import subprocess
import sys
import tomllib
import tracemalloc
from collections import Counter, defaultdict, deque
from datetime import date, datetime, timedelta
from importlib.resources import files
from itertools import islice
from random import Random
from statistics import correlation

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onprem.errors import InputError, OutputError
from onprem.synth.ehr import Encounter, Lab, Medication, Patient, patient, read_patients, simulate, tables
from onprem.synth.ehr.life import Episode, Life, live
from onprem.synth.ehr.spec import ADULT, SEXES, by_age, read_spec, spec
from onprem.synth.ehr.treat import Chart

SPEC = spec()
BY_CODE = {each.code: each for each in SPEC.conditions.values()}
BY_DRUG = {each.names["en"][0]: each for each in SPEC.drugs.values()}
BY_TEST = {each.names["en"][0]: each for each in SPEC.tests.values()}
ONE = given(seed=st.integers(0, 10_000), number=st.integers(0, 10_000))
FEW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def hospital():
    return list(simulate(3_000, 5, "en"))


def age_at(who, day):
    return (day - who.birth_date).days / 365.25


@ONE
@FEW
def test_keys_and_order_in_time(seed, number):
    who = patient(number, seed, "en")
    last = min(who.death_date or SPEC.people.last_day, SPEC.people.last_day)
    keys = Counter()
    for stay in who.encounters:
        rows = [*stay.diagnoses, *stay.labs, *stay.medications]
        keys.update([stay.encounter_id, *(next(iter(getattr(row, name) for name in row.__slots__)) for row in rows)])
        assert who.birth_date <= stay.start.date() <= stay.end.date() <= last
        assert stay.start < stay.end
        for each in stay.diagnoses:
            assert who.birth_date <= each.onset <= stay.start.date()
        for lab in stay.labs:
            assert stay.start <= lab.time <= stay.end
        for drug in stay.medications:
            assert stay.start.date() == drug.start <= drug.end <= last
    assert keys == Counter(set(keys))
    for one, other in zip(who.encounters, who.encounters[1:], strict=False):
        assert one.end < other.start


@ONE
@FEW
def test_nothing_is_given_that_is_forbidden(seed, number):
    who = patient(number, seed, "en")
    had = {}
    for stay in who.encounters:
        for each in stay.diagnoses:
            condition = BY_CODE[each.code]
            until = date.max if condition.lasting else each.onset + timedelta(condition.days)
            had.setdefault((each.code, each.onset), (condition, each.onset - timedelta(condition.before), until))
    taken = [(drug, BY_DRUG[drug.drug]) for stay in who.encounters for drug in stay.medications]
    for drug, known in taken:
        assert known.sex in {"", who.sex}
        assert drug.dose in (known.adult if age_at(who, drug.start) >= ADULT + 0.01 else (*known.adult, *known.child))
        for condition, since, until in had.values():
            if condition.key in known.not_with:
                assert drug.end < since or drug.start > until, f"{known.key} with {condition.key}"
    for place, (one, first) in enumerate(taken):
        for other, second in taken[place + 1 :]:
            together = one.start <= other.end and other.start <= one.end and first.key != second.key
            if together:
                assert first.group != second.group, f"{first.key} with {second.key}"
                assert first.key not in second.not_beside, f"{first.key} with {second.key}"
                assert second.key not in first.not_beside, f"{first.key} with {second.key}"


@ONE
@FEW
def test_the_same_patient_in_both_languages(seed, number):
    english, chinese = patient(number, seed, "en"), patient(number, seed, "zh")
    assert english == patient(number, seed, "en")
    assert (english.birth_date, english.death_date, english.sex) == (
        chinese.birth_date,
        chinese.death_date,
        chinese.sex,
    )
    for one, other in zip(english.encounters, chinese.encounters, strict=True):
        assert (one.encounter_id, one.start, one.end, one.kind) == (
            other.encounter_id,
            other.start,
            other.end,
            other.kind,
        )
        assert [each.code for each in one.diagnoses] == [each.code for each in other.diagnoses]
        assert [lab.value for lab in one.labs] == [lab.value for lab in other.labs]
        assert [drug.dose for drug in one.medications] == [drug.dose for drug in other.medications]
        assert not any(lab.test.isascii() and lab.test.islower() for lab in other.labs)
        assert not any(
            each.drug.isascii() or each.frequency.isascii() or each.route.isascii() for each in other.medications
        )


def test_patient_k_does_not_depend_on_the_others(hospital):
    assert hospital[1234] == patient(1234, 5, "en")
    assert hospital[1234] != patient(1234, 6, "en")


def test_the_same_in_another_process():
    program = "from onprem.synth.ehr import patient; print(repr([patient(k, 9, 'en').birth_date for k in range(20)]))"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "77"}
    )
    assert said.stdout.strip() == repr([patient(number, 9, "en").birth_date for number in range(20)])


def test_conditions_of_one_sex_and_of_grown_people(hospital):
    for who in hospital:
        for stay in who.encounters:
            for each in stay.diagnoses:
                condition = BY_CODE[each.code]
                assert condition.sex in {"", who.sex}
                assert condition.told[who.sex][min(int(age_at(who, each.onset)) + 1, 110)] > 0, condition.key


def test_children_have_no_disease_of_age(hospital):
    of_age = {
        "I10",
        "E11.9",
        "I25.1",
        "I48.9",
        "I50.9",
        "J44.9",
        "G20",
        "G30.9",
        "M81.9",
        "C61",
        "C50.9",
        "C34.9",
        "S72.0",
        "N40",
    }
    seen = {
        each.code
        for who in hospital
        for stay in who.encounters
        if age_at(who, stay.start.date()) < 18
        for each in stay.diagnoses
    }
    assert seen
    assert not seen & of_age


def test_no_metformin_from_severe_kidney_failure_on():
    """Diabetes since long, kidney failure in the middle of the records."""
    day = date(2024, 6, 1).toordinal()
    life = Life("male", date(1950, 1, 1).toordinal(), None, day - 400, day + 400)
    kidney = Episode(SPEC.conditions["ckd5"], day, 10**6, day)
    diabetes = Episode(SPEC.conditions["t2dm"], day - 3_000, 10**6, day - 3_000)
    given = {at: [] for at in (-300, -10, 0, 90)}
    for number in range(40):
        life.lasting = [diabetes, kidney]
        chart = Chart(SPEC, life, Random(number))
        for at, found in given.items():
            found += [
                each
                for each in chart.prescribe([diabetes], day + at, day + at, "outpatient")
                if each.drug.key == "metformin"
            ]
    assert len(given[-300]) > 10
    assert given[-10]
    assert all(each.end < day for each in given[-10])
    assert not given[0]
    assert not given[90]


@pytest.mark.parametrize("key", ["hypertension", "t2dm", "asthma", "chd", "ckd3", "bph", "hypothyroidism"])
def test_as_many_have_a_condition_as_the_specification_says(hospital_of_living, key):
    condition = SPEC.conditions[key]
    for sex in SEXES:
        expected = had = 0.0
        for life, on in hospital_of_living:
            if life.sex == sex and condition.sex in {"", sex}:
                expected += condition.told[sex][life.age(life.last)]
                had += key in on
        if expected > 50:
            assert 0.8 * expected < had < 1.25 * expected, (sex, had, expected)


@pytest.fixture(scope="module")
def hospital_of_living():
    lives = [live(SPEC, Random(number)) for number in range(12_000)]
    return [(life, {each.condition.key for each in life.lasting}) for life in lives if life.death is None]


def test_what_raises_a_condition_does(hospital_of_living):
    def share(key, given_that, *, has):
        of = [on for life, on in hospital_of_living if life.age(life.last) >= 50 and (given_that in on) is has]
        return sum(key in on for on in of) / len(of)

    for key, cause in (("t2dm", "obesity"), ("chd", "hypertension"), ("heart_failure", "chd"), ("ckd3", "t2dm")):
        assert share(key, cause, has=True) > 1.3 * share(key, cause, has=False), (key, cause)


def test_values_lie_within_their_bounds_and_shift_with_the_condition(hospital):
    values = defaultdict(list)
    for who in hospital:
        for stay in who.encounters:
            ill = {BY_CODE[each.code].key for each in stay.diagnoses}
            for lab in stay.labs:
                test = BY_TEST[lab.test]
                assert test.least <= lab.value <= test.most
                assert lab.unit == test.unit
                assert age_at(who, stay.start.date()) >= test.asked_from - 0.01
                shifted = any(test.key in SPEC.conditions[key].shifts for key in ill)
                values[test.key, shifted].append((lab.value, test.ranges[who.sex]))
    for key in ("haemoglobin", "sodium", "creatinine"):
        plain = values[key, False]
        assert sum(low <= value <= high for value, (low, high) in plain) / len(plain) > 0.97
    mean = {
        shifted: sum(value for value, _ in values["creatinine", shifted]) / len(values["creatinine", shifted])
        for shifted in (True, False)
    }
    assert mean[True] > 1.5 * mean[False]


def test_tests_of_one_condition_go_together(hospital):
    pairs = []
    for who in hospital:
        for stay in who.encounters:
            found = {lab.test: lab.value for lab in reversed(stay.labs)}
            if any(each.code == "E11.9" for each in stay.diagnoses) and {"HbA1c", "fasting glucose"} <= found.keys():
                pairs.append((found["HbA1c"], found["fasting glucose"]))
    assert correlation(*zip(*pairs, strict=True)) > 0.4


def test_people_die_about_as_often_as_expected(hospital):
    years = (SPEC.people.last_day - SPEC.people.first_day).days / 365.25
    rate = sum(who.death_date is not None for who in hospital) / len(hospital) / years
    assert 0.006 < rate < 0.025


def test_tables_are_written_privately_and_read_back(tmp_path):
    made = list(simulate(120, 3, "en"))
    counts = tables(tmp_path / "ward", made)
    assert list(read_patients(tmp_path / "ward")) == made
    assert {path.name for path in (tmp_path / "ward").iterdir()} == {f"{name}.csv" for name in counts}
    for name, rows in counts.items():
        path = tmp_path / "ward" / f"{name}.csv"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with path.open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) == rows
    with pytest.raises(OutputError):
        tables(tmp_path / "ward", made)


def test_a_write_that_fails_leaves_nothing(tmp_path):
    def broken():
        yield patient(0, 1, "en")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError):
        tables(tmp_path / "ward", broken())
    assert list((tmp_path / "ward").iterdir()) == []


def write(folder, name, *lines):
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_odd_tables_of_a_hospital(tmp_path):
    write(tmp_path, "patients", "patient_id,birth_date,sex", "7,1950-03-01,F", "8,unknown,x")
    write(
        tmp_path,
        "encounters",
        "encounter_id,patient_id,start,end,class",
        "b,7,2020-02-01 10:00:00,,outpatient",
        "a,7,2019-02-01,2019-02-03,inpatient",
    )
    write(
        tmp_path,
        "labs",
        "lab_id,encounter_id,patient_id,time,test,value,unit",
        "1,a,7,2019-02-01,Na,inf,mmol/L",
        "2,a,7,,K,4.10,mmol/L",
    )
    write(tmp_path, "medications", "medication_id,encounter_id,patient_id,drug,dose", "1,b,7,aspirin,a few")
    first, second = read_patients(tmp_path)
    assert first.sex == "female"
    assert (second.birth_date, second.sex, second.encounters) == (None, "", ())
    assert first.encounters == (
        Encounter(
            "a",
            datetime(2019, 2, 1),
            datetime(2019, 2, 3),
            "inpatient",
            labs=(Lab("1", datetime(2019, 2, 1), "Na", None, "mmol/L"), Lab("2", None, "K", 4.1, "mmol/L")),
        ),
        Encounter(
            "b",
            datetime(2020, 2, 1, 10),
            None,
            "outpatient",
            medications=(Medication("1", "aspirin", None, "", "", "", None, None),),
        ),
    )
    assert isinstance(first, Patient)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("encounters", ("encounter_id,patient_id", "a,9")),
        ("labs", ("lab_id,encounter_id", "1,z")),
        ("patients", ("id,sex", "1,F")),
        ("diagnoses", ("diagnosis_id,name", "1,x")),
    ],
)
def test_tables_that_do_not_hang_together_are_refused(tmp_path, name, lines):
    write(tmp_path, "patients", "patient_id,sex", "7,F")
    write(tmp_path, name, *lines)
    with pytest.raises(InputError) as caught:
        list(read_patients(tmp_path))
    assert "z" not in caught.value.message.split()


def test_a_folder_without_patients_is_refused(tmp_path):
    with pytest.raises(InputError):
        list(read_patients(tmp_path))


def test_memory_does_not_grow_with_the_number_of_patients():
    spec()
    many = simulate(10**9, 4, "en")
    tracemalloc.start()
    sizes = []
    for many_more in (50, 100, 400):
        deque(islice(many, many_more), maxlen=0)
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert sizes[2] - sizes[1] < 100_000  # 400 patients kept would be some megabytes


def test_a_specification_that_names_what_is_not_there_is_refused():
    said = {
        name: tomllib.loads(files("onprem.synth.ehr").joinpath(f"{name}.toml").read_text())
        for name in ("conditions", "labs", "drugs", "people")
    }
    read_spec(said)
    for table, key, value in (
        ("raised_by", "t2dm", {"plague": 2.0}),
        ("tests", "t2dm", ["x"]),
        ("prevalence", "t2dm", [[20, 0.2, 0.2], [40, 0.1, 0.3]]),
    ):
        broken = said | {"conditions": said["conditions"] | {key: said["conditions"][key] | {table: value}}}
        with pytest.raises(ValueError, match="t2dm"):
            read_spec(broken)


def test_every_condition_names_its_source_and_both_languages():
    said = tomllib.loads(files("onprem.synth.ehr").joinpath("conditions.toml").read_text(encoding="utf-8"))
    assert len(said) >= 40
    for key, each in said.items():
        assert each["source"] and each["en"] and each["zh"], key


def test_straight_lines_between_the_ages_that_are_told():
    curve = by_age([[10, 0.0, 0.2], [20, 1.0, 0.2]], 1)
    assert curve[:10] == (0.0,) * 10
    assert curve[15] == pytest.approx(0.5)
    assert curve[90] == 1.0
    assert by_age([[10, 0.0, 0.2]], 2)[9:11] == (0.0, 0.2)


@pytest.mark.serial
def test_ten_thousand_patients_in_seconds(tmp_path):
    import time

    begun = time.process_time()
    tables(tmp_path / "ward", simulate(2_000, 1, "en"))
    assert time.process_time() - begun < 6  # of the processor, for a fifth of them, on a slow machine
