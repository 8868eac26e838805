"""Training and prediction beside PyTorch: same networks, weights, images, threads.

Usage: speed.py PROGRAM [THREADS [ROUNDS]]

The two sides take turns, so that what else the machine does meets both. A ratio above 1
says how many times faster we are: within a turn it is that of the shortest times of both
sides there, since other work only ever adds to them, and what a bar is held against is the
median of all turns, here with a 95 % bootstrap interval. The shortest of all times, which
are told as well, may come from different minutes of a machine whose speed wanders; their
ratio scatters more.
"""

import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from networks import NETWORKS, SHAPES
from peer import Peer, timed
from safetensors.torch import save_file

PROGRAM = sys.argv[1]
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 10
# Turns of training in a round, beside f32, and starts of each process.
TURNS = 3
STARTS = 2
# Steps of training in each turn, and predictions of one image in each round.
COUNTS = {"resnet18": (2, 20), "compact": (20, 100)}
torch.set_num_threads(THREADS)


def rate(kind):
    """Multiplications and additions of a matrix product, 10⁹ per second."""
    factors = torch.ones(2, 1024, 1024, dtype=kind)
    return 1.024**3 / min(timed(30, lambda: factors[0] @ factors[1]))


def multiplications(peer):
    """Those of the convolutions of a training step, forward and back, in 10⁹."""
    counts = []

    def count(module, inputs, maps):
        # The images themselves have no gradient.
        ways = 3 if inputs[0].requires_grad else 2
        counts.append(ways * maps.numel() // maps.shape[1] * module.weight.numel())

    for module in peer.network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(count)
    peer.look(peer.images)
    return sum(counts) / 1e9


def finished(command):
    started = time.perf_counter()
    environment = os.environ | {"OMP_NUM_THREADS": str(THREADS)}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - started


def main(folder):
    files = {name: folder / f"{name}.safetensors" for name in NETWORKS}
    for name, file in files.items():
        subprocess.run([PROGRAM, "weights", name, file], check=True)
    command = [PROGRAM, "serve", str(THREADS), folder]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    ours = subprocess.Popen(command, **pipes)

    def ask(*words):
        print(*words, file=ours.stdin, flush=True)
        return json.loads(ours.stdout.readline())

    print(f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()},")
    ours_by_itself = ask("format", "compact", "auto", 0)
    print(
        f"{THREADS} thread(s), {ROUNDS} rounds; ours is {ours_by_itself}, which it takes by itself,"
    )
    print("where nothing else is said")
    times, counted, rates = {}, {}, []
    add = lambda key, seconds: times.setdefault(key, []).append(min(seconds))
    cold = pathlib.Path(__file__).with_name("cold.py")
    for name, file in files.items():
        with torch.inference_mode():
            peer = Peer(name, file, False, False)
            # Both predict with a file that PyTorch has saved, with statistics of images.
            peer.look(peer.images)
            save_file(peer.network.state_dict(), file)
            peer.network.eval()
            theirs = peer.look(peer.images).flatten()
        found = torch.tensor(ask("logits", name, "f32", 1))
        print(f"{name}: logits in f32 differ by {(theirs - found).abs().max().item():.1e}")
        assert torch.allclose(theirs, found, rtol=1e-3, atol=1e-4)
        counted[name] = multiplications(Peer(name, file, False, False))
        steps, images = COUNTS[name]
        peers = {
            "f32": Peer(name, file, False, False),
            "f32 last": Peer(name, file, False, True),
            "bf16": Peer(name, file, True, True),
        }
        for _ in range(ROUNDS):
            rates.append((rate(torch.float32), rate(torch.bfloat16)))
            for _ in range(TURNS):
                add((name, "train", "ours"), ask("train", name, "auto", steps))
                add((name, "train", "f32"), peers["f32"].train(steps))
            for kind in ("f32 last", "bf16"):
                add((name, "train", kind), peers[kind].train(steps))
            add((name, "predict", "ours"), ask("predict", name, "auto", images))
            add((name, "predict", "ours f32"), ask("predict", name, "f32", images))
            for kind, peer in peers.items():
                add((name, "predict", kind), peer.predict(images))
            # A start is short beside what else a machine does.
            for _ in range(STARTS):
                add((name, "cold", "ours"), [finished([PROGRAM, "cold", name, file])])
                add((name, "cold", "f32"), [finished([sys.executable, cold, name, file])])
    ours.stdin.close()
    table(times)
    bounds(times, counted, [max(kind) for kind in zip(*rates)])


def bounds(times, counted, rates):
    """What is left to be won in training with each multiplication of a convolution done."""
    single, half = rates
    print(
        f"\nA matrix product has at best {single:.0f} · 10⁹ multiplications a second in f32, "
        f"{half:.0f} in bf16. At the faster rate"
    )
    for name, count in counted.items():
        alone = count / max(rates)
        most = min(times[name, "train", "f32"]) / alone
        print(
            f"the {count:.1f} · 10⁹ in the convolutions of a step of {name} take "
            f"{alone * 1e3:.0f} ms: with nothing else to do, {most:.2f} times as fast as PyTorch's f32"
        )


def ratios(ours, theirs):
    """Of each turn. Where ours are more, theirs are those after the last of each round."""
    turns = len(ours) // len(theirs)
    return [b / a for a, b in zip(ours[turns - 1 :: turns], theirs)]


def interval(values, draws=2000):
    """A 95 % bootstrap interval of the median."""
    random_ones = random.Random(1)
    medians = [statistics.median(random_ones.choices(values, k=len(values))) for _ in range(draws)]
    medians.sort()
    return medians[draws // 40], medians[-draws // 40 - 1]


def table(times):
    titles = "network", "what", "ratio, median of turns", "bar"
    titles += "ours, shortest, ms", "PyTorch, ms", "ratio of these"
    print("\n|", " | ".join(titles), "|")
    print("|---" * len(titles) + "|")
    compare = [
        ("train", "ours", "f32", "training, {} images, beside f32", 2.0),
        ("train", "ours", "f32 last", "training, {} images, beside f32 channels-last", None),
        ("train", "ours", "bf16", "training, {} images, beside bf16 channels-last", 1.0),
        ("predict", "ours", "f32", "one image, warm, beside f32", 1.2),
        ("predict", "ours f32", "f32", "one image, warm, f32 beside f32", 1.2),
        ("predict", "ours", "bf16", "one image, warm, beside bf16 channels-last", None),
        ("cold", "ours", "f32", "one image from the start of the process", 5.0),
    ]
    for name, (batch, channels, edge, _) in SHAPES.items():
        for what, mine, other, text, bar in compare:
            ours, theirs = times[name, what, mine], times[name, what, other]
            each = ratios(ours, theirs)
            low, high = interval(each)
            middle = statistics.median(each)
            verdict = "–"
            if bar:
                verdict = f"≥ {bar:.1f}: " + ("met" if middle >= bar else "MISSED")
            a, b = min(ours) * 1e3, min(theirs) * 1e3
            cells = [f"{name} {channels} × {edge}²", text.format(batch)]
            cells += [f"{middle:.2f} ({low:.2f} to {high:.2f})", verdict]
            cells += [f"{a:.3g}", f"{b:.3g}", f"{b / a:.2f}"]
            print("|", " | ".join(cells), "|")


with tempfile.TemporaryDirectory() as folder:
    main(pathlib.Path(folder))
