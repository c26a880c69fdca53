"""The lock files agree with the lists they come from, name every file by hash, and no index, path or GPU package.

llama-cpp-python has no wheels: it is locked by the hash of its source (llama.txt) and stands in no list; what builds it is
locked apart (llama-build.txt).
"""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements"
NAMES = ("runtime", "test", "dev", "train", "thorough", "bench", "llama-build")


def lines(name):
    text = (REQUIREMENTS / name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def locked(name):
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    entries = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {entry[0].partition("==")[0]: (entry[0].partition("==")[2], entry[1:]) for entry in entries}


def key(requirement):
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement).group()).lower()


def test_runtime_is_what_the_package_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    build = {key(item) for item in project["build-system"]["requires"]} | {"editables"}
    wanted = [line for line in lines("runtime.in") if key(line) not in build]
    assert sorted(wanted) == sorted(project["project"]["dependencies"])
    assert build <= {key(line) for line in lines("runtime.in")}


def test_llama_is_an_extra_and_locked_by_the_hash_of_its_one_source():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ((package, (version, hashes)),) = locked("llama").items()
    assert project["project"]["optional-dependencies"]["llm"] == [f"{package}=={version}"]
    assert re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", *hashes)
    asked = importlib.metadata.requires(package)  # as installed; it is installed without asking pip for these
    wanted = {key(item) for item in asked if "extra ==" not in item}
    assert wanted and wanted <= set(locked("runtime"))


def test_vocabularies_are_an_extra_that_the_tests_have():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    assert set(extras) == {"llm", "vocabularies"}
    assert set(extras["vocabularies"]) <= set(lines("test.in"))


@pytest.mark.parametrize("name", [*NAMES, "llama"])
def test_every_file_is_named_by_hash_and_nothing_else_is_named(name):
    packages = locked(name)
    assert len(packages) > (0 if name.startswith("llama") else 30)
    for package, (version, hashes) in packages.items():
        assert re.fullmatch(r"[a-z0-9-]+", package) and re.fullmatch(r"[\w.+]+", version)
        assert hashes and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", item) for item in hashes)
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    for banned in ("://", "--index", "--find-links", "--trusted", " -e ", "file:", "/"):
        assert banned not in "\n".join(text.splitlines()[1:])  # the first line says where it comes from
    # PyTorch teaches the encoder of the thorough tier; nothing else may ask for it, and never for a GPU's packages
    assert name == "thorough" or "torch" not in packages
    assert not {item for item in packages if item.startswith(("nvidia", "triton", "cuda"))}


@pytest.mark.parametrize("name", NAMES)
def test_direct_requirements_are_locked(name):
    direct = [line for line in lines(f"{name}.in") if not line.startswith("-r")]
    assert {key(line) for line in direct} <= set(locked(name))


def test_all_locks_take_the_same_versions():
    versions = {}
    for name in NAMES:
        for package, (version, _) in locked(name).items():
            assert versions.setdefault(package, version) == version
    assert {"en-core-web-sm", "zh-core-web-sm"}.isdisjoint(versions)  # squatters on the registry
