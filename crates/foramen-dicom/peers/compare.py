"""Compares foramen-dicom with dcm2niix and pydicom. Run by `cargo xtask peers-test`.

usage: compare.py PROGRAM DATA WORK

PROGRAM is our side, DATA the folder of real test data (skipped where absent),
WORK a folder for what is written, kept between runs.
"""

import json
import subprocess
import sys
import time
import warnings
from pathlib import Path

import dcm2niix
import numpy as np
import pydicom
from pydicom.pixels import apply_rescale

warnings.filterwarnings("ignore")
PROGRAM, DATA, WORK = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
failed = []


def ours(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, check=True)
    return done.stdout


def emptied(name):
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    return folder


def read_nifti(path):
    """Voxels [column, row, slice, time], scaled, and the sform."""
    raw = path.read_bytes()
    shape = np.frombuffer(raw, "<i2", 8, 40)
    kind = {2: "u1", 4: "<i2", 8: "<i4", 16: "<f4", 512: "<u2"}[int(np.frombuffer(raw, "<i2", 1, 70)[0])]
    begin, slope, intercept = np.frombuffer(raw, "<f4", 3, 108)
    size = tuple(int(n) for n in shape[1 : 1 + shape[0]])
    voxels = np.frombuffer(raw, kind, int(np.prod(size)), int(begin))
    voxels = voxels.reshape(size + (1,) * (4 - len(size)), order="F").astype(float)
    affine = np.vstack([np.frombuffer(raw, "<f4", 12, 280).reshape(3, 4), [0, 0, 0, 1]])
    slope = slope if slope != 0 else 1.0
    return voxels * slope + intercept, affine.astype(float)


def same_grid(ours, theirs, volume, affine):
    """Our volume in the order of their axes, and how far the grids are apart in
    millimetres; None when no turn and flip of the axes makes them one."""
    turn = np.linalg.inv(theirs) @ affine
    axes = np.round(turn[:3, :3])
    if not np.all(np.abs(axes).sum(axis=0) == 1) or not np.all(np.abs(axes).sum(axis=1) == 1):
        return None
    order = [int(np.argmax(np.abs(axes[axis]))) for axis in range(3)]
    turned = np.transpose(ours, order)
    flips = [axis for axis in range(3) if axes[axis, order[axis]] < 0]
    turned = np.flip(turned, flips)
    if turned.shape != volume.shape[:3]:
        return None
    corners = np.array([[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)], float)
    corners[:, :3] *= np.array(ours.shape) - 1
    exact = np.zeros_like(corners)
    exact[:, 3] = 1
    for axis in range(3):
        along = corners[:, order[axis]]
        exact[:, axis] = along if axis not in flips else volume.shape[axis] - 1 - along
    gap = np.linalg.norm((affine @ corners.T - theirs @ exact.T)[:3], axis=0).max()
    return turned, float(gap)


