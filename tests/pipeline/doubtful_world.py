"""A few invented notes, and a name finder that guesses what it is told to: runs whose doubts are known beforehand.

Everything else in these runs is real: formats, patterns, roster, policy, leak gate, vault, audit.
"""

import json
import re
from types import SimpleNamespace

from onprem.audit.log import actor
from onprem.config import find_site
from onprem.detect.ensemble import Ensemble, pattern_detector
from onprem.formats.contract import ReadOptions
from onprem.formats.recognise import formats
from onprem.labels import Label
from onprem.model import Span
from onprem.pipeline.decisions import Decision, Do, decision_keys, encode
from onprem.pipeline.queue import Queue, runs
from onprem.pipeline.run import Request, run
from onprem.policy.schema import load
from onprem.progress import Silent
from onprem.scale.local import pool
from onprem.vault.keys import create_key

POLICY = "hipaa-safe-harbor"
PATIENTS = """\
patient_id,mrn,first_name,last_name,sex,date_of_birth
P0001,QLF-44817234,Oswin,Brambleworth,M,1961-05-14
P0002,QLF-44817235,Ada,Lindqvist,F,1975-11-30
"""
NOTES = [
    (
        "P0001",
        "Oswin Brambleworth was seen on 03/02/2023 with Thornbury, his neighbour. He enjoys Zumbella twice a week.",
    ),
    ("P0001", "Thornbury called again. The Kestrel catheter stays."),
    ("P0002", "Ada Lindqvist asked about Thornbury Lane and about Maplewood."),
]
# a pattern whose group is guessed to be an identifier, its label, its score
GUESSES = [
    (r"with (Thornbury)", Label.NAME, 0.5),
    (r"(Zumbella) twice", Label.NAME, 0.4),
    (r"(Kestrel) catheter", Label.NAME, 0.6),
]


class Guesser:
    """A detector that takes for an identifier what it was told to."""

    name = "ner"

    def __init__(self, guesses):
        self.guesses = guesses

    def find(self, passages):
        return [
            [
                Span(*match.span(1), label, score, frozenset({"ner"}))
                for pattern, label, score in self.guesses
                for match in re.finditer(pattern, passage.text)
            ]
            for passage in passages
        ]


class World:
    """A site, a folder of notes, and runs over them."""

    def __init__(self, root, monkeypatch):
        self.root, self.guesses = root, list(GUESSES)
        self.source, self.site_folder = root / "input", root / "site"
        self.source.mkdir()
        (self.source / "patients.csv").write_text(PATIENTS, encoding="utf-8")
        self.write(NOTES)
        for name in ("keys", "audit", "vault", "policies", "tmp", "work", "held"):
            (self.site_folder / name).mkdir(mode=0o700, parents=True)
        self.site_folder.chmod(0o700)
        (self.site_folder / "onprem.toml").write_text('name = "st-agnes"\n', encoding="utf-8")
        for key in ("master.key", "audit.key"):
            create_key(self.site_folder / "keys" / key)
        self.site = find_site(self.site_folder)
        self.permit(actor())
        monkeypatch.setattr(Ensemble, "load", self._load)

    def permit(self, *reviewers):
        """Let these logins, and nobody else, see held records."""
        content = f"""[roles]\noperator = ["*"]\nreviewer = {json.dumps(reviewers)}
[actions]\nrelease = {{ roles = ["operator"] }}\nreview-records = {{ roles = ["reviewer"] }}\n"""
        (self.site_folder / "policies" / "access.toml").write_text(content, encoding="utf-8")

    def _load(self, *, recognisers=(), **_):
        guesser = Guesser(self.guesses)
        return Ensemble((pattern_detector(tuple(recognisers)),), {"en": guesser})

    def write(self, notes):
        """Write the notes, (patient, text) each."""
        rows = [
            json.dumps({"id": f"m{number}", "patient": patient, "text": text}, ensure_ascii=False)
            for number, (patient, text) in enumerate(notes)
        ]
        (self.source / "notes.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")

    def deid(self, name="out", *, policy=POLICY, **more):
        """De-identify; return the summary and the texts of the notes that were released."""
        out = self.root / name
        request = Request((self.source,), out, policy, **more)
        summary = run(self.site, request, pool, Silent())
        written = out / "notes.jsonl"
        lines = written.read_text(encoding="utf-8").splitlines() if written.exists() else []
        return SimpleNamespace(summary=summary, texts=[json.loads(line)["text"] for line in lines])

    def decide(self, *decisions, file="decisions.jsonl"):
        """Write a decisions file; return its path."""
        path = self.root / file
        path.write_bytes(encode(decisions, decision_keys(self.site)))
        return path

    def decision(self, do, record, words, label=Label.NAME, *, policy=POLICY, **more):
        """A decision about the first place of some words in a note (by number) as it stands now."""
        text = json.loads((self.source / "notes.jsonl").read_text(encoding="utf-8").splitlines()[record])["text"]
        start = text.index(words)
        digest = load(policy, site_policies=self.site.folder("policies")).digest
        where = {} if do is Do.KEEP else {"field": 2, "start": start, "end": start + len(words), "label": label}
        return Decision(do, self.digest(record), digest, "ada", "2026-01-01T08:00:00Z", **{**where, **more})

    def digest(self, record):
        """The keyed digest of a note as it stands now."""
        source = formats()["jsonl"].open(self.source / "notes.jsonl", 0, ReadOptions())
        records = [item for chunk in source.chunks() for item in source.read(chunk)]
        return decision_keys(self.site).digest(records[record])

    def queue(self):
        """Open the questions of the last run."""
        return Queue.open(self.site, runs(self.site)[0])

    def events(self, action):
        """The audit events of an action, as they stand in the log."""
        lines = [
            json.loads(line)
            for path in sorted((self.site_folder / "audit").glob("*.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        return [line for line in lines if line["action"] == action]
