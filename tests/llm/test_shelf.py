"""The shelf: what comes onto it, what is refused, and what no longer loads."""

import hashlib
import json
import subprocess
import sys

import pytest
from gguf_world import METADATA, build

from onprem.config import Settings, Site
from onprem.errors import ModelError, OutputError, UsageError
from onprem.llm.shelf import Asked, Shelf

LICENSED = (*METADATA, ("general.license", "text", "apache-2.0"))
WHOLE = build(metadata=LICENSED)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def templated(text):
    return build(metadata=(*LICENSED, ("tokenizer.chat_template", "text", text)))


@pytest.fixture
def shelf(tmp_path):
    (tmp_path / "site").mkdir()
    return Shelf(Site(tmp_path / "site", Settings()))


@pytest.fixture
def place(tmp_path):
    """Where the shelf keeps a model."""
    return lambda name="tiny": tmp_path / "site" / "models" / name


@pytest.fixture
def file(tmp_path):
    def write(content=WHOLE, name="Tiny.gguf"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def test_a_model_is_copied_hashed_and_described(shelf, file, place):
    done = []
    card = shelf.add(file(), Asked(sha256(WHOLE)), progress=done.append)
    assert (card.name, card.licence, card.template) == ("tiny", "apache-2.0", "plain")
    assert (card.architecture, card.quantisation, card.parameters) == ("llama", "Q4_0", 256)
    assert (card.context_length, card.vocabulary, card.size) == (2_048, 3, len(WHOLE))
    assert sum(done) == len(WHOLE)
    assert shelf.cards() == [card] == [shelf.verify("tiny")]
    assert shelf.path("tiny").read_bytes() == WHOLE
    assert [path.stat().st_mode & 0o777 for path in (place().parent, place(), *place().iterdir())] == [
        0o700, 0o500, 0o400, 0o400,
    ]  # fmt: skip


def test_the_file_may_go_once_it_is_copied(shelf, file):
    path = file()
    shelf.add(path, Asked(sha256(WHOLE)))
    path.unlink()
    assert shelf.verify("tiny").name == "tiny"


def test_the_same_again_is_nothing_to_do_and_another_needs_another_name(shelf, file, place):
    first = shelf.add(file(), Asked(sha256(WHOLE)))
    assert shelf.add(file(), Asked(sha256(WHOLE))) == first
    other = templated("other")
    with pytest.raises(UsageError, match="taken by another model"):
        shelf.add(file(other), Asked(sha256(other)))
    assert shelf.add(file(other), Asked(sha256(other), name="tiny-2")).name == "tiny-2"
    assert [card.name for card in shelf.cards()] == ["tiny", "tiny-2"]
    assert sorted(path.name for path in place().parent.iterdir()) == ["tiny", "tiny-2"]


def test_another_digest_stays_out_and_leaves_nothing(shelf, file, place):
    with pytest.raises(ModelError, match="another SHA-256"):
        shelf.add(file(), Asked("0" * 64))
    assert list(place().parent.iterdir()) == []
    assert shelf.cards() == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked("abc"), "64 hexadecimal digits"),
        (Asked("0" * 64, name="../evil"), "model's name"),
        (Asked("0" * 64, name=".hidden"), "model's name"),
        (Asked("0" * 64, licence="MIT\n"), "licence"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_read(shelf, tmp_path, asked, words):
    with pytest.raises(UsageError, match=words):
        shelf.add(tmp_path / "none.gguf", asked)


def test_a_model_without_a_licence_stays_out(shelf, file, place):
    unlicensed = build()
    with pytest.raises(UsageError, match="names no licence"):
        shelf.add(file(unlicensed), Asked(sha256(unlicensed)))
    assert not place().parent.exists()  # not even copied
    assert shelf.add(file(unlicensed), Asked(sha256(unlicensed), licence="Apache-2.0")).licence == "Apache-2.0"


def test_what_is_no_sound_gguf_stays_out(shelf, file):
    for content in (b"\x80\x04pickle" * 10, WHOLE[:-1]):
        with pytest.raises(ModelError):
            shelf.add(file(content), Asked(sha256(content)))
    assert shelf.cards() == []


@pytest.mark.parametrize(
    ("own", "template"),
    [
        ("{% for m in messages %}<|im_start|>{{ m.role }}", "chatml"),
        ("<|start_header_id|>", "llama3"),
        ("<start_of_turn>", "gemma"),
        ("<|im_start|> and <start_of_turn>", "plain"),  # of two families: of none
        ("[INST]", "plain"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "plain"),  # never rendered
    ],
)
def test_our_own_template_is_chosen_by_marks(shelf, file, own, template):
    content = templated(own)
    assert shelf.add(file(content), Asked(sha256(content))).template == template
    assert shelf.add(file(content), Asked(sha256(content), name="told", template="gemma")).template == "gemma"


def test_a_changed_model_does_not_load(shelf, file, place):
    shelf.add(file(), Asked(sha256(WHOLE)))
    model = place() / "model.gguf"
    model.chmod(0o600)
    model.write_bytes(WHOLE[:-1] + b"\2")
    assert shelf.path("tiny") == model  # the size is the same
    with pytest.raises(ModelError, match="not the one that was added"):
        shelf.verify("tiny")
    model.write_bytes(WHOLE + b"\0")
    with pytest.raises(ModelError, match="not the one that was added"):
        shelf.path("tiny")


def test_a_link_in_its_place_does_not_load(shelf, file, place, tmp_path):
    shelf.add(file(), Asked(sha256(WHOLE)))
    place().chmod(0o700)
    (place() / "model.gguf").rename(tmp_path / "elsewhere")
    (place() / "model.gguf").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="not the one that was added"):
        shelf.verify("tiny")


