"""What dialogues of a pack teach about severity, and whether what must not be missed ever is.

    python tests/bench/bench_packs.py figures --pack depression --lang en --n 900 --seeds 3
    python tests/bench/bench_packs.py make --model .models/MODEL.gguf --lang en --n 80 --at-a-time 8 --out FILE
    python tests/bench/bench_packs.py figures --pack depression --lang en --also FILE

`figures`: (1) plans in which a mandatory topic is missed and red flags that are not handed over, with exact bounds; (2)
severity from the dialogue: end to end; by a summary; by the score of what was read; all of them see the dialogue's text
alone. What reads values is trained on the turns of the training dialogues; the summary is made of what it read, by the
pack's templates, and the classifier of summaries is trained on summaries that a reader of the other half made. The sentence
that hands over is taken out of every text, since it tells the label. Split by portrait; with --phrases also so that training
and test dialogues share no question and no answer of the pack (every other phrase each). Intervals: bootstrap over
portraits; exact for recall.

Nothing here says anything about patients: the dialogues were made by a program.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import hashlib
import json
import random
import statistics
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from scipy.stats import beta

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cards import card_of

from onprem.evaluate.classes import Gold, score
from onprem.labelled import Classed
from onprem.progress import Silent
from onprem.synth.contract import Sources
from onprem.synth.pack_portrait import draw, measure
from onprem.synth.pack_read import read, shipped
from onprem.synth.pack_sum import summarise
from onprem.synth.pack_walk import plan
from onprem.synth.recipes.packs import Settings as TalkSettings
from onprem.synth.recipes.packs import Talks
from onprem.train.classify import Settings, train
from onprem.train.split import split

TALKS = 2  # dialogues of each portrait: the split by portrait then matters
WALKS = 20_000
NOTHING = "nothing"
READS = 10.0  # strength of the reader of values; set beforehand, not chosen by folds


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("what", choices=["figures", "make"])
    asked.add_argument("--pack", default="depression")
    asked.add_argument("--lang", default="en")
    asked.add_argument("--n", type=int, default=900)
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--phrases", action="store_true")
    asked.add_argument("--also", type=Path)
    asked.add_argument("--model", type=Path)
    asked.add_argument("--turns", type=int, default=0)
    asked.add_argument("--at-a-time", type=int, default=8)
    asked.add_argument("--out", type=Path)
    given = asked.parse_args()
    pack = read(shipped()[given.pack])
    if given.what == "make":
        make(pack, given)
        return
    walks(pack, given.lang)
    figures(pack, given)


# --- what must not be missed -----------------------------------------------------------------------------------------------


def walks(pack, lang):
    mandatory = {topic.id for topic in pack.topic if topic.mandatory}
    flagged = handed = missed = whole = 0
    for seed in range(WALKS):
        portrait = draw(pack, random.Random(seed))
        made = plan(pack, lang, portrait, random.Random(WALKS + seed))
        met = [flag for flag in pack.flag if flag.met(portrait)]
        flagged += bool(met)
        handed += bool(met) and made.steps[-1].text in [flag.say[lang] for flag in met]
        whole += not met
        missed += not met and not mandatory <= set(made.topics)
    print(f"plans: {WALKS:,}; without a red flag: {whole:,}; mandatory topic missed: {missed} {exact(missed, whole)}")
    print(f"red flags: {flagged:,}; handed over at the end: {handed:,} {exact(handed, flagged)}")


def exact(hits, of):
    """Return the 95 % interval of Clopper and Pearson."""
    if not of:
        return "[-]"
    low = beta.ppf(0.025, hits, of - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, of - hits) if hits < of else 1.0
    return f"[{low:.4f}, {high:.4f}]"


# --- severity --------------------------------------------------------------------------------------------------------------


def figures(pack, given):
    also = [json.loads(line) for line in given.also.read_text(encoding="utf-8").splitlines()] if given.also else []
    rounds = {}
    for seed in range(given.seeds):
        lines = talks(pack, given.lang, 300 + seed, given.n)
        learn, test = parts(lines, seed)
        named = {"template": test}
        if also:
            named["model"] = also
        results(pack, given.lang, learn, named, seed, rounds)
        if given.phrases:
            one, two = halves(pack)
            learn, _ = parts(talks(one, given.lang, 400 + seed, given.n), seed)
            _, test = parts(talks(two, given.lang, 400 + seed, given.n), seed)
            results(pack, given.lang, learn, {"other phrases": test}, seed, rounds)
    bands = list(pack.scales[pack.main].bands)
    print(
        f"\n{pack.name}, {given.lang}: {given.n} dialogues, {TALKS} of each portrait, {given.seeds} seeds; classes {bands}"
    )
    print(f"{'test on':15} {'way':24} {'macro-F1':>9} {'per seed':26} {'kappa':>6} {'interval, seed 0':18} flags found")
    for (name, way), found in rounds.items():
        f1 = [scores.macro_f1.value for scores, *_ in found]
        kappa = [scores.kappa.value for scores, *_ in found]
        first = found[0][0]
        hits, of = (sum(each[place] for each in found) for place in (1, 2))
        recall = f"{hits}/{of} {exact(hits, of)}" if found[0][3] else ""
        print(
            f"{name:15} {way:24} {statistics.mean(f1):9.3f} {' '.join(f'{value:.3f}' for value in f1):26} "
            f"{statistics.mean(kappa):6.3f} [{first.macro_f1.low:.3f}, {first.macro_f1.high:.3f}]     {recall}"
        )


def results(pack, lang, learn, named, seed, rounds):
    bands = tuple(pack.scales[pack.main].bands)
    begun = time.monotonic()
    settings = Settings(lang=lang, seed=seed)
    most = Counter(line["severity"] for line in learn).most_common(1)[0][0]
    whole = fitted([Classed(told(line), line["severity"], group=line["patient"]) for line in learn], settings)
    alarm = fitted([Classed(told(line), flag_of(pack, line), group=line["patient"]) for line in learn], settings)
    one, two = split([Line(line) for line in learn], [0.5, 0.5], seed + 7)
    readers = [Reader(pack, lang, [line.line for line in half], settings) for half in (one, two)]
    crossed = [(readers[1], one), (readers[0], two)]
    summaries = [
        Classed(reader.summary(line.line), line.line["severity"], group=line.group)
        for reader, half in crossed
        for line in half
    ]
    by_summary = fitted(summaries, settings)
    reader = Reader(pack, lang, learn, settings)
    main = pack.scales[pack.main]
    for name, test in named.items():
        gold = Gold([line["severity"] for line in test], [line["patient"] for line in test], bands)
        values = [reader.values(line) for line in test]
        said = {
            "majority": [most] * len(test),
            "end to end": whole.choose([told(line) for line in test]),
            "summary, then class": by_summary.choose([reader.summary(line) for line in test]),
            "read values, computed": [measure(pack, main, each).band for each in values],
            "revealed, computed": [line["revealed_severity"] for line in test],
        }
        met = [flag_of(pack, line) == "flag" for line in test]
        flags = {
            "end to end": [each == "flag" for each in alarm.choose([told(line) for line in test])],
            "read values, computed": [any(flag.met(each) for flag in pack.flag) for each in values],
            "revealed, computed": [any(flag.met(line["revealed"]) for flag in pack.flag) for line in test],
        }
        for way, labels in said.items():
            found = flags.get(way)
            hits = sum(a and b for a, b in zip(met, found, strict=True)) if found else 0
            rounds.setdefault((name, way), []).append((score(gold, labels, seed), hits, sum(met), bool(found)))
            if found:
                alarms = sum(b and not a for a, b in zip(met, found, strict=True))
                print(f"  seed {seed} {name} {way}: false alarms {alarms} of {len(met) - sum(met)}", file=sys.stderr)
    print(f"  seed {seed}: {len(learn)} to learn from, {time.monotonic() - begun:.0f} s", file=sys.stderr)


class Line:
    """A line with what splits need."""

    def __init__(self, line):
        self.line = line
        self.text = ""
        self.group = line["patient"]


class Reader:
    """Reads the values of items from the turns of a dialogue, by their text alone: of which item it is, and which value.

    The value is learnt over all items at once, so that "most days" need not be met with each of them.
    """

    def __init__(self, pack, lang, lines, settings):
        self._pack, self._lang = pack, lang
        told = [
            (text, *(next(iter(turn.get("reveals", {}).items()), (NOTHING, NOTHING))), line["patient"])
            for line in lines
            for turn, text in pairs(line)
        ]
        light = replace(settings, strength=READS, runs=2)
        self._item = fitted([Classed(text, item, group=who) for text, item, _, who in told], light)
        answers = [(text.partition("\n")[2], value, who) for text, item, value, who in told if item != NOTHING]
        self._value = fitted([Classed(text, value, group=who) for text, value, who in answers], light)

    def values(self, line):
        """Return what was read: the last value of each item."""
        texts = [text for _, text in pairs(line)]
        found = {}
        values = self._value.predict([text.partition("\n")[2] for text in texts])
        for item, said in zip(self._item.choose(texts), values, strict=True):
            if item != NOTHING:
                found[item] = max(self._pack.items[item].values, key=lambda value, said=said: said.get(value, 0.0))
        return found

    def summary(self, line):
        """Return the summary of what was read; which template follows from the dialogue's text."""
        digest = hashlib.sha256(told(line).encode()).digest()
        return summarise(self._pack, self._lang, self.values(line), random.Random(digest))


