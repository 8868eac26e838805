"""The whole job of `foramen study` as a plain Python script: from a DICOM folder, disc positions
and a table of injections to a trained network and a report.

Usage: job.py DICOM LEVELS OUTCOMES OUT EPOCHS THREADS

pydicom reads the headers and axial T2 series; `widths.py` measures both foramina of each slice,
one subject per process; pandas labels the table; PyTorch trains the network of `network.py` in
five folds; scikit-learn evaluates; matplotlib and a template make the page. Writes `stages.json`
with the seconds of each stage.
"""

import sys
import time

STARTED = time.perf_counter()

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from widths import SIDES, Slice, measure
from scipy.ndimage import map_coordinates

# From how far below to how far above its disc a foramen is looked for, millimetres.
REACH = (-5.0, 7.0)
# A side with a weaker edge than this is closed, and one that is no wider is not resolved (T2*).
LEAST_EDGE, RESOLVED = 0.3, 1.0
PIXELS, MM = 100, 0.5


def scan(folder):
    """The headers of every image below a folder, by subject."""
    import pydicom

    subjects = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file():
            try:
                header = pydicom.dcmread(path, stop_before_pixels=True)
            except pydicom.errors.InvalidDicomError:
                continue
            header.filename = str(path)
            subjects.setdefault(str(header.PatientID), []).append(header)
    return subjects


def is_axial_t2(header):
    turned = np.array(header.ImageOrientationPatient, float)
    is_axial = abs(np.cross(turned[:3], turned[3:])[2]) > 0.7
    words = str(header.get("SeriesDescription", "")).lower()
    is_scout = "local" in words or "scout" in words
    star = "GR" in header.ScanningSequence
    heavy = float(header.EchoTime) > (9.0 if star else 60.0)
    return is_axial and heavy and not is_scout


def axial_stacks(subjects):
    """The axial T2 stacks of each subject with their pixels, and whether they are T2*."""
    found = {}
    for subject, headers in subjects.items():
        groups = {}
        for header in filter(is_axial_t2, headers):
            turned = tuple(round(float(value), 2) for value in header.ImageOrientationPatient)
            groups.setdefault((header.SeriesInstanceUID, turned), []).append(header)
        found[subject] = [load(group) for group in groups.values()]
    return found


def load(headers):
    import pydicom
    from pydicom.pixels import apply_rescale

    slices = []
    for header in headers:
        dataset = pydicom.dcmread(header.filename)
        turned = np.array(dataset.ImageOrientationPatient, float)
        one = Slice(
            pixels=apply_rescale(dataset.pixel_array, dataset).astype(np.float32),
            origin=np.array(dataset.ImagePositionPatient, float),
            along_row=turned[:3] / np.linalg.norm(turned[:3]),
            along_column=turned[3:] / np.linalg.norm(turned[3:]),
            spacing=tuple(map(float, dataset.PixelSpacing)),
            uid=str(dataset.SOPInstanceUID),
        )
        slices.append(one)
    normal = slices[0].normal
    slices.sort(key=lambda one: float(one.origin @ normal))
    return slices, "GR" in headers[0].ScanningSequence


def window(slices):
    """The intensities that become 0 and 1."""
    return np.quantile(np.concatenate([one.pixels.ravel() for one in slices]), (0.01, 0.99))


def patch(one, centre, side, low, high):
    """A square around a place, front up, the foramen at image left."""
    normal = one.normal
    towards = np.array([-SIDES[side], 0.0, 0.0])
    along_row = towards - normal * (towards @ normal)
    along_row /= np.linalg.norm(along_row)
    back = np.cross(normal, along_row)
    back = -back if back[1] < 0 else back
    centre = centre - normal * ((centre - one.origin) @ normal)
    mm = (np.arange(PIXELS) - (PIXELS - 1) / 2) * MM
    points = centre + mm[:, None, None] * back + mm[None, :, None] * along_row - one.origin
    at = [points @ one.along_column / one.spacing[0], points @ one.along_row / one.spacing[1]]
    values = map_coordinates(one.pixels, at, order=1, cval=low)
    return ((values - low) / (high - low)).astype(np.float32)


def select(task):
    """The narrowest slice of each level and side of a subject: patch, width, picture."""
    subject, headers, discs = task
    stacks = axial_stacks({subject: headers})[subject]
    seen, chosen = [], []
    for slices, star in stacks:
        low, high = window(slices)
        for one, sides in zip(slices, measure(slices, star)):
            for side, found in sides.items():
                if found is None or found[1] < LEAST_EDGE or (star and found[0] <= RESOLVED):
                    continue
                seen.append((found[0], side, one, found, low, high))
    for level, disc in discs.items():
        for side in SIDES:
            near = []
            for candidate in seen:
                one = candidate[2]
                height = (one.origin - disc) @ one.normal
                if candidate[1] == side and REACH[0] <= height <= REACH[1]:
                    near.append(candidate)
            if not near:
                continue
            width, _, one, _, low, high = min(near, key=lambda candidate: candidate[0])
            outward = np.array([SIDES[side] * 12.0, -5.5, 0.0])
            cut = patch(one, disc + outward, side, low, high)
            chosen.append((subject, level, side, float(width), cut, one.uid))
    return chosen


