"""Holds what exported models say in PyTorch against what they said in Rust.

Usage: compare.py EXPORTED_PROGRAM
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

import torch

BOUND = 1e-5


def compare(folder):
    """The largest difference of a probability, of one model."""
    model = torch.jit.load(folder / "model.pt")
    rows = json.loads((folder / "answers.json").read_text())
    inputs = [torch.tensor([row["channels"] for row in rows])]
    if rows[0]["level"] is not None:
        inputs.append(torch.tensor([row["level"] for row in rows]))
    if rows[0]["covariates"]:
        number = lambda value: math.nan if value is None else value
        inputs.append(torch.tensor([[number(v) for v in row["covariates"]] for row in rows]))
    with torch.no_grad():
        probability, millimetres = model(*inputs).double().T
    here = torch.tensor([row["logit"] for row in rows], dtype=torch.float64).sigmoid()
    if rows[0]["millimetres"] is None:
        assert millimetres.isnan().all(), "a width that was not learned is not NaN"
        widths = torch.full_like(millimetres, math.nan)
    else:
        widths = torch.tensor([row["millimetres"] for row in rows], dtype=torch.float64)
    worst = (probability - here).abs().max().item()
    print(f"exported CNN ({folder.name}) in PyTorch {torch.__version__}: {len(rows)} patches,")
    print(f"  probabilities differ by at most {worst:.1e} (bound {BOUND:.0e}),")
    if not widths.isnan().all():
        print(f"  widths by {(millimetres - widths).abs().max().item():.1e} mm")
    return worst


with tempfile.TemporaryDirectory() as written:
    subprocess.run([sys.argv[1], written], check=True)
    worst = [compare(folder) for folder in sorted(pathlib.Path(written).iterdir())]
if not all(value <= BOUND for value in worst):
    sys.exit("an exported model says something else in PyTorch")
