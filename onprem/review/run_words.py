"""What the review of a run says: why something is asked, what will happen, what each key does. Words alone, no value."""

from __future__ import annotations

from onprem.labels import MEANING
from onprem.model import Reason
from onprem.pipeline.decisions import WHY, Decision, Do
from onprem.pipeline.doubts import Asked, Heading, Question
from onprem.pipeline.queue import Item
from onprem.policy.contract import Operator

DETECTORS = {
    "ner": "the name finder",
    "patterns": "a pattern",
    "presidio": "Presidio",
    "roster": "the roster",
    "propagated": "another note of the patient",
    "gate": "the leak gate",
    "review": "a reviewer",
}
OPERATORS = {
    Operator.KEEP: "leaves it as it is",
    Operator.REDACT: "replaces it by its label",
    Operator.MASK: "masks it",
    Operator.CODE: "replaces it by a code",
    Operator.SURROGATE: "replaces it by an invented one",
    Operator.SHIFT: "moves it by the patient's days",
    Operator.YEAR: "leaves its year",
    Operator.BAND: "leaves its band",
    Operator.ZIP3: "leaves its first three digits",
    Operator.GENERALISE: "makes it coarser",
    Operator.SUPPRESS: "removes it",
}
HELD = {
    Reason.UNREADABLE: "it does not parse as its format says; repair it where it comes from",
    Reason.ENCODING: "its bytes are in no known encoding, or in several; export it anew, as UTF-8",
    Reason.BINARY: "it is binary under the name of a text",
    Reason.TOO_LARGE: "it is longer than the site allows: max_record_chars in onprem.toml",
    Reason.STRUCTURE: "its row has another number of cells than the heading, or is nested; repair it where it comes from",
    Reason.LANGUAGE: "its language is not English or Chinese, as far as the detectors can tell; if it is: --lang en or zh",
    Reason.INTERNAL: "the program failed on it; please report it with the version, without the text",
    Reason.POLICY: "the policy has no rule for it",
    Reason.ECHO: "the policy asks for a language model, and its answer on it is not understood",
    Reason.REVIEW: "a reviewer decided that it stays",
}
DROPPED = {
    "refuted": "its form or the words beside it speak against it",
    "threshold": "its score is below the policy's threshold",
}
REPEATS = "A policy that redacts or codes it lets the file pass."
COLUMN = "nobody can place this column. Say what it holds: onprem policy column HEADER WHAT, then run again"
DECIDED = {
    Do.ACCEPT: "accepted: it will be replaced",
    Do.ADD: "added: it will be replaced",
    Do.REJECT: "rejected: it will be left",
    Do.TEACH: "taught: it will be replaced wherever it stands",
    Do.KEEP: "the record will be held",
}

HELP = """\
What is asked
  Guesses that the program was not sure about, and what it held. Certain
  finds are not put to a vote. The place stands between >> and <<; what is
  replaced anyway is shown as its label, [NAME], and v shows it. That you
  opened this, and what you decide, is logged.

What you can say
  a  accept   it is an identifier: replace it, here and in the patient's
              other notes
  A  alike    accept it in all places of the list with the same text
  r  reject   it is none: leave it. Asks for a reason. Only a guess of the
              name finder alone can be rejected, and the leak gate still
              holds a file in which a known value of the patient stands
  e  borders  move where it begins and ends, then accept it
  +  add      mark an identifier that nothing found, and say which kind
  t  teach    this text is an identifier of this patient, or of anybody,
              wherever it stands from now on
  k  keep     hold this whole record, now and in later runs
  l  column   how to release a column that nobody can place

Moving
  n p   next, previous place      Up Down   move the text
  u     undo your last decision   q         quit; all is saved already

Marking a place (e, +, t)
  Left Right   by words           , .       by single characters
  Tab          choose what moves: the word, its beginning, its end
  Enter        take it            Esc       leave it

When you are done
  onprem deid INPUT --out DIR --decisions FILE   does what you decided
"""


def why(item: Item, heading: Heading) -> str:
    """Say in two lines or so why an item is asked about and what happens if nobody decides."""
    question = item.question
    if question.asked is Asked.HELD:
        what = "Held" if question.count == 1 else f"Held, {question.count} records, this is the first"
        return f"{what}: {HELD.get(Reason(question.reason), question.reason)}."
    if question.asked is Asked.FIELD:
        return f"Held, {question.count} {'cell' if question.count == 1 else 'cells'}: {COLUMN}."
    if question.asked is Asked.LEAK or question.label is None:
        return _leak(question)
    label = f"{question.label.value} ({MEANING[question.label].words})"
    found = " and ".join(DETECTORS.get(name.split("/")[0], name) for name in question.by)
    if question.asked is Asked.MISSED:
        but = DROPPED[question.reason]
        return f"Dropped: {found} took it for {label}, score {question.score:.2f}, but {but}. It is left."
    rule = OPERATORS[heading.rules[question.label]]
    return f"Doubtful: {found} alone took it for {label}, score {question.score:.2f}. The policy {rule}."


def _leak(question: Question) -> str:
    label = "value" if question.label is None else f"{question.label.value} ({MEANING[question.label].words})"
    if question.reason == "repeats":
        return f"Leak gate: what was put here repeats a known {label}, so the file is held. {REPEATS}"
    if question.field < 0:
        return f"Leak gate: a known {label} stands in the name of the output file, so it is held. Rename the input."
    if question.start < question.end:
        return f"Leak gate: a known {label} stood here in the output, so the file is held. Accept to have it replaced."
    return (
        f"Leak gate: a known {label} stood somewhere in this field of the output, so the file is held. Mark it with +."
    )


def decided(decision: Decision) -> str:
    """Say what was decided about an item."""
    reason = f" ({WHY[decision.why]})" if decision.why in WHY else ""
    return f"{DECIDED[decision.do]}{reason} - {decision.by}, {decision.at[:16].replace('T', ' ')} UTC"
