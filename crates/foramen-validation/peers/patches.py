"""Widths, patches and augmentation beside SciPy and MONAI, for `cargo xtask peers`.

`patches.py serve TASK INPUT` is a side; else the sides take turns.
"""

import shutil
import statistics
import sys
from importlib.metadata import version

import turns

# A width of the port that is further than this from ours counts as another one, millimetres.
NEAR = 0.01


def measured(cohort):
    from job import axial_stacks, scan
    from widths import measure

    stacks = [stack for stacks in axial_stacks(scan(cohort)).values() for stack in stacks]

    def widths():
        answer = []
        for slices, star in stacks:
            for one, sides in zip(slices, measure(slices, star)):
                for side, found in sides.items():
                    if found is not None:
                        answer.append([one.uid, side, float(found[0])])
        return answer

    return version("scipy"), widths


def cut(cohort):
    """Two patches of 100 × 100 pixels of 0.5 mm around the middle of each slice."""
    from job import axial_stacks, patch, scan, window

    stacks = [stack for stacks in axial_stacks(scan(cohort)).values() for stack in stacks]

    def patches():
        count = 0
        for slices, _ in stacks:
            low, high = window(slices)
            for one in slices:
                rows, columns = one.pixels.shape
                centre = one.point((rows - 1) / 2, (columns - 1) / 2)
                for side in ("left", "right"):
                    count += patch(one, centre, side, low, high).size
        return count

    return version("scipy"), patches


def augmented(file):
    """The same variations by MONAI's transforms, one image after another, as its datasets do."""
    import numpy as np
    import torch
    from monai.transforms import (
        CenterSpatialCrop,
        Compose,
        RandAdjustContrast,
        RandAffine,
        RandBiasField,
        RandGaussianNoise,
        RandShiftIntensity,
    )

    images = torch.from_numpy(np.fromfile(file, "<f4").reshape(-1, 1, 100, 100))
    angle = np.radians(10.0)
    vary = Compose(
        [
            RandAffine(
                prob=1,
                rotate_range=angle,
                translate_range=(4, 4),
                scale_range=(0.03, 0.03),
                padding_mode="border",
            ),
            CenterSpatialCrop(64),
            RandAdjustContrast(prob=1, gamma=(0.78, 1.28)),
            RandBiasField(prob=1, degree=1, coeff_range=(-0.25, 0.25)),
            RandShiftIntensity(prob=1, offsets=0.05),
            RandGaussianNoise(prob=0.5, std=0.05),
        ]
    )
    vary.set_random_state(1)
    # MONAI's own threads are those of the loader; PyTorch's are set by the environment.
    return version("monai"), lambda: float(torch.stack([vary(one) for one in images]).mean())


TASKS = {"measure": measured, "patches": cut, "augment": augmented}


def check(ours, theirs):
    """Holds the widths of both sides against each other; gives a sentence."""
    of_ours = {(uid, side): width for uid, side, width in ours}
    of_theirs = {(uid, side): width for uid, side, width in theirs}
    both = of_ours.keys() & of_theirs.keys()
    apart = sorted(abs(of_ours[key] - of_theirs[key]) for key in both)
    near = sum(gap <= NEAR for gap in apart)
    said = (
        f"Of {len(of_ours)} sides of slices where foramen finds both walls, the port finds them in "
        f"{len(both)}; {near} widths are within {NEAR} mm of each other (median difference "
        f"{statistics.median(apart):.1e} mm, largest {apart[-1]:.2f} mm)."
    )
    print(f"  {said}")
    # The port does not refuse what lies above the foramina or near the edge of the image.
    if len(both) < 0.98 * len(of_ours) or near < 0.95 * len(both):
        sys.exit("the port does not measure what foramen measures")
    return said


def main():
    from array import array
    import random

    chosen = turns.settings()
    cohort, ours = chosen.cohort / "dicom", chosen.programs / "peer_stages"

    def sides(name, task, of):
        command = [sys.executable, __file__, "serve", task, of]
        return [turns.Served("foramen", "", [ours, task, of]), turns.Served(name, "", command)]

    subjects = 2 if chosen.quick else 4
    few = chosen.work / f"first-{subjects}"
    few.mkdir(parents=True, exist_ok=True)
    for folder in sorted(cohort.iterdir())[:subjects]:
        if not (few / folder.name).exists():
            shutil.copytree(folder, few / folder.name)
    work = f"axial slices of {subjects} subjects"
    pair = sides("NumPy and SciPy", "measure", few)
    rows = [turns.compare("foramen measurement, one thread", work, pair, chosen, rounds=5)]
    notes = [check(pair[0].answer, pair[1].answer)]
    pair = sides("NumPy and SciPy", "patches", few)
    rows.append(turns.compare("patches of 100 × 100 pixels", work, pair, chosen))
    draw = random.Random(1)
    images = chosen.work / "images"
    images.write_bytes(array("f", (draw.random() for _ in range(256 * 100 * 100))).tobytes())
    pair = sides("MONAI", "augment", images)
    rows.append(turns.compare("augmentation", "256 images of 100 × 100 pixels", pair, chosen))
    notes += [
        "The measurement in Python covers the canal, the cheapest wall or the shortest chord, "
        "both walls and the least distance between them. Ours does all of this, and also judges "
        "slices together, looks for the upper limit and measures nerve roots.",
        "Augmentation is rotation, shift, scale, crop, gamma, bias field, offset and noise. Ours "
        "works on a batch; MONAI's transforms take one image after another, as its datasets do.",
    ]
    turns.write(chosen, "stages", rows, notes)


if sys.argv[1:2] == ["serve"]:
    turns.serve(*TASKS[sys.argv[2]](sys.argv[3]))
else:
    main()
