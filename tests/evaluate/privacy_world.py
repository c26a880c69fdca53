"""Invented notes, dialogues and patient tables for tests of the privacy gate: of nobody, and of one kind each."""

import random

import numpy as np

from onprem.table import Column, Kind, Table

_COMPLAINTS = (
    "chest pain,shortness of breath,a dry cough,a swollen ankle,blurred vision,night sweats,a stiff neck,palpitations,"
    "loss of appetite,an itchy rash,tingling fingers,a sore throat,low back pain,heartburn,dizziness on standing,hoarseness"
).split(",")
_DRUGS = (
    "metformin,lisinopril,amlodipine,sertraline,omeprazole,atorvastatin,salbutamol,warfarin,levothyroxine,ramipril,"
    "furosemide,gabapentin,ibuprofen,paracetamol,insulin glargine,prednisolone"
).split(",")
_FINDINGS = (
    "clear lungs on both sides,a soft systolic murmur,mild pitting oedema,a tender left flank,normal reflexes,"
    "a reddened ear drum,reduced sensation in both feet,a palpable liver edge,regular heart sounds,dry mucous membranes,"
    "a healed scar over the knee,slight jaundice of the eyes,a warm and swollen wrist,equal and reactive pupils"
).split(",")
_LIVES = (
    "lives with a sister on the third floor,keeps bees,drives a night bus,teaches the trumpet,retired from a paper mill,"
    "walks two dogs every morning,works shifts in a bakery,looks after four grandchildren,mends clocks at home,"
    "sings in a choir,swims in the lake until October,studies law in the evening,grows tomatoes,plays chess by post"
).split(",")
_FORMS = (
    "The patient has had {c} for {n} {unit}, and {c2} since {when}.",
    "Over the last {n} {unit} {c} came and went, mostly {when}.",
    "On examination there were {f} and {f2}.",
    "Blood pressure was {s}/{d}, pulse {p}, temperature {t}.",
    "We saw {f}; nothing else stood out.",
    "Takes {m} {dose} mg {how}, and {m2} when needed.",
    "{m} was raised to {dose} mg, {m2} was stopped because of {c}.",
    "The patient {l} and {l2}.",
    "At home the patient {l}, which has become harder with {c}.",
    "We agreed on {m} {dose} mg {how} and a visit in {n} {unit}.",
    "Denies {c} and {c2}.",
    "An appointment for {test} was made; until then {m} is kept.",
    "{test} showed no change since {when}.",
)
_HAN = (
    "患者{n}天前出现{c}，伴{c2}，夜间加重。",
    "查体：血压{s}/{d}mmHg，心率{p}次/分，{f}。",
    "既往{l}，长期服用{m}，每次{dose}毫克。",
    "否认{c}及{c2}，饮食睡眠尚可。",
    "建议继续服用{m}，{n}天后复诊，必要时复查{test}。",
    "家中{l}，近来因{c}活动减少。",
)
_HAN_WORDS = {
    "c": "胸闷,咳嗽,头晕,腹胀,乏力,皮疹,心悸,咽痛,腰痛,恶心,耳鸣,发热".split(","),
    "f": "双肺呼吸音清,双下肢轻度浮肿,腹软无压痛,咽部充血,心律齐,肝区叩痛,颈部无抵抗,皮肤干燥".split(","),
    "l": "种植果树三十年,照看两个孙子,经营面馆,喜欢下棋,每日散步,曾在纺织厂工作,独自居住,坚持晨泳".split(","),
    "m": "二甲双胍,氨氯地平,阿司匹林,奥美拉唑,缬沙坦,辛伐他汀,左甲状腺素,呋塞米".split(","),
    "test": "心电图,胸部平片,血常规,肝功能,腹部超声,血糖".split(","),
}
_ENGLISH_WORDS = {
    "c": _COMPLAINTS,
    "f": _FINDINGS,
    "l": _LIVES,
    "m": _DRUGS,
    "test": ["an echocardiogram", "a chest film", "spirometry", "an ultrasound of the kidneys", "a stress test"],
}


def notes(count, seed, lang="en", sentences=(4, 7)):
    """Return invented notes: two of one seed are as alike as two of different seeds."""
    rng = random.Random(f"{lang}/{seed}")
    forms, words = (_FORMS, _ENGLISH_WORDS) if lang == "en" else (_HAN, _HAN_WORDS)
    return [
        ("" if lang == "zh" else " ").join(
            _sentence(rng, form, words) for form in rng.sample(forms, min(len(forms), rng.randint(*sentences)))
        )
        for _ in range(count)
    ]


def _sentence(rng, form, words):
    drawn = {key: rng.choice(words[key]) for key in words} | {f"{key}2": rng.choice(words[key]) for key in words}
    return form.format(
        **drawn,
        n=rng.randint(2, 29),
        unit=rng.choice(("days", "weeks", "months")),
        when=rng.choice(("Easter", "the summer", "last spring", "the flu", "her holiday", "a fall", "the winter")),
        s=rng.randint(98, 188),
        d=rng.randint(55, 104),
        p=rng.randint(48, 121),
        t=f"{rng.uniform(35.8, 39.6):.1f}",
        dose=rng.choice((2, 5, 10, 20, 25, 40, 75, 100, 250, 500)),
        how=rng.choice(("in the morning", "twice a day", "at night", "with meals", "every other day")),
    )


def one_word_changed(text, seed):
    """Return a text with one word, in the middle of it, replaced."""
    rng = random.Random(seed)
    words = text.split(" ")
    first = len(words) // 3
    words[rng.randrange(first, max(first + 1, 2 * first))] = "elsewhere"
    return " ".join(words)


def nothing(texts):
    """Find no identifier: for tests that are not about them."""
    return [() for _ in texts]


def patients(count, seed):
    """Return an invented table: numbers, counts, categories, missing values, and a number of each row's own."""
    rng = np.random.default_rng(seed)
    age = rng.integers(20, 95, count).astype(float)
    sex = rng.integers(0, 2, count).astype(np.int32)
    shares = np.arange(12, 0, -1) / 78
    diagnosis = rng.choice(12, count, p=shares).astype(np.int32)
    creatinine = np.round(np.exp(rng.normal(4.3 + 0.004 * age + 0.1 * sex, 0.3)), 0)
    haemoglobin = np.round(rng.normal(14 - 1.2 * sex - 0.01 * age, 1.3), 1)
    haemoglobin[rng.random(count) < 0.1] = np.nan
    return Table(
        "patients",
        (
            Column("number", Kind.INTEGER, rng.permutation(10**6)[:count].astype(float)),
            Column("age", Kind.INTEGER, age),
            Column("sex", Kind.CATEGORY, sex, ("f", "m")),
            Column("diagnosis", Kind.CATEGORY, diagnosis, tuple(f"D{code}" for code in range(12))),
            Column("creatinine", Kind.NUMBER, creatinine),
            Column("haemoglobin", Kind.NUMBER, haemoglobin, decimals=1),
            Column("days", Kind.INTEGER, rng.poisson(2 + diagnosis / 3).astype(float)),
            Column("bmi", Kind.NUMBER, np.round(rng.normal(26, 4, count), 1), decimals=1),
        ),
    )


def with_rows(table, other, count):
    """Return a table whose first rows are those of another, but for the number of each row's own."""
    columns = [
        column
        if column.name == "number"
        else Column(
            column.name,
            column.kind,
            np.concatenate([taken.values[:count], column.values[count:]]),
            column.categories,
            column.decimals,
            column.day,
        )
        for column, taken in zip(table, other, strict=True)
    ]
    return Table(table.name, tuple(columns))
