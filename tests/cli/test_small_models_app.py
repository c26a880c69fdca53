"""`onprem train` and `onprem eval` at a site: who trained what on how much is in the log, and not a word of the data."""

import json
import subprocess
import sys

import pytest

NAMES = ("Zebrosis", "Quillitis", "Marnopathy", "Feldoma")
FORMS = ("{name} was found in the left lung.", "He has had {name} since spring.", "No sign of {name} was seen at all.")


def sentence(number):
    name = NAMES[number % len(NAMES)]
    return name, FORMS[number % len(FORMS)].format(name=name)


def spans(number):
    name, text = sentence(number)
    start = text.index(name)
    return {"text": text, "spans": [{"start": start, "end": start + len(name), "label": "DISEASE"}], "patient": number}


def pair(number):
    name, text = sentence(number)
    label, said = ("causes", "caused by Drugol.") if number % 2 else ("", "and Drugol are two words.")
    text = f"{text[:-1]} {said}"
    head, tail = text.index("Drugol"), text.index(name)
    return {
        "text": text,
        "head": {"start": head, "end": head + len("Drugol"), "label": "drug"},
        "tail": {"start": tail, "end": tail + len(name), "label": "disease"},
        "label": label,
        "patient": number,
    }


def classed(number):
    _, text = sentence(number)
    return {"text": text, "label": "absent" if text.startswith("No") else "present", "patient": number}


def onprem(*arguments):
    command = [sys.executable, "-m", "onprem", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)


def digest(folder):
    """By the command of docs/training.md."""
    command = "find . -type f | LC_ALL=C sort | xargs -d '\\n' cat | sha256sum"
    told = subprocess.run(["bash", "-c", command], cwd=folder, check=True, capture_output=True, text=True)
    return told.stdout.split()[0]


@pytest.mark.parametrize(("kind", "row"), [("ner", spans), ("relation", pair), ("classify", classed)])
def test_training_and_measuring_are_events_of_the_site(tmp_path, kind, row):
    site, data, out = tmp_path / "site", tmp_path / "data.jsonl", tmp_path / "model"
    data.write_text("".join(f"{json.dumps(row(number))}\n" for number in range(60)), encoding="utf-8")
    assert onprem("init", "--site", site).returncode == 0
    done = onprem("train", kind, "--data", data, "--out", out, "--site", site)
    assert done.returncode == 0, done.stderr
    assert onprem("eval", kind, "--model", out, "--gold", data, "--site", site).returncode == 0
    again = onprem(
        "train", kind, "--data", data, "--out", tmp_path / "other", "--dev", tmp_path / "none", "--site", site
    )
    assert again.returncode == 3
    log = "".join(path.read_text(encoding="utf-8") for path in sorted((site / "audit").glob("*.jsonl")))
    train, measured, failed = (json.loads(line) for line in log.splitlines()[-3:])
    assert (train["action"], train["outcome"]) == ("train", "done")
    assert train["counts"]["rows"] + train["counts"]["measured"] == 60
    assert (measured["action"], measured["outcome"], measured["counts"]["rows"]) == ("eval", "done", 60)
    # what was measured is what was trained, and the folder that lies there still is
    assert train["digests"]["model"] == measured["digests"]["model"] == digest(out)
    assert (failed["action"], failed["outcome"], failed["error"]) == ("train", "failed", "InputError")
    assert not any(word in log for word in (*NAMES, "Drugol", "data.jsonl"))
