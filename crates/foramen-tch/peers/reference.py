"""Writes what PyTorch computes, for tests/pytorch.rs to be held against; or checks that
it still computes what is in the file.

Usage: reference.py FILE [--check]

The file is tests/pytorch.safetensors. `cargo xtask peers-test cnn` checks it.
"""

import sys

import torch
from safetensors.torch import load_file, save_file

STEPS = 12


def wave(shape, step):
    """Numbers without a pattern that an error could hide behind."""
    count = torch.Size(shape).numel()
    return torch.sin(torch.arange(count, dtype=torch.float32) * step).reshape(shape)


def rate(step):
    """A learning rate that changes."""
    return 0.05 / (1 + 0.3 * step)


def trained(name, make, limit, given):
    """Two parameters, the second without decay, with their joint gradient bounded."""
    weight = wave((4, 3), 0.7).requires_grad_()
    bias = wave((5,), 1.3).requires_grad_()
    given[f"{name}.start.weight"], given[f"{name}.start.bias"] = (
        weight.detach().clone(),
        bias.detach().clone(),
    )
    targets = [wave((4, 3), 0.4) * 3, wave((5,), 2.1) * 3]
    given[f"{name}.target.weight"], given[f"{name}.target.bias"] = targets
    optimiser = make([{"params": [weight]}, {"params": [bias], "weight_decay": 0.0}])
    norms = []
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = rate(step)
        optimiser.zero_grad()
        loss = sum((p - t).pow(4).sum() for p, t in zip([weight, bias], targets))
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_([weight, bias], limit).item())
        optimiser.step()
        given[f"{name}.{step}.weight"] = weight.detach().clone()
        given[f"{name}.{step}.bias"] = bias.detach().clone()
    given[f"{name}.norms"] = torch.tensor(norms)
    for label, parameter in [("weight", weight), ("bias", bias)]:
        for key, value in optimiser.state[parameter].items():
            given[f"{name}.state.{label}.{key}"] = value.detach().clone()


def scaled(given):
    """The scales of a scaler that grows after two good steps, some gradients infinite."""
    weight = torch.ones(1, requires_grad=True)
    optimiser = torch.optim.SGD([weight], lr=0.125)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=2)
    factors = torch.tensor([1.0, 2.0, float("inf"), 1.0, float("nan"), 1.0, 3.0, 1.0, 1.0, 1.0])
    scales, weights = [], []
    for factor in factors:
        optimiser.zero_grad()
        scaler.scale((weight * factor).sum()).backward()
        scaler.step(optimiser)
        scaler.update()
        scales.append(scaler.get_scale())
        weights.append(weight.item())
    given["scaler.factors"] = factors
    given["scaler.scales"], given["scaler.weights"] = torch.tensor(scales), torch.tensor(weights)


def operations(tensors):
    """What autocast decides on, by name."""
    image, filters, matrix, norm, labels = tensors
    maps = torch.nn.functional.conv2d(image, filters, padding=1)
    product = image.flatten(1) @ matrix
    functional = torch.nn.functional
    return {
        "convolution": maps,
        "product": product,
        "norm": functional.batch_norm(maps, None, None, norm, norm, training=True),
        "layer_norm": functional.layer_norm(product, [product.shape[1]]),
        "softmax": product.softmax(1),
        "relu": maps.relu(),
        "pool": maps.mean((2, 3)),
        "cross_entropy": functional.binary_cross_entropy_with_logits(product, labels),
        "square_error": functional.mse_loss(product, labels),
        "sum": product.sum(),
        "mixed": product + labels,
    }


def autocast(given):
    image, filters, matrix = (
        wave((2, 3, 6, 6), 0.31),
        wave((4, 3, 3, 3), 0.73),
        wave((108, 5), 0.17),
    )
    norm, labels = wave((4,), 0.9) + 2, (wave((2, 5), 1.9) > 0).float()
    names = ["image", "filters", "matrix", "norm", "labels"]
    given.update(
        {f"autocast.given.{n}": t for n, t in zip(names, [image, filters, matrix, norm, labels])}
    )
    for name, kind in [("bf16", torch.bfloat16), ("fp16", torch.float16)]:
        leaves = [filters.clone().requires_grad_(), matrix.clone().requires_grad_()]
        with torch.autocast("cpu", dtype=kind):
            results = operations([image, leaves[0], leaves[1], norm, labels])
        loss = results["cross_entropy"].float() + results["pool"].float().square().sum()
        loss.backward()
        given.update({f"autocast.{name}.{key}": value.detach() for key, value in results.items()})
        for label, leaf in zip(["filters", "matrix"], leaves):
            given[f"autocast.{name}.gradient.{label}"] = leaf.grad


