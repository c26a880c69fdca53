"""`onprem doctor` on language models: how they would be computed, and that those on the shelf are what was added."""

import hashlib

import pytest

from onprem.cli import doctor_models
from onprem.cli.init import make_site
from onprem.llm import placing
from onprem.llm.shelf import Asked, Shelf
from onprem.model import Severity


@pytest.fixture
def site(tmp_path):
    return make_site(tmp_path / "site")


@pytest.fixture
def stocked(site, smollm2):
    digest = hashlib.sha256(smollm2.read_bytes()).hexdigest()
    Shelf(site).add(smollm2, Asked(digest, name="small", licence="Apache-2.0", template="chatml"))
    return site


def test_it_says_how_models_would_be_computed(monkeypatch):
    monkeypatch.setattr(placing, "physical_cores", lambda: 6)
    monkeypatch.setattr(placing, "has_gpu", lambda: True)
    (found,) = doctor_models.runtime()
    assert found.severity is Severity.INFO
    assert "6 threads" in found.message and "a GPU is seen" in found.message


def test_without_llama_it_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(doctor_models.util, "find_spec", lambda _: None)
    (found,) = doctor_models.runtime()
    assert (found.severity, found.hint) == (Severity.WARNING, "make llama")


def test_an_empty_shelf_is_fine(site):
    (found,) = doctor_models.shelf(site)
    assert (found.severity, found.message) == (Severity.INFO, "none on the shelf")


def test_a_model_that_was_exchanged_is_found(stocked):
    (found,) = doctor_models.shelf(stocked)
    assert found.message == "1 on the shelf: small"
    model = stocked.root / "models" / "small" / "model.gguf"
    model.parent.chmod(0o700)
    model.chmod(0o600)
    with model.open("ab") as file:
        file.write(b"x")
    (found,) = doctor_models.shelf(stocked)
    assert found.severity is Severity.ERROR
    assert found.hint == "onprem model remove small, then add it"


def test_every_model_that_was_exchanged_is_told(stocked):
    for name in ("small", "other"):
        place = stocked.root / "models" / name
        if name == "other":
            place.mkdir(mode=0o700)
        place.chmod(0o700)
        (place / "card.json").unlink(missing_ok=True)
    assert [found.severity for found in doctor_models.shelf(stocked)] == [Severity.ERROR] * 2
