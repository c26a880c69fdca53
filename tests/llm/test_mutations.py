"""Broken and hostile model files: each is refused with an error that says what to do, or answers; nothing else happens.

What a file passes: `read_header` in Python, `Shelf.add`, then llama.cpp in the model's own process.
"""

import contextlib
import hashlib
import os
import pickle
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from mutations import TEMPLATES, corpus, cut, made

import onprem
from onprem.config import Settings as SiteSettings
from onprem.config import Site
from onprem.errors import ModelError, ResourceError, UsageError
from onprem.llm.contract import Request
from onprem.llm.gguf import read_header
from onprem.llm.llama import Settings, load
from onprem.llm.process import Process
from onprem.llm.shelf import Asked, Card, Shelf
from onprem.llm.templates import Message, prompt

CORPUS = dict(corpus())
SECONDS = 60  # a load that takes longer hangs
ASKED = Request(prompt("chatml", [Message("user", "Hello.")]), max_tokens=4)
# of each kind some, so that every run has seen how a file dies: refused, aborted, too large, answered
SAMPLE = """tensors-9 vocab_size-7 architecture-lhama architecture-t5 block_count-0 block_count-4294967295
    attention.head_count-0 attention.head_count_kv-10 embedding_length-575 context_length-1 negative-context eps-nan freq-0.0
    tokens-none tokens-alike tokens-no-utf8 bos-4294967294 eos-1024 tokeniser-none merges-no-blank types-nonsense type-2
    without-0 swapped-of-other-shapes data-ones-0 longer template-open""".split()


@pytest.fixture(scope="module")
def parts(smollm2):
    return cut(smollm2)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.gguf"


def card(content, **changes):
    """A card of a file whatever it is: what the shelf would not write, too."""
    known = {"name": "small", "sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "template": "chatml"}
    return Card.model_construct(**known | changes)


@contextlib.contextmanager
def hurried():
    """Fail what hangs."""

    def late(number, frame):
        raise TimeoutError(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_the_corpus_is_large_and_always_the_same(parts):
    assert len(CORPUS) >= 200
    assert len(dict(corpus())) == len(corpus())
    digests = {hashlib.sha256(parts.bytes()).digest()}
    for name, mutation in CORPUS.items():
        digest = hashlib.sha256(made(parts, name, mutation)).digest()
        assert digest == hashlib.sha256(made(parts, name, mutation)).digest()
        assert digest not in digests, name
        digests.add(digest)
    assert set(SAMPLE) <= set(CORPUS) and len(SAMPLE) >= 25


def test_what_is_not_mutated_answers(parts, path):
    """So that what is refused is refused for its mutation."""
    path.write_bytes(parts.bytes())
    model = load(card(parts.bytes()), path, Settings())
    try:
        (answer,) = model.complete([ASKED])
        assert answer.tokens == 4
    finally:
        model.close()


def test_each_header_is_read_or_refused_quickly_and_in_little_memory(parts, path):
    refused = 0
    for name, mutation in CORPUS.items():
        content = made(parts, name, mutation)
        path.write_bytes(content)
        tracemalloc.start()
        began = time.monotonic()
        try:
            header = read_header(path)
            assert all(item.start + item.bytes <= header.size for item in header.tensors), name
        except ModelError as failure:
            refused += 1
            assert failure.hint, name
        took = time.monotonic() - began
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert took < 3, name
        assert most < len(content) + (8 << 20), name  # what a file claims is not reserved
    assert refused > 80


def test_the_shelf_takes_or_refuses_each(parts, path, tmp_path):
    (tmp_path / "site").mkdir()
    shelf = Shelf(Site(tmp_path / "site", SiteSettings()))
    taken = 0
    for name, mutation in CORPUS.items():
        content = made(parts, name, mutation)
        path.write_bytes(content)
        try:
            added = shelf.add(path, Asked(hashlib.sha256(content).hexdigest(), licence="Apache-2.0"))
        except (ModelError, UsageError) as failure:
            assert failure.hint, name
            continue
        taken += 1
        assert shelf.card("model") == added
        shelf.remove("model")
    assert 50 < taken < len(CORPUS)
    assert list((tmp_path / "site" / "models").iterdir()) == []


def survived(parts, path, name):
    """Load a mutated file and ask it something; return what came of it."""
    content = made(parts, name, CORPUS[name])
    path.write_bytes(content)
    model = None
    try:
        with hurried():
            model = load(card(content), path, Settings())
            (answer,) = model.complete([ASKED])
    except (ModelError, ResourceError, UsageError) as failure:
        assert failure.message and failure.hint, name
        assert str(path) not in failure.message, name
        return type(failure)
    finally:
        if model is not None:
            model.close()
    assert answer.tokens <= 4, name
    return None


@pytest.mark.parametrize("name", SAMPLE)
def test_this_process_survives(parts, path, name):
    survived(parts, path, name)


@pytest.mark.slow
def test_this_process_survives_them_all(parts, path):
    ends = {name: survived(parts, path, name) for name in CORPUS}
    assert sum(end is None for end in ends.values()) >= 20  # some mutations break nothing
    assert sum(end is ModelError for end in ends.values()) >= 150


@pytest.mark.parametrize("share", [0.5, 0.999])
def test_the_real_model_cut_short_is_refused_before_llama_cpp_sees_it(smollm2, path, share, monkeypatch):
    content = smollm2.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    monkeypatch.setattr(Process, "__init__", lambda self: pytest.fail("a process was started"))
    with pytest.raises(ModelError, match="cut off"):
        load(card(path.read_bytes()), path, Settings())


# templates are never rendered

TRAP = """
import os, sys
from importlib.abc import MetaPathFinder

class Trap(MetaPathFinder):
    # once jinja2 is there, whoever makes a template of anything is ended
    def find_spec(self, name, path, target=None):
        if name == "jinja2" and not getattr(self, "busy", False):
            self.busy = True
            import jinja2
            jinja2.Environment.from_string = jinja2.Environment.compile = lambda *_, **__: os.abort()
        return None

sys.meta_path.insert(0, Trap())
with open(os.path.join(os.path.dirname(__file__), "armed"), "a") as armed:
    armed.write(f"{os.getpid()} ")
"""


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """Python processes from now on, that of a model too, end when they make a template of Jinja."""
    folder = tmp_path / "trap"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(TRAP)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(Path(onprem.__file__).parents[1]))))
    return folder


