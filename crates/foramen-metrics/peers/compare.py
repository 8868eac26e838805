"""Compares foramen-metrics with scikit-learn, statsmodels, SciPy and dcurves, with
torchmetrics where Python has it, and with pROC where Rscript has it. Run by
`cargo xtask peers-test`.

usage: compare.py PROGRAM [RSCRIPT FOLDER_OF_THIS_FILE]
"""

import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import f as f_distribution
from scipy.stats import norm
from sklearn.isotonic import IsotonicRegression
from sklearn import metrics as sk
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

try:
    import torch
    import torchmetrics.functional.classification as tm
except ImportError:
    tm = None

warnings.filterwarnings("ignore")
PROGRAM = sys.argv[1]
worst = {}
failed = []


def check(name, ours, theirs, tolerance=1e-12):
    """Keeps the greatest difference of a name, relative where numbers are large."""
    if ours is None:
        failed.append(f"{name}: no value, expected {theirs}")
        return
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    if ours.shape != theirs.shape:
        failed.append(f"{name}: shapes {ours.shape} and {theirs.shape}")
        return
    gap = float(np.max(np.abs(ours - theirs) / np.maximum(1, np.abs(theirs)), initial=0))
    count, most, _ = worst.get(name, (0, 0.0, 0.0))
    worst[name] = (count + 1, max(most, gap), tolerance)
    if not gap <= tolerance:
        failed.append(f"{name}: {ours} is not {theirs}")


def draw_cases(generator):
    """Cases of 2 to 100,000 samples, most with heavy ties, some of few classes."""
    cases = []
    sizes = [2, 3, 5, 8, 13, 20, 40, 58] * 4 + [100, 288, 1000] * 4 + [10_000, 100_000]
    for place, n in enumerate(sizes):
        levels = [4, 11, 21, 101, 10**9][place % 5]
        prevalence = [0.5, 0.3, 0.7, 0.1][place % 4]
        labels = generator.random(n) < prevalence
        labels[0], labels[-1] = True, False
        scores = []
        for shift in (0.25, 0.1):
            raw = np.clip(generator.random(n) * 0.7 + labels * shift, 0, 1)
            scores.append(np.clip(np.round(raw * (levels - 1)) / (levels - 1), 0.02, 0.98))
        cases.append((labels, *scores))
    return cases


def placements(labels, scores):
    """Share of negatives below each positive and of positives above each negative."""
    positive, negative = np.sort(scores[labels]), np.sort(scores[~labels])

    def below(values, among):
        left, right = (np.searchsorted(among, values, side) for side in ("left", "right"))
        return (left + right) / 2 / len(among)

    return below(scores[labels], negative), 1 - below(scores[~labels], positive)


def delong(labels, first, second):
    """Areas and covariance matrix of DeLong et al., from placements."""
    parts = [placements(labels, scores) for scores in (first, second)]
    areas = [part[0].mean() for part in parts]
    covariance = sum(
        np.cov(np.stack([part[side] for part in parts])) / len(parts[0][side]) for side in (0, 1)
    )
    return areas, covariance


def logistic_fit(labels, design, offset=None):
    model = sm.GLM(labels.astype(float), design, family=sm.families.Binomial(), offset=offset)
    return model.fit(tol=1e-14, maxiter=200)


def separated(labels, scores):
    low, high = scores[labels], scores[~labels]
    return low.min() >= high.max() or low.max() <= high.min()


def icc(rows):
    n, k = rows.shape
    grand, by_row, by_rater = rows.mean(), rows.mean(1), rows.mean(0)
    between = k * ((by_row - grand) ** 2).sum() / (n - 1)
    within = ((rows - by_row[:, None]) ** 2).sum() / (n * (k - 1))
    raters = n * ((by_rater - grand) ** 2).sum() / (k - 1)
    error = ((rows - by_row[:, None] - by_rater + grand) ** 2).sum() / ((n - 1) * (k - 1))
    if error <= 1e-12 or within <= 1e-12:
        return None
    ratio, spread = between / error, f_distribution.isf(0.025, n - 1, (n - 1) * (k - 1))
    lower = (ratio / spread - 1) / (ratio / spread + k - 1)
    return (
        (between - within) / (between + (k - 1) * within),
        (between - error) / (between + (k - 1) * error + k * (raters - error) / n),
        (between - error) / (between + (k - 1) * error),
        lower,
    )