def pairs(line):
    """Yield the patient's turns, each with the text of it and of the question before it."""
    for before, turn in zip(line["turns"], line["turns"][1:], strict=False):
        if turn["role"] == "patient":
            yield turn, f"{before['text']}\n{turn['text']}"


def told(line):
    """Return what is said, but for the sentence that hands over."""
    return "\n".join(f"{turn['role']}: {turn['text']}" for turn in line["turns"] if turn["act"] != "handover")


def flag_of(pack, line):
    return "flag" if any(flag.met(line["portrait"]) for flag in pack.flag) else "no flag"


def fitted(items, settings):
    return train(items, None, settings, Silent())


def talks(pack, lang, seed, n):
    work = Talks(pack, Sources(lang=lang, seed=seed), TalkSettings(talks=TALKS))
    return [work.fill(number).line for number in range(n)]


def parts(lines, seed):
    learn, test = split([Line(line) for line in lines], [0.7, 0.3], seed)
    return [each.line for each in learn], [each.line for each in test]


def halves(pack):
    """Return the pack twice, each with every other phrase of all items; the acts stay."""
    made = []
    for place in (0, 1):
        speech = {}
        for lang, own in pack.speech.items():
            items = {
                item: said.model_copy(
                    update={
                        "open": said.open[place::2] or said.open,
                        "closed": said.closed[place::2] or said.closed,
                        "say": {value: phrases[place::2] for value, phrases in said.say.items()},
                    }
                )
                for item, said in own.item.items()
            }
            speech[lang] = own.model_copy(update={"item": items})
        made.append(pack.model_copy(update={"speech": speech}))
    return made


