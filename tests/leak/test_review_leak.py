"""No canary leaves the screen of `onprem review`: not to the site, the decisions, the log, a temporary file or a failure."""

import json
import os
import sys
from pathlib import Path

import canaries
import pytest
from canaries import assert_none, run, search_bytes, search_tree

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from at_screen import play

from onprem.audit.log import actor

STRANGE = "Пациент Oswin Brambleworth жалуется на боль в груди и слабость, QLF-44817234, осмотрен вчера и сегодня. " * 3


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    assert run(["init", "--site", folder], work=tmp_path).code == 0
    content = f'[roles]\noperator = ["*"]\nreviewer = ["{actor()}"]\n[actions]\n'
    content += 'release = { roles = ["operator"] }\nreview-records = { roles = ["reviewer"] }\n'
    (folder / "policies" / "access.toml").write_text(content, encoding="utf-8")
    return folder


@pytest.fixture
def name(site, tmp_path):
    """The name of a run that holds canaries in a text, in a column that nobody can place and in an unreadable line."""
    source = canaries.write_good(tmp_path / "input")
    rows = json.dumps({"patient": "QLF-44817234", "text": STRANGE}, ensure_ascii=False)
    (source / "strange.jsonl").write_text(rows + '\n{"text": "Oswin Brambleworth\n', encoding="utf-8")
    cells = "".join(f"QLF-44817234,Brambleworth {letter}\n" for letter in "abc")
    (source / "visits.csv").write_text("mrn,zzqy\n" + cells, encoding="utf-8")
    done = run(["deid", source, "--out", tmp_path / "out", "--site", site, "--json"], work=tmp_path)
    assert done.code == 1, done.err
    assert_none(done, site, tmp_path / "out")
    return json.loads(done.out.splitlines()[0])["run"]


def screen(name, site, tmp_path, keys, program=("-m", "onprem")):
    """Review at a terminal whose temporary files lie in `temp`; return what was played."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ONPREM_", "TEXTUAL"))}
    path = os.pathsep.join(filter(None, (str(canaries.ROOT), os.environ.get("PYTHONPATH"))))
    said = {"TMPDIR": str(tmp_path / "temp"), "PYTHONPATH": path, "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    decided = tmp_path / "decided" / "decisions.jsonl"
    decided.parent.mkdir(exist_ok=True)
    arguments = [*program, "review", name, "--site", site, "--decisions", decided]
    return play(arguments, keys, environment={**kept, **said})


def left_behind(site, tmp_path, played):
    """Every canary in what a review leaves on the terminal and on the disk."""
    hits = search_bytes("after", played.after.encode())
    return hits + [hit for folder in (site, tmp_path / "decided", tmp_path / "temp") for hit in search_tree(folder)]


def test_what_was_seen_and_taught_stays_on_the_screen(site, name, tmp_path):
    keys = [
        ("Пациент", "+"),
        ("held whatever", "t"),
        ("to be taught", "\x1b[C" * 2),
        (">>Brambleworth<<", "\r"),
        ("What is it?", "\r"),
        ("Whose is it?", "\x1b[B\r"),
        ("taught as NAME", "k"),
        ("cannot be read", "n"),
        ("Brambleworth a", "v"),
        ("Brambleworth a", "q"),
    ]
    played = screen(name, site, tmp_path, keys)
    assert played.code == 0, played.after
    assert "Oswin Brambleworth" in " ".join(played.screen.split())  # the control: it was on the screen
    assert (tmp_path / "decided" / "decisions.jsonl").read_bytes().count(b"\n") == 4
    assert left_behind(site, tmp_path, played) == []

    decided = ["--decisions", tmp_path / "decided" / "decisions.jsonl"]
    again = run(["deid", tmp_path / "input", "--out", tmp_path / "out2", "--site", site, *decided], work=tmp_path)
    assert again.code == 1, again.err
    assert b"decisions\t2\n" in again.out
    assert_none(again, site, tmp_path / "out2")


FAILING = """
import sys
from onprem.review import run_app
def fail(self):
    text = self._shown.text
    raise {error}(text)
run_app.ItemPage.action_help = fail
from onprem.__main__ import main
main()
"""


@pytest.mark.parametrize("error", ["RuntimeError", "ValueError", "OSError", "UnicodeError"])
def test_a_failure_of_the_screen_names_no_value(site, name, tmp_path, error):
    program = ("-c", FAILING.format(error=error))
    played = screen(name, site, tmp_path, [("Пациент", "h")], program)
    assert played.code == 70
    assert f"onprem: error: internal error {error} at __main__:" in played.after
    assert len(played.after.strip().splitlines()) == 2
    assert "Traceback" not in played.screen
    assert left_behind(site, tmp_path, played) == []


def test_a_connection_that_is_lost_leaves_what_was_decided_and_nothing_else(site, name, tmp_path):
    program = ("-c", FAILING.format(error="SystemExit").replace("(text)", "(0)"))
    played = screen(name, site, tmp_path, [("Пациент", "k"), ("cannot be read", "h")], program)
    assert left_behind(site, tmp_path, played) == []
    assert (tmp_path / "decided" / "decisions.jsonl").exists()