def read_levels(path):
    import pandas as pd

    discs = {}
    for row in pd.read_csv(path, dtype={"subject_id": str}).itertuples():
        discs.setdefault(row.subject_id, {})[row.level] = np.array([row.x_mm, row.y_mm, row.z_mm])
    return discs


def read_labels(path):
    """Who lost at least half of the pain after two months, by (subject, level, side)."""
    import pandas as pd

    table = pd.read_csv(path, dtype={"subject_id": str})
    for name in ("injection_date", "followup_date"):
        table[name] = pd.to_datetime(table[name])
    day = (table.followup_date - table.injection_date).dt.days
    known = table.nrs_baseline.between(1, 10) & table.nrs_followup.between(0, 10)
    table = table[day.between(46, 74) & known & table.event.isna()]
    half = 2 * (table.nrs_baseline - table.nrs_followup) >= table.nrs_baseline
    return dict(zip(zip(table.subject_id, table.level, table.side), half.astype(float)))


def write_pictures(out, chosen):
    import matplotlib.image

    out.mkdir(parents=True, exist_ok=True)
    for subject, level, side, _, cut, _ in chosen:
        name = f"{subject}-{level.replace('/', '')}-{side}.png"
        matplotlib.image.imsave(out / name, cut, cmap="gray", vmin=0, vmax=1)


def evaluate(labels, scores, widths):
    """Numbers of a report with 95 % bootstrap intervals."""
    from sklearn.calibration import calibration_curve
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score, roc_curve

    draw = np.random.default_rng(1)
    logits = np.log(scores / (1 - scores))[:, None]
    fitted = LogisticRegression(C=np.inf).fit(logits, labels)

    def interval(number):
        values = []
        while len(values) < 2000:
            pick = draw.integers(0, len(labels), len(labels))
            if 0 < labels[pick].sum() < len(labels):
                values.append(number(labels[pick], scores[pick]))
        return [float(number(labels, scores)), *map(float, np.percentile(values, [2.5, 97.5]))]

    thresholds = np.arange(0.05, 0.95, 0.05)
    benefit = [
        ((scores >= t) & (labels == 1)).mean()
        - ((scores >= t) & (labels == 0)).mean() * t / (1 - t)
        for t in thresholds
    ]
    return {
        "auc": interval(roc_auc_score),
        "average_precision": interval(average_precision_score),
        "brier": interval(brier_score_loss),
        "calibration_slope": float(fitted.coef_[0, 0]),
        "auc_of_the_width": float(roc_auc_score(labels, widths)),
        "curves": {
            "ROC": roc_curve(labels, scores)[:2],
            "calibration": calibration_curve(labels, scores, n_bins=5, strategy="quantile")[::-1],
            "net benefit": (thresholds, benefit),
        },
    }


def write_report(out, numbers, predictions):
    import base64
    import html
    import io

    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    pictures = []
    for name, (x, y) in numbers.pop("curves").items():
        figure, axes = plt.subplots(figsize=(4, 4))
        axes.plot(x, y)
        axes.set_title(name)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg")
        plt.close(figure)
        data = base64.b64encode(buffer.getvalue()).decode()
        pictures.append(f'<img src="data:image/svg+xml;base64,{data}" alt="{name}">')
    cells = lambda row: "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row)
    rows = "".join(f"<tr>{cells(item)}</tr>" for item in numbers.items())
    people = "".join(f"<tr>{cells(row)}</tr>" for row in predictions)
    page = f"<!doctype html><meta charset=utf-8><title>Report</title><h1>Report</h1><table>{rows}"
    page += f"</table>{''.join(pictures)}<h2>Predictions</h2><table>{people}</table>"
    (out / "report.html").write_text(page)
    (out / "report.json").write_text(json.dumps(numbers))


def main(dicom, levels, outcomes, out, epochs, threads):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    stages, last = {}, STARTED

    def lap(name):
        nonlocal last
        now = time.perf_counter()
        stages[name], last = now - last, now

    lap("start")
    subjects = scan(dicom)
    lap("scan")
    discs, labels = read_levels(levels), read_labels(outcomes)
    tasks = [(name, subjects[name], discs[name]) for name in sorted(subjects) if name in discs]
    with ProcessPoolExecutor(int(threads)) as pool:
        chosen = [one for many in pool.map(select, tasks) for one in many]
    write_pictures(out / "pictures", chosen)
    lap("select")
    from network import cross_validated

    rows = [
        (subject, width, cut, labels.get((subject, level, side)))
        for subject, level, side, width, cut, _ in chosen
    ]
    predicted = cross_validated(rows, int(epochs), int(threads))
    lap("train")
    truth, scores, widths = (np.array(column) for column in zip(*[p[1:] for p in predicted]))
    write_report(out, evaluate(truth, scores, widths), predicted)
    lap("report")
    told = {"stages": stages, "labelled": len(predicted), "patches": len(rows)}
    (out / "stages.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