@pytest.mark.parametrize(
    "change",
    [
        lambda card: "not json",
        lambda card: json.dumps(card | {"name": "other"}),
        lambda card: json.dumps(card | {"more": 1}),
        lambda card: json.dumps(card | {"size": "1"}),
        lambda card: json.dumps({key: value for key, value in card.items() if key != "sha256"}),
        lambda card: json.dumps(card) + " " * 20_000,
    ],
    ids=["text", "name", "more", "type", "less", "long"],
)
def test_a_damaged_card_is_told_and_the_model_can_be_removed(shelf, file, place, change):
    shelf.add(file(), Asked(sha256(WHOLE)))
    path = place() / "card.json"
    path.chmod(0o600)
    path.write_text(change(json.loads(path.read_text())))
    for ask in (shelf.card, shelf.path, shelf.verify):
        with pytest.raises(ModelError, match="card of tiny"):
            ask("tiny")
    shelf.remove("tiny")
    assert shelf.cards() == []


@pytest.mark.parametrize("name", ["none", "../site", "", ".adding-x"])
def test_what_is_not_on_the_shelf_does_not_load(shelf, file, name):
    shelf.add(file(), Asked(sha256(WHOLE)))
    for ask in (shelf.card, shelf.path, shelf.verify, shelf.remove):
        with pytest.raises(ModelError, match="not on the shelf") as caught:
            ask(name)
        assert caught.value.hint == "there are: tiny"


def test_what_an_interrupted_copy_left_is_no_model(shelf, file, place):
    shelf.add(file(), Asked(sha256(WHOLE)))
    (place().parent / ".adding-abc").mkdir()
    assert [card.name for card in shelf.cards()] == ["tiny"] == shelf.names()


def test_what_a_kill_left_is_removed_by_the_next_add_and_what_is_under_way_is_not(shelf, file, place, tmp_path):
    """One process is killed in the middle of a copy, another is still at it."""
    code = """
import sys, time
from pathlib import Path
from onprem.config import Settings, Site
from onprem.llm.shelf import Asked, Shelf

def slowly(_):
    print("copying", flush=True)
    time.sleep(60)

Shelf(Site(Path(sys.argv[1]), Settings())).add(Path(sys.argv[2]), Asked(sys.argv[3], name="other"), progress=slowly)
"""
    program = [sys.executable, "-c", code, str(tmp_path / "site"), str(file()), sha256(WHOLE)]
    folders = []
    processes = []
    try:
        for _ in range(2):
            processes.append(subprocess.Popen(program, stdout=subprocess.PIPE, text=True))
            assert processes[-1].stdout.readline() == "copying\n"
            folders += [path for path in place().parent.iterdir() if path not in folders]
        killed, under_way = folders
        processes[0].kill()
        processes[0].wait()
        assert (killed / "model.gguf").exists()
        shelf.add(file(), Asked(sha256(WHOLE)))
        assert not killed.exists()
        assert (under_way / "model.gguf").exists()
    finally:
        for process in processes:
            process.kill()
            process.wait()
            process.stdout.close()


def test_a_link_in_the_place_of_a_copy_is_not_followed(shelf, file, place, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("kept")
    place().parent.mkdir(mode=0o700)
    (place().parent / ".adding-abc").symlink_to(elsewhere)
    shelf.add(file(), Asked(sha256(WHOLE)))
    assert (elsewhere / "kept").read_text() == "kept"


def test_a_full_disk_leaves_nothing(shelf, file, place, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="cannot be written"):
        shelf.add(file(), Asked(sha256(WHOLE)))
    assert list(place().parent.iterdir()) == []
