"""Known answers, the obvious slow count beside the fast one, and what a policy leaves."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.evaluate.allow import hidden_labels, stays_under
from onprem.evaluate.baselines import BASELINES
from onprem.evaluate.deid import Miss, score
from onprem.labels import Label
from onprem.model import Span
from onprem.policy.contract import Operator
from onprem.policy.schema import load
from onprem.tagged import Gold, Tagged, parse


def span(start, end, label=Label.NAME, by=("a",)):
    return Span(start, end, label, 1.0, frozenset(by))


class Bands:
    def __init__(self, width, top):
        self.width, self.top = width, top


class Rules:
    def __init__(self, width=0, **rules):
        self.rules = rules
        self.age = Bands(width, 90)

    def rule(self, label):
        return self.rules.get(label.value, Operator.REDACT)


def test_known_answer():
    gold = [
        parse("Seen by <NAME>Ann Lee</NAME> today"),
        parse("<DATE>May 3</DATE> and <NAME>Bo</NAME>"),
        parse("no one"),
    ]
    # "Ann" alone (3 of 6 letters), all of the second document, and "one" hidden without need
    found = [[span(8, 11)], [span(0, 5, Label.ADDRESS), span(10, 12)], [span(3, 6)]]
    scores = score(gold, found)
    assert (scores.documents, scores.identifiers, scores.characters) == (3, 3, 6 + 4 + 2)
    assert scores.recall.value == pytest.approx(9 / 12)
    assert scores.hidden.value == pytest.approx(2 / 3)
    assert scores.clean.value == pytest.approx(1 / 2)  # of the two documents that hold an identifier
    assert scores.over_redaction.value == pytest.approx(3 / (len("Seenbytoday") + len("and") + len("noone")))
    assert scores.touched.value == 1.0
    assert scores.missed == (Miss(0, 8, 15, Label.NAME),)
    names = {row.label: row for row in scores.by_type}
    assert names[Label.NAME].hidden.value == pytest.approx(1 / 2)
    assert names[Label.DATE].recall.value == 1.0  # label-blind: an address span hid it
    assert names[Label.ADDRESS].identifiers == 0


def test_detectors_alone_and_left_out():
    gold = [parse("<NAME>Ann</NAME> <NAME>Bob</NAME> <NAME>Cy</NAME>")]
    found = [[span(0, 3, by=("a", "b")), span(4, 7, by=("b",))]]
    rows = {row.detector: row for row in score(gold, found).by_detector}
    assert rows["a"].hidden.value == pytest.approx(1 / 3)
    assert rows["b"].hidden.value == pytest.approx(2 / 3)
    assert rows["a"].hidden_without.value == pytest.approx(2 / 3)
    assert rows["b"].hidden_without.value == pytest.approx(1 / 3)


def test_recognisers_of_a_family_count_together_too():
    gold = [parse("<NAME>Ann</NAME> <NAME>Bob</NAME> <NAME>Cy</NAME>"), parse("<NAME>Di</NAME>")]
    found = [[span(0, 3, by=("p/x", "p/y")), span(4, 7, by=("p/y", "n"))], [span(0, 2, by=("n",))]]
    rows = {row.detector: row for row in score(gold, found).by_detector}
    assert set(rows) == {"p", "p/x", "p/y", "n"}
    assert rows["p"].hidden.value == pytest.approx(2 / 4)
    assert rows["p"].hidden_without.value == pytest.approx(2 / 4)  # Bob and Di by n
    assert rows["p/x"].hidden_without.value == pytest.approx(3 / 4)
    assert rows["n"].clean.value == pytest.approx(1 / 2)


def test_what_a_policy_keeps_counts_on_neither_side():
    rules = Rules(STATE=Operator.KEEP, AGE=Operator.BAND, DATE=Operator.YEAR)
    gold = [
        parse("<AGE>40</AGE> from <STATE>Ohio</STATE> in <DATE>2019</DATE>, mother <AGE>93</AGE>, <NAME>Ann</NAME>")
    ]
    text = gold[0].text
    nothing = score(gold, [[]], hidden=hidden_labels(rules), stays=stays_under(rules))
    assert nothing.identifiers == 2  # 93 and Ann
    # found, but left as they are by the policy: neither hidden nor over-redacted
    left = [span(0, 2, Label.AGE), span(text.index("Ohio"), text.index("Ohio") + 4, Label.STATE)]
    kept = score(gold, [left], hidden=hidden_labels(rules), stays=stays_under(rules))
    assert kept.over_redaction.value == 0.0 and kept.recall.value == 0.0
    # a name that was found as a state under a policy that keeps states is not hidden
    start = text.index("Ann")
    wrong = score(gold, [[span(start, start + 3, Label.STATE)]], hidden=hidden_labels(rules), stays=stays_under(rules))
    assert wrong.hidden.value == 0.0
    assert score(gold, [[]]).identifiers == 5


def test_ages_that_are_banded_must_be_found():
    rules = Rules(width=5, AGE=Operator.BAND)
    gold = [parse("<AGE>40</AGE> and <AGE>ninety-two</AGE>")]
    assert score(gold, [[]], hidden=hidden_labels(rules), stays=stays_under(rules)).identifiers == 2


def test_a_shipped_policy_says_what_stays():
    policy = load("hipaa-safe-harbor")
    gold = [parse("<AGE>40</AGE> <AGE>93</AGE> <STATE>Ohio</STATE> <DATE>2019</DATE> <DATE>3 May 2019</DATE>")]
    scores = score(gold, [[]], hidden=hidden_labels(policy), stays=stays_under(policy))
    assert [gold[0].text[miss.start : miss.end] for miss in scores.missed] == ["93", "3 May 2019"]


def test_rule_of_three_where_nothing_was_missed():
    gold = [parse("<NAME>Ann</NAME> is well")] * 100
    scores = score(gold, [[span(0, 3)]] * 100)
    assert scores.hidden.value == 1.0
    assert scores.hidden.low == pytest.approx(1 - 3 / 100)
    assert scores.over_redaction.value == 0.0 and scores.over_redaction.high == pytest.approx(3 / 100)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    generator = random.Random(7)
    covered = 0
    for trial in range(60):
        gold, found = [], []
        for _ in range(80):
            gold.append(parse("<NAME>Ann</NAME> is well"))
            found.append([span(0, 3)] if generator.random() < 0.8 else [])
        metric = score(gold, found, seed=trial).hidden
        covered += metric.low <= 0.8 <= metric.high
    assert covered >= 51  # 95 % of 60 is 57


def test_one_document_has_no_interval():
    metric = score([parse("<NAME>Ann</NAME> <NAME>Bob</NAME>")], [[span(0, 3)]]).hidden
    assert (metric.low, metric.high) == (0.0, 1.0)


def test_empty_and_undefined():
    assert score([], []).recall is None
    scores = score([Tagged("plain", ())], [[]])
    assert scores.recall is None and scores.clean is None and scores.touched.value == 0.0
    assert score([Tagged("", ())], [[]]).over_redaction is None


@pytest.mark.parametrize("bad", [[], [[span(0, 99)]], [[span(-1, 2)]], [[span(3, 2)]]])
def test_wrong_input_is_refused_without_the_text(bad):
    with pytest.raises(ValueError) as caught:
        score([Tagged("Zebulon", ())], bad)
    assert "Zebulon" not in str(caught.value)


def test_baselines():
    gold = [parse("Seen by <NAME>Ann Lee</NAME> on <DATE>May 3</DATE>, dose 40 mg")]
    figures = {name: score(gold, [list(find(gold[0].text))]) for name, find in BASELINES.items()}
    assert figures["redact nothing"].recall.value == 0.0 and figures["redact nothing"].over_redaction.value == 0.0
    assert figures["redact everything"].recall.value == 1.0 and figures["redact everything"].over_redaction.value == 1.0
    assert figures["capitals and digits"].recall.value == 1.0
    assert 0 < figures["capitals and digits"].over_redaction.value < 1


def slow(gold, found):
    """Count by the book, one character at a time."""
    characters = hidden = identifiers = whole = plain = over = 0
    for document, spans in zip(gold, found, strict=False):
        covered = {position for item in spans for position in range(item.start, item.end)}
        solid = {position for position, character in enumerate(document.text) if not character.isspace()}
        inside = set()
        for item in document.spans:
            own = set(range(item.start, item.end)) & solid
            inside |= set(range(item.start, item.end))
            if own:
                identifiers += 1
                whole += own <= covered
                characters += len(own)
                hidden += len(own & covered)
        plain += len(solid - inside)
        over += len((solid - inside) & covered)
    return characters, hidden, identifiers, whole, plain, over


@st.composite
def documents(draw):
    text = draw(st.text(alphabet="ab \n\u3000王\ud800", min_size=1, max_size=30))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    gold = tuple(Gold(a, b, Label.NAME) for a, b in zip(cuts[::2], cuts[1::2], strict=False))
    ends = draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text))), max_size=4))
    return Tagged(text, gold), [span(min(pair), max(pair)) for pair in ends]


@settings(max_examples=60, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=4))
def test_the_fast_count_equals_the_slow_one(pairs):
    gold, found = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    characters, hidden, identifiers, whole, plain, over = slow(gold, found)
    scores = score(gold, found)
    assert (scores.characters, scores.identifiers, len(scores.missed)) == (characters, identifiers, identifiers - whole)
    assert scores.recall is None if not characters else scores.recall.value == pytest.approx(hidden / characters)
    assert scores.over_redaction is None if not plain else scores.over_redaction.value == pytest.approx(over / plain)
    for metric in (scores.recall, scores.hidden, scores.clean, scores.over_redaction):
        assert metric is None or 0 <= metric.low <= metric.value <= metric.high <= 1


@settings(max_examples=40, deadline=None)
@given(documents(), st.integers(0, 30), st.integers(0, 30))
def test_another_span_never_lowers_recall(pair, start, end):
    document, spans = pair
    size = len(document.text)
    more = [*spans, span(min(start, end, size), min(max(start, end), size), by=("b",))]
    before, after = score([document], [spans]), score([document], [more])
    if before.recall is not None:
        assert after.recall.value >= before.recall.value
