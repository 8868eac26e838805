"""`foramen study` beside `job.py`, a Python script of the same stages, for `cargo xtask peers`."""

import csv
import json
import shutil
import sys
import time
from pathlib import Path

import turns


class Foramen(turns.Once):
    """A study; its stages tell their own seconds."""

    laps = []

    def turn(self):
        shutil.rmtree(self.out, ignore_errors=True)
        seconds = super().turn()
        told = dict(json.loads((self.out / "stages.json").read_text())["timing_s"])
        told.pop("cohort", None)
        # Reading the patches again belongs to the training.
        stages = {"scan": told["scan"], "select": told["select"]}
        stages["train"] = told["patches"] + told["train"]
        stages["start and report"] = seconds - sum(stages.values())
        self.laps = [*self.laps, stages]
        return seconds


class Python(turns.Once):
    laps = []

    def turn(self):
        shutil.rmtree(self.out, ignore_errors=True)
        seconds = super().turn()
        told = json.loads((self.out / "stages.json").read_text())
        self.told, stages = told, told["stages"]
        stages = {name: stages[name] for name in ("scan", "select", "train")}
        stages["start and report"] = seconds - sum(stages.values())
        self.laps = [*self.laps, stages]
        return seconds


def write_levels(cohort, path):
    """Disc positions of a drawn cohort as both sides read them."""
    truth = json.loads((cohort / "truth.json").read_text())
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["subject_id", "level", "x_mm", "y_mm", "z_mm"])
        for subject in truth["subjects"]:
            for disc in subject["discs"]:
                table.writerow([subject["subject_id"], disc["level"], *disc["centre"]])


def main():
    chosen = turns.settings(epochs=int, **{"job-rounds": int})
    cohort, work, here = chosen.cohort, chosen.work, Path(__file__).parent
    levels, outcomes = work / "levels.csv", cohort / "outcomes.csv"
    write_levels(cohort, levels)
    program, epochs = chosen.programs.parent / "foramen", chosen.epochs
    outs = [work / "foramen", work / "python"]
    command = [program, "study", "--dicom", cohort / "dicom", "--outcomes", outcomes]
    command += ["--levels", levels, "--out", outs[0], "--epochs", epochs, "--device", "cpu"]
    ours = Foramen("foramen", "", [*command, "--threads", chosen.threads])
    command = [sys.executable, here / "job.py", cohort / "dicom", levels, outcomes, outs[1]]
    theirs = Python("Python script", "", [*command, epochs, chosen.threads])
    ours.out, theirs.out = outs
    started, rounds, turned = time.perf_counter(), chosen.job_rounds, False
    for _ in range(rounds):
        sides = [theirs, ours] if turned else [ours, theirs]
        for side in sides:
            side.seconds.append(side.turn())
            print(f"  {side.name}: {side.seconds[-1]:.1f} s {side.laps[-1]}", flush=True)
        turned = not turned
    print(f"  {time.perf_counter() - started:.0f} s in all")
    subjects = sum(1 for folder in (cohort / "dicom").iterdir() if folder.is_dir())
    row = {
        "what": "from folder to report",
        "work": f"{subjects} subjects, 5 folds, {epochs} epochs",
        "bar": 3.0,
        "sides": [ours.record(), theirs.record()],
    }
    stages = [
        {
            "name": name,
            "foramen": [lap[name] for lap in ours.laps],
            "python": [lap[name] for lap in theirs.laps],
        }
        for name in ours.laps[0]
    ]
    with open(outs[0] / "predictions.csv", newline="") as file:
        predicted = sum(1 for _ in csv.DictReader(file))
    notes = [
        f"The script (`job.py`, {lines(here)} lines with its parts) uses pydicom, NumPy and SciPy "
        "in one process per thread, pandas, PyTorch, scikit-learn and matplotlib. Disc positions "
        "are given to both sides.",
        f"Foramen predicted {predicted} episodes out of fold and the script "
        f"{theirs.told['labelled']}: what they refuse differs.",
        "Foramen does more in each stage: it groups and judges series by evidence, reads the "
        "heights of foramina from the sagittal series, judges slices together, measures roots, "
        "draws each decision, checks folds for leaks, trains the baseline by width, and reports "
        "by the items of TRIPOD+AI.",
        "Peak memory of the script is that of its largest process.",
    ]
    turns.write(chosen, "job", [row], notes, stages=stages)


def lines(folder):
    files = [folder / name for name in ("job.py", "widths.py", "network.py")]
    return sum(len(file.read_text().splitlines()) for file in files)


main()