def compare_with_dcm2niix(name, folder):
    """Each of our stacks must be one of their volumes: voxels equal, grid within
    1e-3 mm, or nearer to the headers than theirs."""
    out, raw = emptied("nifti"), emptied("stacks")
    subprocess.run(
        [dcm2niix.bin, "-p", "n", "-z", "n", "-b", "y", "-ba", "n", "-d", "9", "-f", "%j", "-o", str(out), str(folder)],
        capture_output=True,
    )
    theirs = {}
    for sidecar in out.glob("*.json"):
        series = json.loads(sidecar.read_text()).get("SeriesInstanceUID")
        image = sidecar.with_suffix(".nii")
        if image.exists():
            theirs.setdefault(series, []).append((image.name, *read_nifti(image)))
    counts = dict(stacks=0, equal=0, worst_mm=0.0)
    drifts = []
    for line in ours("stacks", folder, raw).decode().splitlines():
        index, series, rest = line.split("\t", 2)
        counts["stacks"] += 1
        if rest.startswith("not loaded"):
            failed.append(f"{name}: stack {index} {rest}")
            continue
        shape, affine, deviation, remarks = rest.split("\t")
        slices, rows, columns = map(int, shape.split())
        volume = np.fromfile(raw / f"{index}.f32", "<f4").reshape(slices, rows, columns)
        volume = np.transpose(volume, (2, 1, 0)).astype(float)
        grid = np.vstack([np.array(affine.split(), float).reshape(3, 4), [0, 0, 0, 1]])
        best = None
        for image, voxels, sform in theirs.get(series, []):
            fitted = same_grid(volume, sform, voxels, grid)
            if fitted is None or fitted[1] > 1e-2:
                continue
            gaps = [np.abs(fitted[0] - voxels[..., t]).max() for t in range(voxels.shape[3])]
            best = min(best or (np.inf, 0), (min(gaps), fitted[1]))
        scale = 1e-4 * (1 + np.abs(volume).max())
        if best is not None and best[0] <= scale and best[1] <= 1e-3:
            counts["equal"] += 1
            counts["worst_mm"] = max(counts["worst_mm"], best[1])
            continue
        if best is not None and best[0] <= scale and float(deviation) <= 1e-3:
            drifts.append((best[1], float(deviation)))
            continue
        detail = "no volume of theirs lies on its grid" if best is None else f"voxels differ by {best[0]}"
        failed.append(f"{name}: stack {index} of {series}: {detail} ({remarks})")
    print(f"dcm2niix, {name}: {counts['equal']} of {counts['stacks']} stacks equal, grids within {counts['worst_mm']:.1e} mm")
    if drifts:
        print(
            f"    {len(drifts)} × voxels equal, grids up to {max(d[0] for d in drifts):.4f} mm apart: theirs steps by the"
            f" nominal spacing along a rounded normal, ours is within {max(d[1] for d in drifts):.1e} mm of every header"
        )


# What pydicom reads and we do not, by what is in our reason.
OTHERS = {"no decoder here": "lossy JPEG of 12 bits"}


def compare_with_pydicom():
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    files = sorted(str(f) for f in folder.rglob("*") if f.is_file() and f.suffix not in (".py", ".json", ".gz", ".zip"))
    raw = ours("pictures", *files)
    read, refused, at = {}, {}, 0
    while at < len(raw):
        end = raw.index(b"\n", at)
        file, frame, what = raw[at:end].decode().split("\t", 2)
        at = end + 1
        if what.startswith("!"):
            if frame == "1":
                refused[file] = what[1:]
            continue
        rows, columns, samples = map(int, what.split())
        pixels = np.frombuffer(raw, "<f4", rows * columns * samples, at).reshape(rows, columns, samples)
        at += rows * columns * samples * 4
        read.setdefault(file, []).append(pixels)
    equal, both_refuse, only_ours, reasons, different = 0, 0, [], {}, []
    for file in files:
        short = Path(file).name
        try:
            dataset = pydicom.dcmread(file, force=False)
            theirs = dataset.pixel_array
        except Exception:
            theirs = None
        if theirs is None:
            both_refuse += file in refused
            if file in read:
                only_ours.append(short)
            continue
        if file in refused:
            why = next((why for sign, why in OTHERS.items() if sign in refused[file]), None)
            if why is None:
                failed.append(f"pydicom reads {short}; ours: {refused[file]}")
            reasons.setdefault(why or refused[file], []).append(short)
            continue
        samples = dataset.SamplesPerPixel
        frames = theirs.reshape(-1, dataset.Rows, dataset.Columns, samples)
        if dataset.PhotometricInterpretation == "MONOCHROME1":
            stored = dataset.BitsStored
            frames = (-1 if dataset.PixelRepresentation else 2**stored - 1) - frames.astype(np.int64)
        frames = apply_rescale(frames, dataset)
        mine = np.stack(read[file])
        lossy = dataset.file_meta.TransferSyntaxUID in ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.91")
        # Inverse transforms of JPEG round differently, and so does its colour.
        near = 1e-4 * (1 + np.abs(frames).astype(float).max())
        if lossy:
            near = 2 if samples == 1 else 3
        if mine.shape == frames.shape and np.abs(mine - frames).max() <= near:
            equal += 1
        else:
            gap = np.abs(mine - frames).max() if mine.shape == frames.shape else "shape"
            different.append(f"{short} ({gap})")
    print(f"pydicom, {len(files)} of its test files: {equal} pictures equal, {both_refuse} refused by both, {len(only_ours)} read by ours alone")
    for why, names in sorted(reasons.items()):
        print(f"    {len(names)} refused: {why}: {', '.join(names)}")
    if only_ours:
        print(f"    read by ours alone: {', '.join(only_ours)}")
    failed.extend(f"pydicom: {name} has other pixels" for name in different)