def generator(given):
    torch.manual_seed(42)
    given["generator.state"] = torch.get_rng_state()
    given["generator.uniform"], given["generator.normal"] = torch.rand(7), torch.randn(20)
    given["generator.state_after"] = torch.get_rng_state()


def averaged(given):
    source, average = wave((3, 4), 0.6), wave((3, 4), 1.1)
    given["average.source"], given["average.start"] = source, average.clone()
    follow = torch.optim.swa_utils.get_ema_multi_avg_fn(0.75)
    follow([average], [source], None)
    given["average.after"] = average


def packed(given):
    weight, image, residual = (
        wave((8, 2, 3, 3), 0.7),
        wave((2, 4, 9, 9), 1.1),
        wave((2, 8, 5, 5), 0.2),
    )
    norm = [wave((8,), 0.3), wave((8,), 0.5), wave((8,), 0.9), wave((8,), 1.3).square() + 0.1]
    names = ["weight", "image", "residual", "scale", "shift", "mean", "variance"]
    given.update({f"packed.{n}": t for n, t in zip(names, [weight, image, residual, *norm])})
    scale, shift, mean, variance = norm
    maps = torch.nn.functional.conv2d(image, weight, stride=2, padding=1, groups=2)
    maps = torch.nn.functional.batch_norm(maps, mean, variance, scale, shift, training=False)
    given["packed.after"] = (maps + residual).relu()


def clipped(given):
    """Gradients so small that the 1e-6 below the norm counts, and none at all."""
    for name, size in [("small", 1e-3), ("large", 1.0), ("zero", 0.0)]:
        weight, gradient = torch.zeros(4, 3, requires_grad=True), wave((4, 3), 0.7) * size
        weight.grad = gradient.clone()
        norm = torch.nn.utils.clip_grad_norm_([weight], 2e-3)
        given[f"clip.{name}.gradient"], given[f"clip.{name}.norm"] = gradient, norm
        given[f"clip.{name}.after"] = weight.grad


# One channel, maps of one pixel, neither, and both: where strides are a matter of choice.
LAYOUTS = [(2, 1, 4, 5), (2, 3, 1, 1), (2, 3, 4, 5), (2, 1, 1, 1), (8, 1, 3, 3), (1, 3, 4, 5)]


def layouts(given):
    """Strides after `to(memory_format=…)`, and those of what is convolved from them."""
    last = torch.channels_last
    for index, shape in enumerate(LAYOUTS):
        image = wave(shape, 0.7).to(memory_format=last)
        filters = wave((4, shape[1], 3, 3), 0.3).to(memory_format=last)
        maps = torch.nn.functional.conv2d(image, filters, padding=1)
        given[f"layout.{index}.shape"] = torch.tensor(shape)
        given[f"layout.{index}.image"] = torch.tensor(image.stride())
        given[f"layout.{index}.filters"] = torch.tensor(filters.stride())
        given[f"layout.{index}.maps"] = torch.tensor(maps.stride())


def everything():
    given = {}
    adamw = lambda groups: torch.optim.AdamW(groups, weight_decay=0.1, fused=True)
    sgd = lambda nesterov: lambda groups: torch.optim.SGD(
        groups, momentum=0.9, nesterov=nesterov, weight_decay=0.1
    )
    trained("adamw", adamw, 300.0, given)
    trained("sgd", sgd(False), 20.0, given)
    trained("nesterov", sgd(True), 20.0, given)
    for part in [clipped, scaled, autocast, generator, averaged, layouts, packed]:
        part(given)
    return {name: tensor.detach().contiguous() for name, tensor in given.items()}


def differs(name, here, there):
    if (here.dtype, here.shape) != (there.dtype, there.shape):
        return True
    if not here.dtype.is_floating_point:
        return not torch.equal(here, there)
    bound = 2e-2 if "autocast" in name else 1e-5
    here, there = here.float().nan_to_num(), there.float().nan_to_num()
    return (here - there).abs().max() > bound * there.abs().max()


torch.set_num_threads(1)
now, path = everything(), sys.argv[1]
if sys.argv[2:] == ["--check"]:
    kept = load_file(path)
    wrong = sorted(
        n
        for n in now.keys() | kept.keys()
        if n not in now or n not in kept or differs(n, now[n], kept[n])
    )
    print(f"{len(now)} tensors of PyTorch {torch.__version__} beside those in foramen-tch's tests")
    if wrong:
        sys.exit(f"PyTorch computes something else than {path} has: {', '.join(wrong)}")
else:
    save_file(now, path)
    print(f"{len(now)} tensors of PyTorch {torch.__version__} written to {path}")
