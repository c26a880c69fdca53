"""`onprem eval`: measure what a hospital is about to trust."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, eval_classify, eval_ner, eval_relation, logged, open_if_named, render

if TYPE_CHECKING:
    from onprem.config import Site
    from onprem.evaluate.deid import DeidScores
    from onprem.model import Span, Tier
    from onprem.policy.schema import Policy

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Measure de-identification, taggers and classifiers against gold, with intervals.",
)
app.command("ner")(eval_ner.command)
app.command("relation")(eval_relation.command)
app.command("classify")(eval_classify.command)

_GOLD = typer.Option("--gold", metavar="FILE", help="JSON lines, i2b2 XML, brat, inline tags; a file or folder.")
_POLICY = typer.Option("--policy", metavar="NAME", help="Count only what this policy hides; default: everything.")
_ONLY = typer.Option("--detectors", metavar="A,B", help="Only these: patterns, presidio, ner.")
_LANG = typer.Option("--lang", metavar="auto|en|zh", help="Language of the texts.")
_TIER = typer.Option("--tier", metavar="fast|thorough", help="Models; default: the policy's, else thorough.")
_PERTURB = typer.Option("--perturb", help="Measure copies with changed case, spacing, width and errors too.")
_SEED = typer.Option("--seed", metavar="N", help="Seed of the resampling and of the copies.")


@app.callback()
def _group() -> None:
    """Measure de-identification, taggers and classifiers against gold, with intervals."""


@app.command("deid")
def deid(
    gold: Annotated[Path, _GOLD],
    policy: Annotated[str | None, _POLICY] = None,
    detectors: Annotated[str | None, _ONLY] = None,
    lang: Annotated[str, _LANG] = "auto",
    tier: Annotated[str | None, _TIER] = None,
    perturb: Annotated[bool, _PERTURB] = False,
    seed: Annotated[int, _SEED] = 0,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Print recall, clean documents and over-redaction of the detectors on a gold standard, per type and detector.

    The roster has no part in it: a gold standard has no tables of patients. Measures are defined in docs/measures.md.
    """
    from onprem.detect.ensemble import DETECTORS
    from onprem.pipeline.plan import check_lang

    opened = open_if_named(site)
    language = check_lang(lang)
    only = _chosen(detectors, DETECTORS)
    rules = None if policy is None else _policy(policy, opened)
    with logged(opened, "eval") as note:
        system = _System(rules, only, language, _tier(tier, rules))
        runs, seconds = _measure(system, gold, seed=seed, perturb=perturb, json=json)
        first = next(iter(runs.values()))
        note.counts |= {"documents": first.documents, "identifiers": first.identifiers, "missed": len(first.missed)}
        note.digests |= {} if rules is None else {"policy": rules.digest}
    _show(runs, seconds, json=json)


class _System:
    """The detectors under a policy, and what counts under it."""

    def __init__(self, policy: Policy | None, only: Sequence[str], lang: str, tier: Tier) -> None:
        from onprem.detect.ensemble import LANGUAGES, Ensemble
        from onprem.evaluate.allow import hidden_labels, stays_under
        from onprem.pipeline.room import own_recognisers

        self.hidden = None if policy is None else hidden_labels(policy)
        self.stays = None if policy is None else stays_under(policy)
        self._lang = lang
        self._ensemble = Ensemble.load(
            recognisers=() if policy is None else own_recognisers(policy),
            langs=LANGUAGES if lang == "auto" else (lang,),
            only=only,
            tier=tier,
        )

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        return self._ensemble.find(texts, lang=self._lang)


def _measure(
    system: _System, path: Path, *, seed: int, perturb: bool, json: bool
) -> tuple[dict[str, DeidScores], tuple[float, int]]:
    """Return the scores of the system, of the baselines and of the copies; and (seconds, characters) of the first."""
    from onprem.evaluate.baselines import BASELINES
    from onprem.evaluate.deid import score
    from onprem.evaluate.gold import read_gold
    from onprem.evaluate.perturb import PERTURBATIONS
    from onprem.evaluate.perturb import perturb as copies_of

    documents = read_gold(path)
    texts = [document.text for document in documents]
    copies = list(PERTURBATIONS) if perturb else []
    with render.bar(json=json) as progress:
        progress.stage("evaluate", 1 + len(copies))
        clock = time.monotonic()
        found = system.find(texts)
        seconds = time.monotonic() - clock
        runs = {"detectors": score(documents, found, hidden=system.hidden, stays=system.stays, seed=seed)}
        progress.advance(1)
        for name, baseline in BASELINES.items():
            spans = [baseline(text) for text in texts]
            runs[name] = score(documents, spans, hidden=system.hidden, stays=system.stays, seed=seed)
        for name in copies:
            changed = copies_of(documents, name, seed=seed)
            found = system.find([document.text for document in changed])
            runs[f"copy: {name}"] = score(changed, found, hidden=system.hidden, stays=system.stays, seed=seed)
            progress.advance(1)
    return runs, (seconds, sum(map(len, texts)))


def _show(runs: dict[str, DeidScores], speed: tuple[float, int], *, json: bool) -> None:
    from onprem.evaluate import tables

    if json:
        render.table(tables.LONG, tables.long_rows(runs), json=True)
        return
    scores = next(iter(runs.values()))
    seconds, characters = speed
    totals: dict[str, object] = {
        "documents": scores.documents,
        "identifiers": scores.identifiers,
        "identifying_characters": scores.characters,
        "missed_identifiers": len(scores.missed),
        "characters_per_second": round(characters / max(seconds, 1e-3)),
    }
    render.document(totals, json=False)
    for title, (columns, rows) in (
        ("measures, with 95 % intervals", tables.headline(runs)),
        ("by type", tables.by_type(scores)),
        ("by detector", tables.by_detector(scores)),
    ):
        render.table(columns, rows, json=False, title=title)


def _chosen(given: str | None, known: Sequence[str]) -> tuple[str, ...]:
    """Return the detectors named on the command line.

    Raises:
        UsageError: one is not known.
    """
    from onprem.errors import UsageError

    if given is None:
        return tuple(known)
    names = tuple(name.strip() for name in given.split(",") if name.strip())
    if not names or set(names) - set(known):
        raise UsageError("--detectors names one that is not known", hint="the detectors are: " + ", ".join(known))
    return names


def _tier(given: str | None, rules: Policy | None) -> Tier:
    """Return the tier asked for, else the policy's, else the thorough one.

    Raises:
        UsageError: it is not known.
    """
    from onprem.errors import UsageError

    if given is None:
        return "thorough" if rules is None else rules.tier
    if given == "fast":
        return "fast"
    if given == "thorough":
        return "thorough"
    raise UsageError("--tier is not known", hint="fast or thorough")


def _policy(name: str, site: Site | None) -> Policy:
    from onprem.policy.schema import load

    return load(name, site_policies=None if site is None else site.folder("policies"))
