"""Notes of the recipe `note`: how many come out, why the others do not, what they tell, how fast.

    python tests/bench/bench_notes.py --templates --attempts 400
    python tests/bench/bench_notes.py .models/MODEL.gguf --attempts 24 --lang en --at-a-time 8

Takes the first attempts of a seed, all of them at once through the model as the runner does, and prints: notes and
reasons, facts told by the first answers and in the end, notes that the scan for identifiers or the search for near-
duplicates would reject, rows a minute. Figures only; `--show N` prints notes and their facts too, for
whoever judges them by hand. No data is read.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cards import card_of

from onprem.llm.llama import Settings, load
from onprem.near import Near
from onprem.synth.contract import Asker, Made, Sources
from onprem.synth.recipes.note import NoteRecipe
from onprem.synth.scan import Scan


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("model", type=Path, nargs="?")
    asked.add_argument("--templates", action="store_true")
    asked.add_argument("--attempts", type=int, default=24)
    asked.add_argument("--first", type=int, default=0, help="number of the first attempt")
    asked.add_argument("--lang", choices=("en", "zh"), default="en")
    asked.add_argument("--seed", type=int, default=11)
    asked.add_argument("--kind", default="")
    asked.add_argument("--at-a-time", type=int, default=8)
    asked.add_argument("--threads", type=int, default=1)
    asked.add_argument("--template", default="chatml")
    asked.add_argument("--minutes", type=float, default=4.0, help="when they are over, no attempt is begun")
    asked.add_argument("--show", type=int, default=0)
    asked.add_argument("--raw", action="store_true", help="print what the model says")
    given = asked.parse_args()
    if given.templates == (given.model is not None):
        asked.error("give a model, or --templates")
    options = {"kind": given.kind} if given.kind else {}
    sources = Sources(lang=given.lang, seed=given.seed, options=options)
    work = NoteRecipe().bind(sources)
    begun = time.monotonic()
    if given.templates:
        ended, tokens = [work.fill(given.first + number) for number in range(given.attempts)], 0
    else:
        model = load(card_of(given.model, template=given.template), given.model, settings(given))
        begun = time.monotonic()
        try:
            ended, tokens = written(work, sources, model, given)
        finally:
            model.close()
    tell(work, ended, time.monotonic() - begun, tokens)
    notes = [made for made in ended if isinstance(made, Made)]
    after(work, notes)
    for made in notes[: given.show]:
        told = "; ".join(fact["value"] for fact in made.line["facts"])
        print(f"-----\n{made.line['text']}\n[record: {told}]")


def settings(given):
    return Settings(sequences=given.at_a_time, context=1_536, threads=given.threads)


def written(work, sources, model, given):
    """Write attempts, `at_a_time` of them going; begin no others when the minutes are over."""
    steps, asked, ended, tokens, begun = {}, {}, {}, 0, time.monotonic()
    while True:
        late = time.monotonic() - begun > 60 * given.minutes
        while not late and len(steps) < given.attempts and len(asked) < given.at_a_time:
            number = given.first + len(steps)
            steps[number] = work.write(number, Asker(model, sources.rng(number, "sampling")))
            go_on(number, steps[number], None, asked, ended)
        if not asked:
            return [ended[number] for number in sorted(ended)], tokens
        order = list(asked.items())
        answers = iter(model.complete(request for _, requests in order for request in requests))
        asked = {}
        for number, requests in order:
            said = [next(answers) for _ in requests]
            tokens += sum(answer.tokens for answer in said)
            if given.raw:
                print(*(f"[{number}] {answer.text}" for answer in said), sep="\n", flush=True)
            go_on(number, steps[number], said, asked, ended)
        next(answers, None)


def go_on(number, step, said, asked, ended):
    try:
        asked[number] = next(step) if said is None else step.send(said)
    except StopIteration as end:
        ended[number] = end.value


def tell(work, ended, seconds, tokens):
    notes = [made for made in ended if isinstance(made, Made)]
    reasons = Counter(made.reason for made in ended if not isinstance(made, Made))
    print(
        f"attempts: {len(ended)}; notes: {len(notes)} ({len(notes) / len(ended):.1%}); not: {dict(reasons.most_common())}"
    )
    for when, name in (("first", "by the first answers"), ("last", "in the end")):
        if of := work.counts[f"of {when}"]:
            print(f"facts told {name}: {work.counts[when]} of {of} ({work.counts[when] / of:.1%})")
    if tokens:
        shares = [made.line["share"] for made in notes]
        print(f"sentences kept of those written, in notes: {sum(shares) / max(1, len(shares)):.1%}; tokens: {tokens}")
    print(f"seconds: {seconds:.1f}; rows a minute: {60 * len(notes) / seconds:.1f}")


def after(work, notes):
    near, close = Near(), 0
    for made in notes:
        text = work.told(made.line)
        close += near.is_near(text)
        near.add(text)
    held = sum(Scan().holds(notes)) if notes else 0
    print(f"near-duplicates: {close}; with an identifier by the scan: {held}")


if __name__ == "__main__":
    main()
