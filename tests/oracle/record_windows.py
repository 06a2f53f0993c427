#!/usr/bin/env python3
"""Records what PyTorch makes of convolutions and pooling of many geometries: torch_windows.inv, its
data and initial weights, and what record.py writes of a case.

    python3 -m venv venv && venv/bin/pip install torch numpy safetensors
    venv/bin/python record_windows.py

Each geometry is a crop of the image, a 1x1 convolution, one of the geometry, and pooling or none; the
loss is the sum of the means of squares.  So gradients flow through all of them.
"""
import pathlib
import random

import numpy as np
import safetensors.numpy
import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
ROWS, BATCH, EPOCHS, HIGH, WIDE, CHANNELS, GEOMETRIES = 16, 4, 5, 9, 8, 2, 16


def draw(pick):
    """height, width, filter's, stride, dilation, border, filters, channels, pooling"""
    while True:
        h, w, k, kw = pick(1, HIGH), pick(1, WIDE), pick(1, 4), pick(1, 4)
        s, d, p, f, c = pick(1, 5), pick(1, 3), pick(0, 4), pick(1, 3), pick(1, 3)
        high = (h + 2 * p - (k - 1) * d - 1) // s + 1
        wide = (w + 2 * p - (kw - 1) * d - 1) // s + 1
        size, step = pick(1, 3), pick(1, 3)
        edge = pick(0, size // 2)
        pool = ["", "", "max", "avg"][pick(0, 3)]
        if high >= 1 and wide >= 1 and (not pool or size <= min(high, wide) + 2 * edge):
            return h, w, k, kw, s, d, p, f, c, pool, size, step, edge


def model(geometries):
    text = ["# torch_windows.inv: see record_windows.py", "invar 1", "",
            'data images = npy(x = "torch_windows.npy") {',
            f"  input x: f32[{HIGH}, {WIDE}, {CHANNELS}] = x", "  split train 100%",
            "  shuffle false", "}", "", f"model net(x: f32[{HIGH}, {WIDE}, {CHANNELS}]) {{"]
    for i, (h, w, k, kw, s, d, p, f, c, pool, size, step, edge) in enumerate(geometries):
        text += [f"  h = x[0..{h - 1}, 0..{w - 1}, 0..{CHANNELS - 1}]",
                 f"  h = h -> conv2d({c}, 1, with_bias = false) as a{i}",
                 f"  h = h -> conv2d({f}, {k}, width = {kw}, stride = {s}, border = {p},"
                 f" dilation = {d}) as b{i}"]
        if pool:
            text += [f"  h = h -> {pool}_pool({size}, stride = {step}, border = {edge})"]
        text += [f"  loss l{i} = mean(square(h))"]
    return text + ["}", "", "train net on images {", "  seed 1", f"  epochs {EPOCHS}",
                   f"  batch {BATCH}", "  shuffle false", "  optimizer sgd(lr = 0.01)", "}"]


def forward(w, i, x, geometry):
    h, wide, k, kw, s, d, p, f, c, pool, size, step, edge = geometry
    turned = lambda name: w[name].permute(3, 2, 0, 1).contiguous()
    y = F.conv2d(x[:, :, :h, :wide], turned(f"a{i}/w"))
    y = F.conv2d(y, turned(f"b{i}/w"), w[f"b{i}/bias"], stride=s, padding=p, dilation=d)
    if pool == "max":
        y = F.max_pool2d(y, size, step, edge)
    if pool == "avg":
        y = F.avg_pool2d(y, size, step, edge, count_include_pad=False)
    return (y * y).mean()


def record(images, weights, geometries, width):
    w = {n: torch.tensor(v.astype(width), requires_grad=True) for n, v in weights.items()}
    optimizer = torch.optim.SGD(list(w.values()), lr=0.01)
    losses = []
    for step in range(EPOCHS * ROWS // BATCH):
        first = step * BATCH % ROWS
        x = torch.tensor(images[first:first + BATCH].astype(width)).permute(0, 3, 1, 2).contiguous()
        loss = sum(forward(w, i, x, g) for i, g in enumerate(geometries))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, {n: v.detach().numpy() for n, v in w.items()}


def main():
    numbers, draws = np.random.default_rng(11), random.Random(4)
    geometries = [draw(draws.randint) for _ in range(GEOMETRIES)]
    images = (numbers.integers(-128, 129, (ROWS, HIGH, WIDE, CHANNELS)) / 64).astype(np.float32)
    weights = {}
    for i, (_, _, k, kw, _, _, _, f, c, *_) in enumerate(geometries):
        weights[f"a{i}/w"] = numbers.normal(0, 0.5, (1, 1, CHANNELS, c)).astype(np.float32)
        weights[f"b{i}/w"] = numbers.normal(0, 0.3, (k, kw, c, f)).astype(np.float32)
        weights[f"b{i}/bias"] = numbers.normal(0, 0.1, f).astype(np.float32)
    np.save(HERE / "torch_windows.npy", images)
    (HERE / "torch_windows.inv").write_text("\n".join(model(geometries)) + "\n")
    safetensors.numpy.save_file(weights, HERE / "torch_windows.init.safetensors")
    narrow, wide = (record(images, weights, geometries, t) for t in (np.float32, np.float64))
    with open(HERE / "torch_windows.expected", "w") as out:
        for step, pair in enumerate(zip(narrow[0], wide[0])):
            out.write(f"loss {step} {float(pair[0]).hex()} {float(pair[1]).hex()}\n")
        for name in sorted(weights):
            out.write(f"tensor {name} {weights[name].size}\n")
            for pair in zip(narrow[1][name].ravel(), wide[1][name].ravel()):
                out.write(f"{float(pair[0]).hex()} {float(pair[1]).hex()}\n")


main()
