"""Classifiers of texts: the features are spaCy's own, grades, the command lines."""

import json
import random

import numpy as np
import pytest
from typer.testing import CliRunner

from onprem.errors import InputError, ModelError, UsageError
from onprem.labelled import Classed
from onprem.progress import Silent
from onprem.train import linear
from onprem.train.classify import TASK, Settings, load, train
from onprem.train.measured import MODEL, Data, measured

WORDS = {"none": "fine well rested glad", "mild": "tired flat slow dull", "severe": "hopeless worthless empty crying"}
OTHER = "the a I was is to of and".split()


def items(count, seed=0):
    chance = random.Random(seed)
    made = []
    for number in range(count):
        label = chance.choice(list(WORDS))
        words = [chance.choice(WORDS[label].split() if chance.random() < 0.3 else OTHER) for _ in range(15)]
        made.append(Classed(" ".join(words), label, group=f"p{number % 30}"))
    return made


def test_texts_are_told_apart():
    trained = train(items(200), None, Settings(), Silent())
    others = items(60, seed=4)
    said = trained.choose([item.text for item in others])
    assert sum(one == item.label for one, item in zip(said, others, strict=True)) >= 55
    (only,) = trained.predict([others[0].text])
    assert set(only) == set(WORDS)
    assert sum(only.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("count", [2, 3])
def test_the_pipeline_says_what_scikit_learn_fitted(count):
    """The features that are fitted are exactly those that spaCy computes: hashing, counts, both places."""
    from sklearn.linear_model import LogisticRegression

    few = [item for item in items(200) if item.label in list(WORDS)[:count]]
    trained = train(few, None, Settings(strength=1.0), Silent())
    nlp = trained._nlp
    counts = linear.features(nlp, [item.text for item in few], 3)
    kept = linear._kept(counts)
    scale = linear._scale(counts[:, kept])
    table = counts[:, kept].multiply(scale).tocsr()
    labels = [trained.labels.index(item.label) for item in few]
    made = LogisticRegression(C=1.0, class_weight="balanced", max_iter=500).fit(table, labels)
    said = np.array(
        [[each[label] for label in trained.labels] for each in trained.predict([item.text for item in few])]
    )
    assert np.abs(said - made.predict_proba(table)).max() < 1e-3


def test_chinese_texts():
    words = {"轻度": "疲倦没劲", "重度": "绝望无助"}
    chance = random.Random(1)

    def text(label):
        return "".join(chance.choice(words[label] if chance.random() < 0.4 else "我今天觉得有点") for _ in range(20))

    every = [Classed(text(label), label, group=str(number)) for number, label in enumerate(list(words) * 40)]
    trained = train(every[:60], None, Settings(lang="zh"), Silent())
    said = trained.choose([item.text for item in every[60:]])
    assert sum(one == item.label for one, item in zip(said, every[60:], strict=True)) >= 18


def test_rows_of_a_group_stay_on_one_side_of_a_fold():
    data = linear.Labelled([f"t{n}" for n in range(90)], ["a"] * 90, [f"g{n % 9}" for n in range(90)])
    folds = linear._folds(data, 3)
    for group in range(9):
        assert len(set(folds[group::9])) == 1
    assert len(set(folds)) > 1


def test_a_class_that_dev_alone_has_is_no_error():
    trained = train(items(100), [*items(20, seed=3), Classed("odd", "extreme")], Settings(), Silent())
    assert set(trained.labels) == set(WORDS)


def test_save_and_load(tmp_path):
    trained = train(items(100), None, Settings(), Silent())
    trained.save(tmp_path / "m", {"task": "classify"})
    again, told = load(tmp_path / "m", "classify")
    assert again.predict(["hopeless and crying"]) == trained.predict(["hopeless and crying"])
    assert told["task"] == "classify"
    meta = json.loads((tmp_path / "m" / "meta.json").read_text(encoding="utf-8"))
    meta["onprem"]["labels"] = ["other"]
    (tmp_path / "m" / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    with pytest.raises(ModelError, match="classes"):
        load(tmp_path / "m")


def test_grades_that_lack_a_class_are_refused():
    with pytest.raises(InputError, match="grades"):
        measured(TASK, Data(items(50), items(20, seed=1), ("none", "mild")), Settings(), Silent(), curve=False)


def run(module, *given):
    import typer

    app = typer.Typer()
    app.command()(module.command)
    return CliRunner().invoke(app, [str(each) for each in given])


def test_train_and_eval_on_the_command_line(tmp_path):
    from onprem.cli import eval_classify, train_classify

    data, gold, out = tmp_path / "d.tsv", tmp_path / "g.jsonl", tmp_path / "m"
    rows = [f"{item.text}\t{item.label}\t{item.group}" for item in items(120)]
    data.write_text("text\tlabel\tgroup\n" + "\n".join(rows) + "\n", encoding="utf-8")
    gold.write_text(
        "\n".join(json.dumps({"text": item.text, "label": item.label}) for item in items(40, seed=7)), encoding="utf-8"
    )
    done = run(train_classify, "--data", data, "--out", out, "--order", "none,mild,severe", "--curve")
    assert done.exit_code == 0, done.output
    assert "quadratic kappa" in (out / "card.md").read_text(encoding="utf-8")
    done = run(eval_classify, "--model", out, "--gold", gold, "--data", data, "--json")
    lines = [json.loads(each) for each in done.stdout.splitlines() if each.startswith("{")]
    assert lines[0]["system"] == MODEL
    assert lines[0]["kappa"]["value"] > 0.8
    assert "related_mcc" not in lines[0]
    bad = run(eval_classify, "--model", out, "--gold", gold, "--order", "none,mild")
    assert isinstance(bad.exception, InputError)
    bad = run(train_classify, "--data", data, "--out", tmp_path / "n", "--order", "none")
    assert isinstance(bad.exception, UsageError)
    bad = run(train_classify, "--data", data, "--out", tmp_path / "n", "--lang", "fr")
    assert isinstance(bad.exception, UsageError)