def least(run, times=5):
    """The shortest of several runs: others may use the machine."""
    best = np.inf
    for _ in range(times):
        begin = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - begin)
    return best


def pydicom_headers(files):
    for file in files:
        pydicom.dcmread(file, stop_before_pixels=True)


def pydicom_volumes(files):
    series = {}
    for file in files:
        dataset = pydicom.dcmread(file)
        turned = tuple(round(float(v), 2) for v in dataset.ImageOrientationPatient)
        key = (dataset.SeriesInstanceUID, turned)
        series.setdefault(key, []).append(dataset)
    for slices in series.values():
        normal = np.cross(*np.array(slices[0].ImageOrientationPatient, float).reshape(2, 3))
        slices.sort(key=lambda s: float(np.dot(normal, np.array(s.ImagePositionPatient, float))))
        np.stack([s.pixel_array.astype(np.float32) for s in slices])


def side_by_side(cohort):
    files = sorted(str(file) for file in cohort.rglob("*.dcm"))
    files = files or sorted(str(file) for file in cohort.rglob("*") if file.is_file())
    tool = [dcm2niix.bin, "-d", "9", "-b", "n", "-z", "n", "-w", "1"]
    out = emptied("speed")
    run = lambda *command: subprocess.run(command, capture_output=True)
    scan = [
        least(lambda: ours("scan", cohort)),
        least(lambda: pydicom_headers(files), 3),
        least(lambda: run(*tool, "-q", "y", "-o", str(out), str(cohort)), 3),
    ]
    load = [
        least(lambda: ours("load", cohort)),
        least(lambda: pydicom_volumes(files), 3),
        least(lambda: run(*tool, "-o", str(out), str(cohort)), 3),
    ]
    print(f"\nspeed on {len(files)} files, the shortest of several runs, seconds (how many times ours)")
    print(f"{'':<28}{'foramen':>9}{'pydicom':>17}{'dcm2niix':>17}")
    for name, (own, python, tool) in {"headers": scan, "all stacks to f32 volumes": load}.items():
        print(f"{name:<28}{own:>9.3f}{python:>9.3f} ({python / own:>4.1f}×){tool:>9.3f} ({tool / own:>4.1f}×)")
    print("ours and dcm2niix start a process each time, pydicom is imported before")


def main():
    cohort = WORK / "cohort-20"
    if not (cohort / "dicom").is_dir():
        ours("cohort", cohort, 20)
    if (DATA / "spine/dicom").is_dir():
        for name in ("real-A", "real-B", "real-C", "real-D"):
            compare_with_dcm2niix(name, DATA / "spine/dicom" / name)
    else:
        print(f"{DATA} holds no spine/dicom; real series are not compared")
    compare_with_dcm2niix("20 synthetic studies, half with angled blocks", cohort / "dicom")
    compare_with_pydicom()
    side_by_side(cohort / "dicom")
    if failed:
        print("\n" + "\n".join(failed))
        sys.exit(1)


main()
