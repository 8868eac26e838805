"""Reads weights, predicts one image and ends, as `speed cold` does.

Usage: cold.py NETWORK FILE
"""

import sys

import torch
from networks import SHAPES, load, wave

network = load(sys.argv[1], sys.argv[2]).eval()
with torch.inference_mode():
    print(network(wave((1, *SHAPES[sys.argv[1]][1:]), 0.01)))
