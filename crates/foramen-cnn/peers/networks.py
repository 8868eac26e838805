"""The networks of foramen-cnn in PyTorch, with the same names, for speed.py and cold.py."""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width_in, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1:
            narrow = nn.Conv2d(width_in, width, 1, stride, bias=False)
            self.downsample = nn.Sequential(narrow, nn.BatchNorm2d(width))

    def forward(self, x):
        y = torch.relu_(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        return torch.relu_(y)


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))
        self.weight = nn.Parameter(wave((2, 512), 0.37) * 0.05)

    def forward(self, x):
        x = torch.relu_(self.bn1(self.conv1(x)))
        x = nn.functional.max_pool2d(x, 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return nn.functional.linear(x.mean((2, 3)), self.weight)


class Compact(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer("stem", 1, 16, 5, 2)
        for stage in range(3):
            width = 16 << stage
            if stage:
                self.layer(f"stage{stage}_down", width // 2, width, 3, 2)
            self.layer(f"stage{stage}_first", width, width, 3, 1)
            self.layer(f"stage{stage}_second", width, width, 3, 1)
        self.weight = nn.Parameter(wave((2, 64), 0.37) * 0.05)

    def layer(self, name, width_in, width, kernel, stride):
        convolution = nn.Conv2d(width_in, width, kernel, stride, kernel // 2, bias=False)
        self.add_module(name, convolution)
        self.add_module(f"{name}_norm", nn.BatchNorm2d(width))

    def apply_layer(self, name, x):
        return getattr(self, f"{name}_norm")(getattr(self, name)(x))

    def forward(self, x):
        x = torch.relu_(self.apply_layer("stem", x))
        for stage in range(3):
            if stage:
                x = torch.relu_(self.apply_layer(f"stage{stage}_down", x))
            y = torch.relu_(self.apply_layer(f"stage{stage}_first", x))
            y = self.apply_layer(f"stage{stage}_second", y)
            y += x
            x = torch.relu_(y)
        return nn.functional.linear(x.mean((2, 3)), self.weight)


NETWORKS = {"resnet18": ResNet18, "compact": Compact}
SHAPES = {"resnet18": (16, 3, 224, 224), "compact": (64, 1, 64, 64)}


def wave(shape, step):
    count = 1
    for size in shape:
        count *= size
    counted = torch.arange(count, dtype=torch.float64)
    return (counted * step).sin().float().reshape(shape)


def load(name, file):
    from safetensors.torch import load_file

    network = NETWORKS[name]()
    # The last layer is not in the file, nor are the counters of batches.
    missing = network.load_state_dict(load_file(file), strict=False)
    assert not missing.unexpected_keys, missing
    assert all(k == "weight" or k.endswith("num_batches_tracked") for k in missing.missing_keys)
    return network
