"""Training steps and predictions, warm and cold, beside PyTorch, for `cargo xtask peers`.

`turn_by_turn.py serve NETWORK FORMAT TASK COUNT FILE` and `… serve patch MODEL` are sides; else
the sides take turns. `speed.py` compares more formats and looks into single steps.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import turns

# Steps or predictions of a turn; what is told is the shortest.
COUNTS = {"compact": {"train": 10, "predict": 50}, "resnet18": {"train": 1, "predict": 10}}
IMAGES = {"compact": "1 × 64²", "resnet18": "3 × 224²"}
BATCH = {"compact": 64, "resnet18": 16}
KINDS = {"f32": "f32", "last": "f32 channels-last", "bf16": "bf16 channels-last"}


def cuda_note():
    """Whether PyTorch loads CUDA's libraries with it, which take most of a cold start."""
    packages = Path(find_spec("torch").origin).parents[1]
    libraries = (packages / "nvidia").rglob("libcublas.so*")
    if any(library.stat().st_size > 1e6 for library in libraries):
        return "PyTorch is the wheel of PyPI, which loads the libraries of CUDA when it starts."
    return (
        "PyTorch is the wheel of PyPI without the libraries of CUDA, which that wheel otherwise "
        "loads when it starts: a user's install starts later than this one."
    )


def stepped(network, kind, task, count, file):
    """PyTorch in f32 or with bf16 autocast, in the default layout or channels-last."""
    import torch
    from peer import Peer

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    peer = Peer(network, file, kind == "bf16", kind != "f32")
    run = peer.train if task == "train" else peer.predict
    print(json.dumps({"version": f"{torch.__version__}, {KINDS[kind]}"}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({"seconds": min(run(int(count)))}), flush=True)


def patch():
    """Four views of a patch by the network of the saved model, with drawn weights."""
    import torch
    from network import CROP, Network, answered

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    network, views = Network(), torch.rand(4, 1, CROP, CROP)
    return torch.__version__, lambda: float(answered(network, views).mean())


class Speed(turns.Served):
    """The program `speed`, which answers with the seconds of each step."""

    def start(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(self.command, **pipes)

    def line(self):
        return {"seconds": min(json.loads(self.process.stdout.readline()))}


def main():
    chosen = turns.settings(model=Path)
    speed, here = chosen.programs / "speed", Path(__file__).parent
    rows = []
    networks = ["compact"] if chosen.quick else ["compact", "resnet18"]
    files = {name: chosen.work / f"{name}.safetensors" for name in networks}
    for name, file in files.items():
        subprocess.run([speed, "weights", name, file], check=True)
        for task, what, bar in [
            ("train", f"training step of {name}, {BATCH[name]} images of {IMAGES[name]}", 2.0),
            ("predict", f"one image by {name}, warm", 1.2),
        ]:
            count = COUNTS[name][task]
            serve = [speed, "serve", chosen.threads, chosen.work]
            sides = [Speed("foramen", "", serve, f"{task} {name} auto {count}")]
            kinds = ["f32"] if chosen.quick else ["f32", "last"]
            for kind in kinds:
                command = [sys.executable, __file__, "serve", name, kind, task, count, file]
                sides.append(turns.Served("PyTorch", "", command))
            rows.append(turns.compare(what, f"{count} a turn", sides, chosen, bar))
    ready = [chosen.programs / "peer_stages", "native", chosen.model]
    native = turns.Served("foramen without libtorch", "", ready)
    theirs = turns.Served("PyTorch", "", [sys.executable, __file__, "serve", "patch"])
    what = "a patch in four views by the compact network without libtorch, warm"
    rows.append(turns.compare(what, "one patch", [native, theirs], chosen))
    for name, file in files.items():
        ours = turns.Once("foramen", "with libtorch", [speed, "cold", name, file])
        theirs = turns.Once("PyTorch", "script", [sys.executable, here / "cold.py", name, file])
        what = f"one image by {name}, from the start of the process"
        rows.append(turns.compare(what, "one image", [ours, theirs], chosen, 5.0))
    file = files["compact"]
    command = [chosen.programs / "predict_patch", chosen.model]
    ours = turns.Once("foramen", "without libtorch", command)
    theirs = turns.Once("PyTorch", "script", [sys.executable, here / "cold.py", "compact", file])
    what = "one image by the compact network without libtorch, from the start of the process"
    rows.append(turns.compare(what, "one image", [ours, theirs], chosen, 20.0))
    notes = [
        "Training and warm prediction are the shortest of each turn, so that a passing "
        "disturbance counts for less; foramen takes the number format that suits the processor.",
        "Without libtorch, foramen predicts three patches in four views each from the start of "
        "its process, PyTorch one image once.",
        cuda_note(),
        "One epoch of a study, with augmentation and the moving average of the weights, is the "
        "time of the stage `train` below over folds and epochs.",
    ]
    turns.write(chosen, "network", rows, notes)


if sys.argv[1:3] == ["serve", "patch"]:
    turns.serve(*patch())
elif sys.argv[1:2] == ["serve"]:
    stepped(*sys.argv[2:])
else:
    main()
