"""The compact network of `foramen-cnn` with its heads in PyTorch, and its training.

Same layers, number of epochs, images per epoch, batches, optimiser, schedule, augmentation,
moving average and choice of the epoch as `CnnConfig::default()`; written as one would in PyTorch,
with everything of a batch computed by one call.
"""

import copy
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

BATCH, LABELLED, IMAGES, CROP, VIEWS = 64, 24, 1024, 64, 4


class Unit(nn.Sequential):
    def __init__(self, width_in, width, kernel, stride):
        convolution = nn.Conv2d(width_in, width, kernel, stride, kernel // 2, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(width))


class Network(nn.Module):
    def __init__(self, channels=16, features=32):
        super().__init__()
        self.stem = Unit(1, channels, 5, 2)
        self.down, self.first, self.second = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for stage in range(3):
            width = channels << stage
            self.down.append(Unit(width // 2, width, 3, 2) if stage else nn.Identity())
            self.first.append(Unit(width, width, 3, 1))
            self.second.append(Unit(width, width, 3, 1))
        self.features = nn.Linear(8 * channels, features)
        self.width, self.outcome = nn.Linear(features, 1), nn.Linear(features, 1)
        self.by_width = nn.Linear(1, 1)

    def forward(self, images):
        x = torch.relu(self.stem(images))
        for stage, (down, first, second) in enumerate(zip(self.down, self.first, self.second)):
            x = torch.relu(down(x)) if stage else x
            x = torch.relu(x + second(torch.relu(first(x))))
        quarter = x.shape[2] // 4
        middle = x[:, :, quarter:-quarter, quarter:-quarter]
        pooled = torch.cat([x.mean((2, 3)), middle.mean((2, 3))], 1)
        features = torch.relu(self.features(pooled))
        width = self.width(features)
        dropped = functional.dropout(features, 0.5, self.training)
        return width[:, 0], (self.by_width(width.detach()) + self.outcome(dropped))[:, 0]


def varied(images, draw):
    """Fields of view turned, shifted and scaled, with other intensities and noise."""
    n, edge = len(images), images.shape[-1]
    within = lambda limit: (2 * torch.rand(n, generator=draw) - 1) * limit
    angle, scale = torch.deg2rad(within(10.0)), (1 + within(0.03)) * CROP / edge
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    shift = [within(4.0) * 2 / edge for _ in range(2)]
    affine = torch.stack([cos, -sin, shift[0], sin, cos, shift[1]], 1).view(n, 2, 3)
    grid = functional.affine_grid(affine, (n, 1, CROP, CROP), align_corners=True)
    cut = functional.grid_sample(images, grid, padding_mode="border", align_corners=True)
    along = torch.linspace(-1, 1, CROP)
    tone = lambda limit: within(limit).view(n, 1, 1, 1)
    x, y = along.view(1, 1, 1, -1), along.view(1, 1, -1, 1)
    field = 1 + tone(0.125) + tone(0.25) * x + tone(0.25) * y + tone(0.125) * x * y
    noise = torch.randn(cut.shape, generator=draw) * tone(0.05).clamp_min(0)
    return cut.clamp_min(1e-3) ** torch.exp(tone(0.25)) * field + tone(0.05) + noise


def centre(images):
    margin = (images.shape[-1] - CROP) // 2
    return images[:, :, margin : margin + CROP, margin : margin + CROP].clamp_min(1e-3)


def learned(images, widths, outcomes, train, tune, epochs, draw):
    """A network trained on `train`; the epoch is the best on `tune`."""
    labelled, others = (train[outcomes[train].isnan() == missing] for missing in (False, True))
    if not len(others):
        others = labelled
    mean, spread = widths[train].mean(), widths[train].std()
    target = (widths - mean) / spread
    network = Network()
    average, best = copy.deepcopy(network), None
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.05)
    per_epoch = IMAGES // BATCH
    steps = epochs * per_epoch
    fall = lambda step: 0.5 + 0.5 * math.cos(math.pi * step / steps)
    rate = lambda step: 3.0 * min((step + 1) / (0.1 * steps), fall(step))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
    lowest = math.inf
    for epoch in range(epochs):
        network.train()
        for step in range(per_epoch):
            pick = torch.cat(
                [
                    labelled[torch.randint(len(labelled), (LABELLED,), generator=draw)],
                    others[torch.randint(len(others), (BATCH - LABELLED,), generator=draw)],
                ]
            )
            width, logit = network(varied(images[pick], draw))
            loss = functional.smooth_l1_loss(width, target[pick])
            if epoch >= 0.4 * epochs:
                wanted = outcomes[pick[:LABELLED]] * 0.95 + 0.025
                outcome = functional.binary_cross_entropy_with_logits(logit[:LABELLED], wanted)
                loss = loss + 0.5 * outcome
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            done = epoch * per_epoch + step + 1
            keep = min(0.98, (1 + done) / (10 + done))
            with torch.no_grad():
                for mine, new in zip(average.state_dict().values(), network.state_dict().values()):
                    mine.lerp_(new, 1 - keep) if mine.is_floating_point() else mine.copy_(new)
        logit = answered(average, centre(images[tune]))
        with torch.no_grad():
            loss = functional.binary_cross_entropy_with_logits(logit, outcomes[tune]).item()
        if best is None or (epoch >= 0.4 * epochs and loss < lowest):
            best = copy.deepcopy(average.state_dict())
            lowest = loss if epoch >= 0.4 * epochs else lowest
    average.load_state_dict(best)
    return average


def answered(network, images):
    network.eval()
    with torch.inference_mode():
        return network(images)[1].clone()


def cross_validated(rows, epochs, threads, folds=5):
    """Out-of-fold predictions of rows `(subject, width, patch, outcome or None)`."""
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    draw = torch.Generator().manual_seed(1)
    images = torch.from_numpy(np.stack([row[2] for row in rows]))[:, None]
    deviation, mean = torch.std_mean(images)
    images = (images - mean) / deviation * 0.25 + 0.5
    widths = torch.tensor([row[1] for row in rows])
    outcomes = torch.tensor([math.nan if row[3] is None else row[3] for row in rows])
    subjects = sorted({row[0] for row in rows})
    order = np.random.default_rng(1).permutation(len(subjects))
    fold_of = {subjects[k]: place % folds for place, k in enumerate(order)}
    fold = torch.tensor([fold_of[row[0]] for row in rows])
    predicted = []
    for number in range(folds):
        tuned = (number + 1) % folds
        train = torch.where((fold != number) & (fold != tuned))[0]
        tune = torch.where((fold == tuned) & ~outcomes.isnan())[0]
        test = torch.where((fold == number) & ~outcomes.isnan())[0]
        network = learned(images, widths, outcomes, train, tune, epochs, draw)
        views = [centre(images[test])] + [varied(images[test], draw) for _ in range(VIEWS - 1)]
        logit = torch.stack([answered(network, view) for view in views]).mean(0)
        for k, p in zip(test.tolist(), torch.sigmoid(logit).tolist()):
            predicted.append((rows[k][0], outcomes[k].item(), p, rows[k][1]))
    return predicted
