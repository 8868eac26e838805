"""Statistics beside scikit-learn, NumPy, statsmodels and pROC, for `cargo xtask peers`.

`speed.py serve TASK FOLDER` is a side; else the sides take turns. Data are in memory before
the clock starts, on every side.
"""

import sys
from pathlib import Path

import turns


def data(folder):
    import numpy as np

    folder = Path(folder)
    return np.fromfile(folder / "labels", "u1").astype(bool), np.fromfile(folder / "scores")


def auc(labels, scores):
    import sklearn
    from sklearn.metrics import roc_auc_score

    return f"{sklearn.__version__} (AUC alone)", lambda: float(roc_auc_score(labels, scores))


def bootstrap(labels, scores):
    """The usual bootstrap in NumPy, but with the sort taken out of its loop."""
    import numpy as np

    generator = np.random.default_rng(1)

    def interval(resamples=2000):
        distinct, rank = np.unique(scores, return_inverse=True)
        positive, negative = rank[labels], rank[~labels]
        areas = np.empty(resamples)
        for k in range(resamples):
            drawn = [
                np.bincount(
                    part[generator.integers(0, len(part), len(part))], minlength=len(distinct)
                )
                for part in (positive, negative)
            ]
            below = np.cumsum(drawn[1]) - 0.5 * drawn[1]
            areas[k] = drawn[0] @ below / len(positive) / len(negative)
        return list(np.percentile(areas, [2.5, 97.5]))

    return np.__version__, interval


def calibration(labels, scores):
    """The logistic fit of outcomes to log-odds with its standard errors."""
    import numpy as np
    import statsmodels
    import statsmodels.api as sm

    def slope():
        design = sm.add_constant(np.log(scores / (1 - scores)))
        fitted = sm.GLM(labels.astype(float), design, family=sm.families.Binomial()).fit()
        return [float(fitted.params[1]), float(fitted.bse[1])]

    return statsmodels.__version__, slope


TASKS = {"auc": auc, "bootstrap": bootstrap, "calibration": calibration}


def write_data(folder, n):
    import random
    from array import array

    draw = random.Random(n)
    labels = bytes(draw.random() < 0.4 for _ in range(n))
    scores = array("d", (0.02 + 0.7 * draw.random() + 0.2 * label for label in labels))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels").write_bytes(labels)
    (folder / "scores").write_bytes(scores.tobytes())
    return folder


class Printed(turns.Once):
    """A program that prints its own seconds last."""

    def turn(self):
        import subprocess

        pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        process = subprocess.Popen(self.command, **pipe)
        told = process.stdout.read()
        self.ended(process)
        return float(told.split()[-1])


def main():
    chosen = turns.settings(rscript=str)
    here, rows = Path(__file__).parent, []

    def row(what, n, ours, peers, proc=False):
        folder = write_data(chosen.work / f"{ours}-{n}", n)
        files = [folder / "scores", folder / "labels"]
        sides = [Printed("foramen", "", [chosen.programs / "peers", "time", ours, *files, 3])]
        for name, task in peers:
            sides.append(turns.Served(name, "", [sys.executable, __file__, "serve", task, folder]))
        if proc and chosen.rscript and n <= 10**6:
            command = [chosen.rscript, here / "time.R", folder, n]
            sides.append(Printed("pROC", "`ci.auc`", command))
        rows.append(turns.compare(what, f"n = {n:,}", sides, chosen))

    learn = [("scikit-learn", "auc")]
    for n in [10**3, 10**5] if chosen.quick else [10**3, 10**4, 10**5, 10**6]:
        row("AUC with DeLong's interval", n, "auc_delong", learn, proc=True)
    row("2,000 stratified bootstrap AUCs", 10**4, "bootstrap_auc", [("NumPy", "bootstrap")])
    row("calibration slope", 10**4, "calibration", [("statsmodels", "calibration")])
    notes = [
        "Ours is the shortest of three runs of each turn, on all threads where a task has parts. "
        "Peak memory is that of the process with its data.",
    ]
    if not chosen.rscript:
        notes.append("R with pROC was not there (Debian: `r-cran-proc`).")
    turns.write(chosen, "statistics", rows, notes)


if sys.argv[1:2] == ["serve"]:
    turns.serve(*TASKS[sys.argv[2]](*data(sys.argv[3])))
else:
    main()
