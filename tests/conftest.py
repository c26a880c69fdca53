"""What tests of every folder share: the small real model."""

import os
import signal
import tomllib
from pathlib import Path

import pytest
from cards import card_of

if os.environ.get("PYTEST_XDIST_WORKER"):
    # side by side, tests ignore an interrupt of the terminal, and so would the programs that they start
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]
MODEL = "smollm2-135m-instruct"


@pytest.fixture(scope="session")
def smollm2():
    """The file of a real language model of 135 million parameters, fetched by `make test`; read only."""
    said = tomllib.loads((ROOT / "deploy" / "models.toml").read_text(encoding="utf-8"))[MODEL]
    path = ROOT / ".models" / said["file"]
    if not path.is_file() or path.stat().st_size != said["size"]:
        words = f"{MODEL} is not in .models: `make test` fetches it"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return path


@pytest.fixture(scope="session")
def small_card(smollm2):
    """The card of the small real model."""
    return card_of(smollm2)
