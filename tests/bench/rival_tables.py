"""The patient tables, and the rivals that make tables, in an environment of requirements/bench-tables.in.

`rival_tables.py data NAME OUT.csv` writes a table; `rival_tables.py METHOD TASK.json` reads a task (fit, out, seed, columns
with their public bounds), writes synthetic rows and prints JSON with the processor seconds of the fit and of the rows.

Each rival runs with its own defaults. Two cannot hold missing numbers: they get a column "missing" beside an imputed one,
and the gaps are put back afterwards. python-synthpop encodes categories of ten and more values with an argument that
scikit-learn no longer knows: those it gets as ranks. dpmm gets the same bounds as onprem and epsilon 1 in all, 0.1 of it
for its bins.
"""

import json
import resource
import sys
import warnings

import numpy as np
import pandas as pd

TARGETS = {"flchain": "death", "gbsg2": "cens", "whas500": "fstat"}
GAP = "__missing"


def data(name, out):
    """Write a table without what gives the outcome away: times of follow-up, and the cause of a death."""
    from sksurv import datasets

    features, outcome = getattr(datasets, f"load_{name}")()
    features = features.rename(columns=lambda column: column.replace(".", "_")).drop(columns="chapter", errors="ignore")
    features[TARGETS[name]] = np.where(outcome[TARGETS[name]], "yes", "no")
    features.to_csv(out, index=False)


def used():
    """Return processor seconds of this process and of those it started."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(item.ru_utime + item.ru_stime for item in both)


def without_gaps(frame):
    """Return a frame whose missing numbers are imputed, each with a column that says where."""
    frame = frame.copy()
    for column in list(frame):
        if frame[column].isna().any():
            frame[column + GAP] = np.where(frame[column].isna(), "yes", "no")
            frame[column] = frame[column].fillna(frame[column].median())
    return frame


def with_gaps(frame):
    """Return a frame with the gaps put back."""
    for column in [column for column in frame if column.endswith(GAP)]:
        frame.loc[frame[column] == "yes", column.removesuffix(GAP)] = np.nan
        frame = frame.drop(columns=column)
    return frame


def synthpop(frame, task):
    """python-synthpop's CART, as its README sets it up."""
    from synthpop import CARTMethod, DataProcessor

    np.random.seed(task["seed"])
    frame = without_gaps(frame)
    ranks = {}
    for column in frame.select_dtypes(object):
        if frame[column].nunique() >= 10:
            ranks[column] = dict(enumerate(task["columns"][column]["values"]))
            frame[column] = frame[column].map({value: rank for rank, value in ranks[column].items()})
    kinds = {column: "categorical" if frame[column].dtype == object else "numerical" for column in frame}
    processor = DataProcessor(kinds)
    began = used()
    plain = processor.preprocess(frame)
    model = CARTMethod(kinds, smoothing=True, proper=True, minibucket=5, random_state=task["seed"])
    model.fit(plain)
    fitted = used()
    made = processor.postprocess(model.sample(task["rows"]))
    for column, values in ranks.items():
        made[column] = made[column].astype(float).round().clip(0, len(values) - 1).map(values)
    return with_gaps(made), fitted - began, used() - fitted


def arf(frame, task):
    """Adversarial random forests of arfpy."""
    from arfpy import arf as forests

    np.random.seed(task["seed"])
    frame = without_gaps(frame)
    began = used()
    model = forests.arf(x=frame, verbose=False, random_state=task["seed"])
    model.forde()
    fitted = used()
    return with_gaps(model.forge(n=task["rows"])), fitted - began, used() - fitted


def private(pipeline):
    """A pipeline of dpmm."""

    def run(frame, task):
        import dpmm.pipelines

        frame = frame.copy()
        domain = {}
        for column, said in task["columns"].items():
            if said["values"]:
                domain[column] = {"categories": said["values"]}
                frame[column] = frame[column].astype("category")
            else:
                domain[column] = {"lower": said["low"], "upper": said["high"]}
                frame[column] = frame[column].clip(said["low"], said["high"]).astype(float)
        made = getattr(dpmm.pipelines, pipeline)(epsilon=0.9, delta=task["delta"], proc_epsilon=0.1, n_jobs=1)
        began = used()
        made.fit(frame, domain, random_state=task["seed"])
        fitted = used()
        return made.generate(n_records=task["rows"]), fitted - began, used() - fitted

    return run


METHODS = {"synthpop": synthpop, "arfpy": arf, "dpmm-mst": private("MSTPipeline"), "dpmm-aim": private("AIMPipeline")}


def main():
    """Write a table, or run a rival."""
    if sys.argv[1] == "data":
        data(*sys.argv[2:])
        return
    warnings.simplefilter("ignore")
    with open(sys.argv[2], encoding="utf-8") as file:  # noqa: PTH123 - this environment has but the rivals
        task = json.load(file)
    codes = {column: str for column, said in task["columns"].items() if said["values"]}
    frame = pd.read_csv(task["fit"], dtype=codes)
    made, fit, rows = METHODS[sys.argv[1]](frame, task)
    made[list(frame)].to_csv(task["out"], index=False)
    print(json.dumps({"fit": fit, "rows": rows}))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
