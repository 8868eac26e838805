"""Holds what an exported model says in PyTorch against what it said in Rust.

Usage: compare.py EXPORTED_PROGRAM
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch

BOUND = 1e-5

with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.argv[1], folder], check=True)
    model = torch.jit.load(pathlib.Path(folder) / "model.pt")
    rows = json.loads((pathlib.Path(folder) / "answers.json").read_text())

patches = torch.tensor([row["patch"] for row in rows]).unsqueeze(1)
levels = torch.tensor([row["level"] for row in rows])
with torch.no_grad():
    probability, millimetres = model(patches, levels).double().T
here = torch.tensor([row["logit"] for row in rows], dtype=torch.float64).sigmoid()
widths = torch.tensor([row["millimetres"] for row in rows], dtype=torch.float64)
worst = (probability - here).abs().max().item()
print(f"exported CNN in PyTorch {torch.__version__}: {len(rows)} patches,")
print(f"  probabilities differ by at most {worst:.1e} (bound {BOUND:.0e}),")
print(f"  widths by {(millimetres - widths).abs().max().item():.1e} mm")
if worst > BOUND:
    sys.exit("the exported model says something else in PyTorch")
