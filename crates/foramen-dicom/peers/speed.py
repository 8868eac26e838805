"""Headers and volumes beside pydicom, dicomsdl, SimpleITK and dcm2niix, for `cargo xtask peers`.

`speed.py serve NAME COHORT` is a side; else the sides take turns. Ours and dcm2niix are timed
with the start of their process, the Python packages without it and without their import.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import turns


def files_of(cohort):
    return sorted(str(path) for path in Path(cohort).rglob("*") if path.is_file())


def heads(files):
    """Opens each file and reads its first 4 KiB: what no reader of headers can do without."""

    def read():
        for file in files:
            with open(file, "rb", buffering=0) as opened:
                opened.read(4096)

    return "Python, one thread", read


def pydicom_headers(files):
    import pydicom

    return pydicom.__version__, lambda: len(
        [pydicom.dcmread(file, stop_before_pixels=True) for file in files]
    )


def dicomsdl_headers(files):
    import dicomsdl

    names = ("SeriesInstanceUID", "ImagePositionPatient", "ImageOrientationPatient")

    def read(file):
        dataset = dicomsdl.open(file)
        return [getattr(dataset, name) for name in names]

    return version("dicomsdl"), lambda: len([read(file) for file in files])


def stacked(slices, pixels):
    """The voxels of slices with the same orientation, in the order of their positions."""
    import numpy as np

    series = {}
    for one in slices:
        turned = tuple(round(float(value), 2) for value in one.ImageOrientationPatient)
        series.setdefault((one.SeriesInstanceUID, turned), []).append(one)
    voxels = 0
    for (_, turned), group in series.items():
        normal = np.cross(turned[:3], turned[3:])
        group.sort(key=lambda one: float(np.dot(normal, np.array(one.ImagePositionPatient, float))))
        voxels += np.stack([pixels(one).astype(np.float32) for one in group]).size
    return voxels


def pydicom_volumes(files):
    import pydicom

    read = lambda: stacked(map(pydicom.dcmread, files), lambda one: one.pixel_array)
    return f"{pydicom.__version__}, NumPy", read


def dicomsdl_volumes(files):
    import dicomsdl

    read = lambda: stacked(map(dicomsdl.open, files), lambda one: one.pixelData())
    return f"{version('dicomsdl')}, NumPy", read


def simpleitk_volumes(files):
    import SimpleITK as sitk

    folders = sorted({str(Path(file).parent) for file in files})
    sitk.ProcessObject.SetGlobalWarningDisplay(False)

    def read():
        voxels = 0
        for folder in folders:
            for series in sitk.ImageSeriesReader.GetGDCMSeriesIDs(folder):
                names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder, series)
                image = sitk.ReadImage(names, sitk.sitkFloat32)
                voxels += sitk.GetArrayViewFromImage(image).size
        return voxels

    return sitk.Version.VersionString(), read


PEERS = {
    "heads": heads,
    "headers-pydicom": pydicom_headers,
    "headers-dicomsdl": dicomsdl_headers,
    "volumes-pydicom": pydicom_volumes,
    "volumes-dicomsdl": dicomsdl_volumes,
    "volumes-simpleitk": simpleitk_volumes,
}


def served(name, key, cohort):
    return turns.Served(name, "", [sys.executable, __file__, "serve", key, cohort])


def main():
    import dcm2niix

    chosen = turns.settings()
    cohort, work = chosen.cohort / "dicom", f"{len(files_of(chosen.cohort / 'dicom'))} files"
    ours = lambda task: turns.Once("foramen", "", [chosen.programs / "dicom_peers", task, cohort])
    out = chosen.work / "nifti"
    tool = [dcm2niix.bin, "-d", "9", "-b", "n", "-z", "n", "-w", "1", "-o", out]
    niix = lambda *more: turns.Once("dcm2niix", version("dcm2niix"), [*tool, *more, cohort], out)
    headers = [
        ours("scan"),
        served("pydicom", "headers-pydicom", cohort),
        served("dicomsdl", "headers-dicomsdl", cohort),
        niix("-q", "y"),
    ]
    volumes = [
        ours("load"),
        served("pydicom", "volumes-pydicom", cohort),
        served("SimpleITK", "volumes-simpleitk", cohort),
        served("dicomsdl", "volumes-dicomsdl", cohort),
        niix(),
    ]
    rows = [
        turns.compare("headers of a folder", work, headers, chosen, bar=10),
        turns.compare(
            "headers of a folder, beside opening the files alone",
            work,
            [ours("scan"), served("open and read 4 KiB", "heads", cohort)],
            chosen,
        ),
        turns.compare("all stacks to f32 volumes", work, volumes, chosen, bar=5),
    ]
    turns.emptied(out)
    turns.write(
        chosen,
        "dicom",
        rows,
        [
            "Ours uses all threads; pydicom, dicomsdl and SimpleITK read one file after another, "
            "as they are used. dcm2niix writes its volumes as NIfTI files.",
            "dicomsdl reads three attributes of each file and neither groups files to stacks nor "
            "judges them. Where a bar is missed, the row of opening the files alone says how much "
            "is left to be won.",
            "Ours and dcm2niix are timed with the start of their process; the Python packages are "
            "imported before.",
        ],
    )


if sys.argv[1:2] == ["serve"]:
    turns.serve(*PEERS[sys.argv[2]](files_of(sys.argv[3])))
else:
    main()