def compare_discrimination(labels, first, ours):
    z = norm.ppf(0.975)
    check("AUC / scikit-learn", ours["auc"][0], sk.roc_auc_score(labels, first))
    check("average precision / scikit-learn", ours["average_precision"][0],
          sk.average_precision_score(labels, first))
    x, y, _ = sk.roc_curve(labels, first, drop_intermediate=False)
    check("ROC points / scikit-learn", ours["roc"], np.c_[x, y])
    precision, recall, _ = sk.precision_recall_curve(labels, first)
    check("precision-recall points / scikit-learn", ours["precision_recall"],
          np.c_[recall, precision][:-1][::-1])
    check("partial AUC, McClish / scikit-learn", ours["partial"]["corrected"],
          sk.roc_auc_score(labels, first, max_fpr=0.2))
    if labels.sum() > 1 and (~labels).sum() > 1:
        areas, covariance = delong(labels, first, ours.pop("other"))
        error = covariance[0, 0] ** 0.5
        if error > 1e-9:
            check("DeLong error / numpy", ours["auc"][2], error)
            check("DeLong interval / numpy", ours["auc"][1],
                  np.clip([areas[0] - z * error, areas[0] + z * error], 0, 1))
            logit, half = np.log(areas[0] / (1 - areas[0])), z * error / areas[0] / (1 - areas[0])
            check("DeLong interval, logit / numpy", ours["auc_logit"][1],
                  expit([logit - half, logit + half]))
        check("DeLong covariance / numpy", ours["paired"]["covariance"], covariance[0, 1])
        variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
        if variance > 1e-9:
            p = 2 * norm.sf(abs(areas[0] - areas[1]) / variance**0.5)
            check("paired DeLong p / SciPy", ours["paired"]["p"], p)


def compare_calls(labels, first, second, ours):
    called = first >= 0.5
    tn, fp, fn, tp = sk.confusion_matrix(labels, called, labels=[False, True]).ravel()
    check("sensitivity, Wilson / statsmodels", ours["sensitivity"][1],
          proportion_confint(tp, tp + fn, method="wilson"))
    check("specificity, exact / statsmodels", ours["specificity_exact"][1],
          proportion_confint(tn, tn + fp, method="beta"), 1e-11)
    check("sensitivity / scikit-learn", ours["sensitivity"][0], sk.recall_score(labels, called))
    check("balanced accuracy / scikit-learn", ours["balanced"][0],
          sk.balanced_accuracy_score(labels, called))
    check("F1 / scikit-learn", ours["f1"][0], sk.f1_score(labels, called))
    if tp + fp:
        check("precision / scikit-learn", ours["precision"][0],
              sk.precision_score(labels, called))
        if tn + fn:
            check("MCC / scikit-learn", ours["matthews"][0],
                  sk.matthews_corrcoef(labels, called))
    if fp:
        check("likelihood ratio / scikit-learn", ours["ratio"][0],
              sk.class_likelihood_ratios(labels, called)[0])
    right, other = called == labels, (second >= 0.5) == labels
    b, c = int((right & ~other).sum()), int((~right & other).sum())
    table = [[0, b], [c, 0]]
    check("McNemar, exact / statsmodels", ours["mcnemar"]["exact_p"],
          mcnemar(table, exact=True).pvalue)
    if b != c:
        tested = mcnemar(table, exact=False, correction=True)
        check("McNemar, corrected / statsmodels", ours["mcnemar"]["corrected_p"], tested.pvalue)


