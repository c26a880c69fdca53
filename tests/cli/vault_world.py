"""A small site with a reversible policy, two officers and a few records, and the ways to run `onprem` on it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from at_terminal import at_terminal

import onprem
from onprem.audit.log import actor

VAULT = "mill stream under ice"
THREE = ("nine green lanterns", "forty blue ladders", "寒夜客来茶当酒竹炉汤沸火初红")
ADA = "a kettle of old rain"

POLICY = """
name = "ours"
title = "codes that lead back"
basis = "decision of the privacy officer"
tier = "fast"
reversible = true
[rules]
NAME = "code"
RECORD_NUMBER = "code"
DATE = "shift"
BIRTH_DATE = "shift"
"""
PATIENTS = (
    "patient_id,mrn,first_name,last_name,sex,date_of_birth\n"
    "P0001,40017733,Ngozi,Okafor,F,1961-05-14\n"
    "P0002,40017734,Bo,Lindqvist,M,1975-11-30\n"
)
NOTES = (
    ("m1", "P0001", "Ngozi Okafor (MRN 40017733) was seen on 03/02/2023 with chest pain."),
    ("m2", "P0002", "Bo Lindqvist (MRN 40017734) was seen on 04/01/2023 with a cough."),
)


def access(*, second=True):
    """Return an access.toml in which the one who runs the tests and `ada` are privacy officers."""
    two = "true" if second else "false"
    return f"""
[roles]
operator = ["*"]
privacy-officer = ["{actor()}", "ada"]
[actions]
release = {{ roles = ["operator"] }}
reveal = {{ roles = ["privacy-officer"], second_person = {two} }}
shred = {{ roles = ["privacy-officer"], second_person = {two} }}
rotate = {{ roles = ["privacy-officer"] }}
"""


class World:
    """A site and inputs in a folder, and `onprem` run on them."""

    def __init__(self, root: Path, *, second: bool = True) -> None:
        self.root = root
        self.site = root / "site"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ONPREM_")}
        self.environment = {
            **kept,
            "PYTHONPATH": str(Path(onprem.__file__).parents[1]),
            "ONPREM_SITE": str(self.site),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.call("init", check=0)
        (self.site / "policies" / "access.toml").write_text(access(second=second))
        (self.site / "policies" / "ours.toml").write_text(POLICY)
        self.records = root / "records"
        self.records.mkdir()
        (self.records / "patients.csv").write_text(PATIENTS)
        lines = [json.dumps({"id": key, "patient": patient, "text": text}) for key, patient, text in NOTES]
        (self.records / "notes.jsonl").write_text("\n".join(lines) + "\n")

    def call(self, *arguments, lines=(), stdin="", check=None):
        """Run a command without a terminal; `lines` are what --passphrase-fd gives."""
        program = [sys.executable, "-m", "onprem"]
        reading, writing = os.pipe()
        os.write(writing, "".join(f"{line}\n" for line in lines).encode())
        os.close(writing)
        if lines:
            program += ["--passphrase-fd", str(reading)]
        try:
            done = subprocess.run(
                [*program, *map(str, arguments)],
                input=stdin,
                capture_output=True,
                text=True,
                env=self.environment,
                cwd=self.root,
                pass_fds=[reading],
                start_new_session=True,  # without the terminal of whoever runs the tests
                timeout=300,
                check=False,
            )
        finally:
            os.close(reading)
        if check is not None:
            assert done.returncode == check, (arguments, done.returncode, done.stdout, done.stderr)
        return done

    def type(self, *arguments, typing, stdin=None, check=None, piped=True):
        """Run a command at a terminal."""
        program = [sys.executable, "-m", "onprem", *map(str, arguments)]
        done = at_terminal(program, typing, environment=self.environment, folder=self.root, stdin=stdin, piped=piped)
        if check is not None:
            assert done.code == check, (arguments, done.code, done.out, done.screen)
        return done

    def release(self, name="out", *, jobs=1, lines=(), policy="ours"):
        """De-identify the records; return what came out: {file name: text}."""
        out = self.root / name
        self.call("deid", self.records, "--out", out, "--policy", policy, "--jobs", jobs, lines=lines, check=0)
        return {path.name: path.read_text() for path in sorted(out.iterdir())}

    def events(self, action=""):
        """Return the events of the log, those of one action if given."""
        read = [
            json.loads(line)
            for path in sorted((self.site / "audit").glob("*.jsonl"))
            for line in path.read_text().splitlines()
        ]
        return [event for event in read if action in ("", event["action"])]

    def enrol(self, lines=()):
        """Let `ada` be a second person."""
        self.call("vault", "enrol", "ada", lines=[*lines, ADA], check=0)
