"""What tests of `onprem summarise` and `onprem extract` share: a site with a real small model, a note, the command."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import onprem
from onprem.config import find_site
from onprem.llm.shelf import Asked, Shelf

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1]), "LC_ALL": "C.UTF-8"}
NOTE = (
    "62-year-old man with chest pain for 2 hours. Pain radiates to the left arm. Denies fever or cough. "
    "He takes metformin 500 mg twice daily. Seen by Dr. Oskar Quillfeather."
)
CANARY = "Quillfeather"


def command(*arguments, **options):
    program = [sys.executable, "-m", "onprem", *map(str, arguments)]
    return subprocess.run(program, check=False, capture_output=True, text=True, env=ENVIRONMENT, timeout=300, **options)


def make_site(folder, model):
    """Make a site with a model on its shelf."""
    assert command("init", "--site", folder).returncode == 0
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    Shelf(find_site(folder)).add(model, Asked(sha256=digest, licence="Apache-2.0", template="chatml"))
    return folder


def last_event(site):
    """Return the newest event of the audit log."""
    return json.loads(sorted((site / "audit").glob("*.jsonl"))[-1].read_text().splitlines()[-1])