def compare_calibration(labels, first, ours):
    logits = np.log(first / (1 - first))
    check("Brier / scikit-learn", ours["brier"][0], sk.brier_score_loss(labels, first))
    frame = pd.DataFrame({"y": labels, "p": first}).groupby("p").y.agg(["size", "mean"])
    share = frame["size"] / len(labels)
    check("Brier decomposition / numpy",
          [ours["resolution"]["reliability"], ours["resolution"]["resolution"]],
          [(share * (frame.index - frame["mean"]) ** 2).sum(),
           (share * (frame["mean"] - labels.mean()) ** 2).sum()])
    bins = np.minimum(np.searchsorted(np.arange(1, 10) / 10, first, "right"), 9)
    ece = sum(abs((first - labels)[bins == k].sum()) for k in range(10)) / len(labels)
    check("ECE / numpy", ours["ece"], ece)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(first, labels)
    check("isotonic / scikit-learn", ours["isotonic"],
          isotonic.predict([0, 0.1, 0.25, 0.5, 0.75, 0.9]), 1e-11)
    large = brentq(lambda a: (expit(a + logits) - labels).sum(), -40, 40, xtol=1e-15)
    check("calibration in the large / SciPy", ours["large"][0], large)
    if len(np.unique(first)) > 2 and len(labels) >= 40 and not separated(labels, first):
        fitted = logistic_fit(labels, sm.add_constant(logits))
        check("calibration intercept and slope / statsmodels",
              [ours["intercept"][0], ours["slope"][0]], fitted.params, 1e-11)
        # statsmodels takes them from the weights before its last step.
        check("their errors / statsmodels",
              [ours["intercept"][2], ours["slope"][2]], fitted.bse, 1e-8)


def compare_folds(labels, first, ours):
    """The pooled AUC and the mean of those of two halves."""
    half = len(labels) // 2
    folds = [(labels[:half], first[:half]), (labels[half:], first[half:])]
    areas = [sk.roc_auc_score(y, p) for y, p in folds if 0 < y.sum() < len(y)]
    if not 0 < labels.sum() < len(labels):
        return
    check("pooled AUC / scikit-learn", ours["folds"]["pooled"], sk.roc_auc_score(labels, first))
    if len(areas) > 0 and half > 0:
        check("mean AUC of the folds / scikit-learn", ours["folds"]["fold_mean"], np.mean(areas))


