"""A network of networks.py as PyTorch trains and predicts with it, for speed.py and
turn_by_turn.py."""

import time

import torch
from networks import SHAPES, load, wave


class Peer:
    """PyTorch eager, in f32 or with bf16 autocast, in the default layout or channels-last."""

    def __init__(self, name, file, half, last):
        self.half = half
        layout = torch.channels_last if last else torch.contiguous_format
        self.network = load(name, file).to(memory_format=layout)
        self.images = wave(SHAPES[name], 0.01).to(memory_format=layout)
        self.labels = torch.arange(SHAPES[name][0]) % 2
        self.optimiser = torch.optim.AdamW(self.network.parameters())

    def look(self, images):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            return self.network(images)

    def step(self):
        self.network.train()
        self.optimiser.zero_grad()
        logits = self.look(self.images).float()
        torch.nn.functional.cross_entropy(logits, self.labels).backward()
        self.optimiser.step()

    def train(self, count):
        return timed(count, self.step)

    def predict(self, count):
        self.network.eval()
        with torch.inference_mode():
            return timed(count, lambda: self.look(self.images[:1]))


def timed(count, run):
    seconds = []
    for _ in range(count + 2):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return seconds[2:]