def test_the_trap_is_sprung_by_a_template(trap):
    for code in ("jinja2.Environment().from_string('a')", "jinja2.Template('a')", "jinja2.Environment().compile('a')"):
        done = subprocess.run([sys.executable, "-c", f"import jinja2; {code}"], capture_output=True, check=False)
        assert done.returncode == -signal.SIGABRT
    assert subprocess.run([sys.executable, "-c", "import jinja2"], check=False).returncode == 0


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_of_a_file_is_never_rendered(parts, path, name, trap):
    content = made(parts, f"template-{name}", CORPUS[f"template-{name}"])
    path.write_bytes(content)
    with hurried():
        model = load(card(content), path, Settings())
        try:
            assert str(model.pid) in (trap / "armed").read_text().split()
            (answer,) = model.complete([ASKED])
            assert answer.tokens == 4
        finally:
            model.close()


def test_the_process_that_asks_imports_neither_jinja2_nor_llama_cpp(parts, path):
    content = made(parts, "template-open", CORPUS["template-open"])
    path.write_bytes(content)
    code = """
import hashlib, sys
from pathlib import Path
from onprem.llm.contract import Request
from onprem.llm.llama import Settings, load
from onprem.llm.shelf import Card
from onprem.llm.templates import Message, prompt

path = Path(sys.argv[1])
card = Card.model_construct(name="x", sha256=hashlib.sha256(path.read_bytes()).hexdigest(), template="chatml")
model = load(card, path, Settings())
(answer,) = model.complete([Request(prompt("chatml", [Message("user", "Hello.")]), max_tokens=4)])
model.close()
print(answer.tokens, {"jinja2", "llama_cpp", "diskcache", "pickle"} & {*sys.modules})
"""
    program = [sys.executable, "-c", code, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}
    done = subprocess.run(program, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.stdout.split(" ", 1)[0] == "4", done.stderr
    imported = done.stdout.split(" ", 1)[1]
    assert "jinja2" not in imported and "llama_cpp" not in imported and "diskcache" not in imported


# pickles are never loaded


class Planted:
    """A pickle that makes a folder where it is loaded; where it may not, it fails there."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def pickled(tmp_path):
    return pickle.dumps(Planted(tmp_path / "loaded"))


def test_the_pickle_would_tell(pickled, tmp_path):
    pickle.loads(pickled)
    assert (tmp_path / "loaded").is_dir()


def test_a_pickle_under_the_name_of_a_model_is_not_loaded(pickled, path, tmp_path):
    (tmp_path / "site").mkdir()
    shelf = Shelf(Site(tmp_path / "site", SiteSettings()))
    path.write_bytes(pickled)
    with pytest.raises(ModelError, match="no GGUF"):
        shelf.add(path, Asked(hashlib.sha256(pickled).hexdigest(), licence="MIT"))
    with pytest.raises(ModelError, match="no GGUF"):
        load(card(pickled), path, Settings())
    assert not (tmp_path / "loaded").exists()


def test_pickles_planted_on_the_shelf_are_not_loaded(parts, pickled, path, tmp_path):
    content = parts.bytes()
    path.write_bytes(content)
    (tmp_path / "site").mkdir()
    shelf = Shelf(Site(tmp_path / "site", SiteSettings()))
    added = shelf.add(path, Asked(hashlib.sha256(content).hexdigest(), licence="Apache-2.0"))
    place = tmp_path / "site" / "models" / "model"
    place.chmod(0o700)
    names = ("model.pkl", "model.bin", "pytorch_model.bin", "model.gguf.cache", "cache.db", "tokenizer.pkl")
    for name in names:
        (place / name).write_bytes(pickled)
        (place.parent / name).write_bytes(pickled)
    model = load(added, shelf.path("model"), Settings())
    try:
        assert next(model.complete([ASKED])).tokens == 4
    finally:
        model.close()
    assert [item.name for item in shelf.cards()] == ["model"]
    assert shelf.verify("model") == added
    (place / "model.gguf").chmod(0o600)
    (place / "model.gguf").write_bytes(pickled + bytes(len(content) - len(pickled)))
    with pytest.raises(ModelError, match="not the one that was added"):
        load(added, shelf.path("model"), Settings())
    with pytest.raises(ModelError, match="not the one that was added"):
        shelf.verify("model")
    shelf.remove("model")
    assert not (tmp_path / "loaded").exists()