def compare_certain(generator):
    """Predictions of exactly 0 or 1, which val.prob leaves out of the logistic fit."""
    cases = []
    for n in (60, 200, 1000):
        first = generator.uniform(0.02, 0.98, n)
        labels = generator.uniform(size=n) < first
        certain = generator.choice(n, n // 10, replace=False)
        first[certain] = generator.integers(0, 2, n // 10)
        cases.append((labels, first))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.json"
        path.write_text(json.dumps(
            [{"labels": y.astype(float).tolist(), "first": p.tolist(), "second": p.tolist()}
             for y, p in cases]))
        answers = json.loads(subprocess.check_output([PROGRAM, "numbers", str(path)]))
    for (labels, first), ours in zip(cases, answers):
        rest = (first > 0) & (first < 1)
        logits = np.log(first[rest] / (1 - first[rest]))
        fitted = logistic_fit(labels[rest], sm.add_constant(logits))
        check("slope without 0 and 1 / statsmodels",
              [ours["intercept"][0], ours["slope"][0]], fitted.params, 1e-11)
        large = brentq(lambda a: (expit(a + logits) - labels[rest]).sum(), -40, 40, xtol=1e-15)
        check("in the large without 0 and 1 / SciPy", ours["large"][0], large)


def compare_utility(labels, first, ours):
    from dcurves import dca

    frame = pd.DataFrame({"y": labels.astype(int), "p": first})
    table = dca(data=frame, outcome="y", modelnames=["p"], thresholds=[0.1, 0.25, 0.5, 0.75, 0.9])
    # dcurves calls positive only what is above the threshold: leave ties with it out.
    ours = {round(point["threshold"], 9): point for point in ours["decision"]}
    for _, row in table.iterrows():
        point = ours.get(round(row.threshold, 9))
        if point is None or np.isclose(first, row.threshold).any():
            continue
        if row.model == "p":
            check("net benefit / dcurves", point["net_benefit"]["estimate"], row.net_benefit)
        if row.model == "all":
            check("net benefit of treating all / dcurves", point["treat_all"], row.net_benefit)


def compare_agreement(first, second, ours):
    table = np.zeros((4, 4))
    edges = [0.25, 0.5, 0.75]
    np.add.at(table, (np.searchsorted(edges, first, "right"),
                      np.searchsorted(edges, second, "right")), 1)
    for weights, mine in zip((None, "linear", "quadratic"), ours["kappa"]):
        theirs = cohens_kappa(table, wt=weights)
        if mine is not None and abs(theirs.kappa) < 1 - 1e-9 and theirs.std_kappa > 1e-5:
            check("kappa / statsmodels", mine[0], theirs.kappa)
            check("its error / statsmodels", mine[2], theirs.std_kappa, 1e-9)
    expected = icc(np.c_[first, second])
    if expected is not None:
        check("ICC / numpy", [mine[0] for mine in ours["icc"]], expected[:3], 1e-11)
        check("ICC interval / SciPy", ours["icc"][2][1][0], expected[3], 1e-9)


def compare_torchmetrics(labels, first, ours):
    """torchmetrics counts in single precision."""
    target, scores = torch.tensor(labels).long(), torch.tensor(first)
    called = scores >= 0.5
    for name, mine, theirs in [
        ("AUC", ours["auc"], tm.binary_auroc(scores, target)),
        ("average precision", ours["average_precision"],
         tm.binary_average_precision(scores, target)),
        ("F1", ours["f1"], tm.binary_f1_score(called.long(), target)),
        ("balanced accuracy", ours["balanced"],
         tm.accuracy(called.long(), target, task="multiclass", num_classes=2, average="macro")),
        ("partial AUC, McClish", [ours["partial"]["corrected"]],
         tm.binary_auroc(scores, target, max_fpr=0.2)),
    ]:
        check(f"{name} / torchmetrics", mine[0], theirs.item(), 1e-6)
    # On an edge its bins depend on rounding: leave ties with edges out.
    if not np.isclose(first[:, None], np.arange(11) / 10).any():
        theirs = tm.binary_calibration_error(scores, target, n_bins=10, norm="l1")
        check("ECE / torchmetrics", ours["ece"], theirs.item(), 1e-6)


def compare_numbers():
    cases = draw_cases(np.random.default_rng(20240917))
    names = ("labels", "first", "second")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.json"
        path.write_text(json.dumps(
            [{n: np.asarray(v, float).tolist() for n, v in zip(names, case)} for case in cases]))
        answers = json.loads(subprocess.check_output([PROGRAM, "numbers", str(path)]))
    for (labels, first, second), ours in zip(cases, answers):
        ours["other"] = second
        compare_discrimination(labels, first, ours)
        compare_calls(labels, first, second, ours)
        compare_calibration(labels, first, ours)
        compare_folds(labels, first, ours)
        compare_utility(labels, first, ours)
        compare_agreement(first, second, ours)
        if tm is not None:
            compare_torchmetrics(labels, first, ours)
    compare_certain(np.random.default_rng(27))
    return cases, answers


def compare_r(rscript, here, cases, answers):
    """pROC and R's loess on the middling cases."""
    chosen = [k for k, (labels, first, _) in enumerate(cases)
              if 40 <= len(labels) <= 1000 and not separated(labels, first)]
    with tempfile.TemporaryDirectory() as folder:
        for k in chosen:
            labels, first, second = cases[k]
            table = pd.DataFrame({"y": labels.astype(int), "a": first, "b": second})
            table.to_csv(Path(folder) / f"{k}.csv", index=False, float_format="%.17g")
        output = subprocess.check_output([rscript, str(here / "compare.R"), folder], text=True)
    for line in output.splitlines():
        k, name, *numbers = line.split()
        numbers, ours = [float(number) for number in numbers], answers[int(k)]
        if name == "ci":
            check("DeLong interval / pROC", ours["auc"][1], numbers)
        elif name == "partial":
            check("partial AUC / pROC", [ours["partial"]["area"], ours["partial"]["corrected"],
                  ours["partial_sensitivity"]["area"]], numbers)
        elif name == "paired":
            paired = ours["paired"]
            check("paired DeLong z, p / pROC", [paired["z"], paired["p"]], numbers, 1e-11)
        elif name == "unpaired":
            unpaired = ours["unpaired"]
            check("unpaired DeLong t, df, p / pROC",
                  [unpaired["t"], unpaired["freedom"], unpaired["p"]], numbers, 1e-11)
        elif name in ("lowess", "loess"):
            check(f"{name} / R", ours[name], numbers, 1e-9)


def least(task, repeats):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return min(times)


def ours_takes(task, labels, scores, folder, repeats):
    paths = [folder / "scores", folder / "labels"]
    scores.astype("<f8").tofile(paths[0])
    labels.astype("u1").tofile(paths[1])
    command = [PROGRAM, "time", task, *map(str, paths), str(repeats)]
    return float(subprocess.check_output(command))


def sorted_once(labels, scores, resamples, generator):
    """The usual numpy bootstrap of an AUC, but with the sort taken out of it."""
    distinct, rank = np.unique(scores, return_inverse=True)
    positive, negative = rank[labels], rank[~labels]
    areas = np.empty(resamples)
    for k in range(resamples):
        drawn = [np.bincount(part[generator.integers(0, len(part), len(part))],
                             minlength=len(distinct)) for part in (positive, negative)]
        below = np.cumsum(drawn[1]) - 0.5 * drawn[1]
        areas[k] = drawn[0] @ below / len(positive) / len(negative)
    return np.percentile(areas, [2.5, 97.5])


def usual_loop(labels, scores, resamples, generator):
    parts = np.flatnonzero(labels), np.flatnonzero(~labels)
    for _ in range(resamples):
        chosen = np.concatenate([generator.choice(part, len(part)) for part in parts])
        sk.roc_auc_score(labels[chosen], scores[chosen])


def compare_times(rscript, here):
    generator = np.random.default_rng(1)
    print("\nAUC with DeLong interval, seconds (best of several; scikit-learn gives the AUC alone)")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for n in [10**k for k in range(3, 8)]:
            labels = generator.random(n) < 0.4
            scores = generator.random(n) * 0.5 + labels * 0.2
            mine = ours_takes("auc_delong", labels, scores, folder, 15 if n < 10**7 else 5)
            theirs = least(lambda: sk.roc_auc_score(labels, scores), 5 if n < 10**7 else 1)
            line = f"  n = {n:>9,}: foramen {mine:.3g}, scikit-learn {theirs:.3g} ({theirs / mine:.0f}×)"
            if rscript and n <= 10**6:
                script = [rscript, str(here / "time.R"), str(folder), str(n)]
                r = float(subprocess.check_output(script, text=True).split()[-1])
                line += f", pROC ci.auc {r:.3g} ({r / mine:.0f}×)"
            print(line, flush=True)
        print("2,000 stratified bootstrap AUCs at n = 10,000, seconds")
        labels = generator.random(10_000) < 0.4
        scores = generator.random(10_000) * 0.5 + labels * 0.2
        mine = ours_takes("bootstrap_auc", labels, scores, folder, 9)
        once = least(lambda: sorted_once(labels, scores, 2000, generator), 3)
        loop = 20 * least(lambda: usual_loop(labels, scores, 100, generator), 3)
        print(f"  foramen {mine:.3g}, numpy sorted once {once:.3g} ({once / mine:.1f}×), "
              f"scikit-learn loop {loop:.3g} ({loop / mine:.0f}×, from 100 resamples)")


def main():
    rscript = sys.argv[2] if len(sys.argv) > 2 else None
    here = Path(__file__).parent
    cases, answers = compare_numbers()
    if rscript:
        compare_r(rscript, here, cases, answers)
    print(f"{'number / peer':<50} {'cases':>6} {'worst':>9} {'allowed':>9}")
    for name, (count, most, tolerance) in worst.items():
        print(f"{name:<50} {count:>6} {most:>9.1e} {tolerance:>9.0e}")
    if failed:
        print(f"\n{len(failed)} disagreements:")
        print("\n".join(failed[:20]))
        sys.exit(1)
    print("all agree")
    compare_times(rscript, here)


main()
