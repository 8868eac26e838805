"""What this machine can do at most, for the roofline sentences of `cargo xtask peers profile`.

Writes: bytes a second that a large copy moves (read and written), multiplications a second of a
matrix product in f32, seconds to open and read the first 4 KiB of each file of a cohort and the
bytes of its files, and the multiplications of a training step of the compact network.
"""

import json
import time
from pathlib import Path

import turns


def least(task, times=7):
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        task()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def read_heads(files):
    for file in files:
        with open(file, "rb", buffering=0) as opened:
            opened.read(4096)


def multiplications(torch, network, images):
    """Those of the convolutions of a step, forward and back."""
    counts = []

    def count(module, inputs, maps):
        # The images themselves have no gradient.
        ways = 3 if inputs[0].requires_grad else 2
        counts.append(ways * maps.numel() // maps.shape[1] * module.weight.numel())

    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(count)
    network(images)
    return sum(counts)


def main():
    chosen = turns.settings()
    import torch
    from network import BATCH, CROP, Network

    torch.set_num_threads(chosen.threads)
    files = [path for path in sorted((chosen.cohort / "dicom").rglob("*")) if path.is_file()]
    large = torch.ones(64 * 1024 * 1024)
    other = torch.empty_like(large)
    size = 1024
    factors = torch.ones(2, size, size)
    copied = 2 * large.numel() * 4 / least(lambda: other.copy_(large))
    product = size**3 / least(lambda: factors[0] @ factors[1], 30)
    told = {
        "bytes_per_second": copied,
        "multiplications_per_second": product,
        "heads_s": least(lambda: read_heads(files), 3),
        "files": len(files),
        "file_bytes": sum(path.stat().st_size for path in files),
        "step": multiplications(torch, Network(), torch.ones(BATCH, 1, CROP, CROP)),
    }
    Path(chosen.record).write_text(json.dumps(told))
    print(told)


main()
