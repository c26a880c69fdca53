"""`onprem train phi`: what it refuses before it works for an hour."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "arguments",
    [
        ("--tier", "thorough"),
        ("--encoder", "."),
        ("--tier", "slow", "--encoder", "."),
        ("--data", "no-such-folder"),
        ("--tier", "thorough", "--encoder", "no-such-folder"),
    ],
)
def test_what_does_not_fit_is_a_clear_error(tmp_path, arguments):
    out = tmp_path / "model"
    command = [sys.executable, "-m", "onprem", "train", "phi", "--lang", "en", "--out", str(out), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("onprem: error: ") and "Traceback" not in done.stderr
    assert not out.exists()
