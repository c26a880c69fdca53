"""`onprem model` as a session: a model comes onto the shelf, is listed, shown, verified and removed; or it is refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import onprem

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "llm"))
from gguf_world import METADATA, build

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}
EVIL = "good\x1b]0;owned\x07\x1b[2J\u202egnp" + "x" * 5_000
LICENSED = (
    *METADATA,
    ("general.license", "text", "apache-2.0"),
    ("general.description", "text", EVIL),
    ("general.\x1b[31mkey", "text", "red"),
    ("llama.rope.scale", "f", float("nan")),
    ("tokenizer.chat_template", "text", "{{ ''.__class__.__mro__ }}"),
)
WHOLE = build(metadata=LICENSED)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class World:
    def __init__(self, root: Path) -> None:
        self.root, self.site = root, root / "site"

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "onprem", *map(str, arguments)]
        return subprocess.run(program, capture_output=True, text=True, env=ENVIRONMENT, timeout=120, check=False)

    def model(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return self.run("model", *arguments, "--site", self.site)

    def file(self, content: bytes = WHOLE, name: str = "Tiny.gguf") -> Path:
        path = self.root / name
        path.write_bytes(content)
        return path

    def add(self, content: bytes = WHOLE, *more: object) -> subprocess.CompletedProcess[str]:
        return self.model("add", self.file(content), "--sha256", sha256(content), *more)

    def events(self, action: str) -> list[dict[str, object]]:
        lines = [
            line for path in sorted((self.site / "audit").glob("*.jsonl")) for line in path.read_text().splitlines()
        ]
        return [event for event in map(json.loads, lines) if event["action"] == action]


@pytest.fixture(scope="module")
def new_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = World(tmp_path_factory.mktemp("new"))
    assert world.run("init", "--site", world.site).returncode == 0
    return world.site


@pytest.fixture
def world(tmp_path: Path, new_site: Path) -> World:
    shutil.copytree(new_site, tmp_path / "site")
    return World(tmp_path)


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_model_comes_and_goes(world: World) -> None:
    done = world.add(WHOLE, "--json")
    (card,) = rows(done)
    assert (card["name"], card["licence"], card["template"]) == ("tiny", "apache-2.0", "plain")
    assert (card["sha256"], card["bytes"], card["parameters"]) == (sha256(WHOLE), len(WHOLE), 256)
    assert '{"progress": {"stage": "copying (MiB)", "done": 1, "total": 1}}' in done.stderr
    (row,) = rows(world.model("list", "--json"))
    assert (row["name"], row["bytes"], row["state"]) == ("tiny", len(WHOLE), "ok")
    assert rows(world.model("verify", "--json")) == [{"name": "tiny", "state": "ok"}]
    done = world.model("remove", "tiny")
    assert (done.returncode, done.stdout) == (0, "")
    assert rows(world.model("list", "--json")) == []
    for action in ("model.add", "model.remove"):
        begun, ended = world.events(action)
        assert (begun["outcome"], ended["outcome"], ended["error"]) == ("intent", "done", "")
        assert ended["digests"] == {"model": sha256(WHOLE)}
        assert ended["counts"] == {"bytes": len(WHOLE)}
    assert [event["counts"] for event in world.events("model.verify")] == [{"models": 1, "changed": 0}]


def test_what_was_given_stands_on_the_card(world: World) -> None:
    done = world.add(WHOLE, "--name", "ours", "--licence", "MIT", "--template", "gemma")
    assert done.returncode == 0
    assert "ours" in done.stdout and "MIT" in done.stdout and "gemma" in done.stdout
    assert "name\tparameters\tquantisation" in world.model("list").stdout


@pytest.mark.parametrize(
    ("content", "digest", "code", "reason", "words"),
    [
        (b"\x80\x04\x95pickle" * 20, "", 10, "unsound", "no GGUF file"),
        (WHOLE[:-1], "", 10, "unsound", "cut off"),
        (WHOLE, "0" * 64, 10, "digest", "another SHA-256"),
        (build(), "", 2, "licence", "no licence"),
        (WHOLE, "abc", 2, "usage", "64 hexadecimal digits"),
    ],
    ids=["pickle", "cut off", "digest", "licence", "usage"],
)
def test_what_is_refused_is_told_and_logged(
    world: World, content: bytes, digest: str, code: int, reason: str, words: str
) -> None:
    done = world.model("add", world.file(content), "--sha256", digest or sha256(content))
    assert done.returncode == code
    assert words in done.stderr and "onprem: hint: " in done.stderr
    assert "Traceback" not in done.stderr
    event = world.events("model.add")[-1]
    assert (event["outcome"], event["counts"]) == ("refused", {f"refused.{reason}": 1})
    assert rows(world.model("list", "--json")) == []


def test_a_file_that_is_not_there(world: World) -> None:
    done = world.model("add", world.root / "none.gguf", "--sha256", "0" * 64)
    assert done.returncode == 10 and "cannot be read" in done.stderr
    assert world.events("model.add")[-1]["counts"] == {"refused.unreadable": 1}


def test_an_unknown_template_is_refused(world: World) -> None:
    done = world.add(WHOLE, "--template", "jinja")
    assert done.returncode == 2 and "chatml" in done.stderr


@pytest.mark.parametrize("json_option", [(), ("--json",)])
def test_what_a_file_says_is_bounded_and_harmless(world: World, json_option: tuple[str, ...]) -> None:
    world.add()
    done = world.model("show", "tiny", *json_option)
    assert done.returncode == 0, done.stderr
    assert not any(sign in done.stdout for sign in ("\x1b", "\x07", "\u202e"))
    assert "5017 characters" in done.stdout.replace(",", "") or f"{len(EVIL)} characters" in done.stdout
    assert "x" * 200 not in done.stdout
    assert "a list of 3" in done.stdout
    assert len(done.stdout) < 6_000
    if json_option:
        shown = json.loads(done.stdout, parse_constant=pytest.fail)  # no NaN
        assert shown["file"]["llama.context_length"] == 2_048
        assert shown["keys"] == len(LICENSED)


def test_a_changed_model_is_found_and_the_others_are_told_apart(world: World) -> None:
    world.add()
    world.add(WHOLE, "--name", "sound")
    path = world.site / "models" / "tiny" / "model.gguf"
    path.chmod(0o600)
    path.write_bytes(WHOLE[:-1] + b"\2")
    done = world.model("verify", "--json")
    assert done.returncode == 1
    states = {row["name"]: row["state"] for row in rows(done)}
    assert states["sound"] == "ok" and "not the one that was added" in str(states["tiny"])
    assert world.model("verify", "sound").returncode == 0
    changed, sound = world.events("model.verify")
    assert (changed["outcome"], changed["counts"]) == ("held", {"models": 2, "changed": 1})
    assert (sound["outcome"], sound["counts"]) == ("done", {"models": 1, "changed": 0})


def test_a_damaged_card_is_listed_and_can_be_removed(world: World) -> None:
    world.add()
    card = world.site / "models" / "tiny" / "card.json"
    card.chmod(0o600)
    card.write_text("{}")
    (row,) = rows(world.model("list", "--json"))
    assert row["state"] == "the card is damaged"
    assert world.model("verify").returncode == 1
    assert world.model("remove", "tiny").returncode == 0
    assert world.events("model.remove")[-1]["counts"] == {"damaged": 1}


@pytest.mark.parametrize("command", ["show", "verify", "remove"])
def test_what_is_not_there_is_told_with_what_is(world: World, command: str) -> None:
    world.add()
    done = world.model(command, "none")
    assert done.returncode == 10
    assert "not on the shelf" in done.stderr and "there are: tiny" in done.stderr


def test_the_real_one(world: World, smollm2: Path) -> None:
    digest = sha256(smollm2.read_bytes())
    done = world.model(
        "add", smollm2, "--sha256", digest.upper(), "--licence", "Apache-2.0", "--name", "small", "--json"
    )
    (card,) = rows(done)
    assert (card["parameters"], card["template"], card["architecture"]) == (134_515_008, "chatml", "llama")
    assert '"total": 94}' in done.stderr
    shown = json.loads(world.model("show", "small", "--json").stdout)
    assert shown["file"]["tokenizer.ggml.tokens"] == "a list of 49152"
    assert rows(world.model("verify", "small", "--json")) == [{"name": "small", "state": "ok"}]