# --- dialogues that a model writes -----------------------------------------------------------------------------------------


def make(pack, given):
    from onprem.assist.batch_out import Out
    from onprem.llm.llama import Settings as Held
    from onprem.llm.llama import load
    from onprem.synth.recipes.packs import RECIPES
    from onprem.synth.run import Job, Run
    from onprem.synth.scan import Scan

    recipe = next(recipe for recipe in RECIPES if recipe.name == pack.name)
    sources = Sources(lang=given.lang, seed=900, options={"turns": str(given.turns)})
    llm = load(card_of(given.model), given.model, Held(sequences=given.at_a_time, context=1024, threads=1))
    run = Run(Job(recipe, sources, recipe.bind(sources), given.n, llm, given.at_a_time), Scan())
    try:
        with Out(given.out, "bench", resume=True, counted=run.seen) as out:
            run.make(out, Silent())
    finally:
        llm.close()
    rows = [json.loads(line) for line in given.out.read_text(encoding="utf-8").splitlines()]
    tally = run.tally
    written, fallen = (sum(row[key] for row in rows) for key in ("written_turns", "fallback_turns"))
    refused = Counter()
    for row in rows:
        refused.update(row["refused_turns"])
    print(f"rows: {tally.rows} of {tally.attempts} attempts; rejected {dict(tally.reasons)}; tokens {tally.tokens:,}")
    print(
        f"turns by the model: {written} of {written + fallen}; refused answers by reason: {dict(refused.most_common())}"
    )
    print(
        f"this run: {tally.made_now} rows in {tally.seconds:.0f} s, {60 * tally.made_now / tally.seconds:.1f} a minute"
    )


if __name__ == "__main__":
    main()
