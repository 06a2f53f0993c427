"""Convolutional networks in PyTorch, channels last; the last argument is eager or compiled: see
dense/with_torch.py.  Batch norm keeps no running statistics, which nothing here reads.
"""
import os
import sys

from torch import nn
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from dense import with_torch as dense
from peer import run
from workloads import HALVE, MEAN, NORM, RELU, Conv, Residual, Units
import torch


def convolve(layer, x, take):
    weights, bias = next(take), next(take) if layer.bias else None
    groups = 1 if layer.filters else x.shape[1]
    border = layer.size // 2 if layer.same else 0
    return F.conv2d(x, weights, bias, layer.stride, border, 1, groups)


def forward(layers, x, take):
    """x: [batch, channels, height, width] or rows; take: the parameters, layer by layer."""
    for layer in layers:
        if isinstance(layer, Conv):
            x = convolve(layer, x, take)
        elif isinstance(layer, Units):
            x = F.linear(x, next(take), next(take))
        elif isinstance(layer, Residual):
            x = F.relu(forward(layer.layers, x, take) + forward(layer.shortcut, x, take))
        elif layer == NORM:
            x = F.batch_norm(x, None, None, next(take), next(take), training=True)
        elif layer == RELU:
            x = F.relu(x)
        elif layer == HALVE:
            x = F.max_pool2d(x, 2)
        elif layer == MEAN:
            x = x.mean((2, 3))
        else:
            x = x.permute(0, 2, 3, 1).flatten(1)  # in the order of memory
    return x


class Network(nn.Module):
    def __init__(self, task):
        super().__init__()
        self.layers = task.workload.layers
        self.parts = nn.ParameterList(dense.turned(part) for layer in task.layers for part in layer)

    def forward(self, x):
        return forward(self.layers, x.permute(0, 3, 1, 2), iter(self.parts))


class Eager(dense.Eager):
    def __init__(self, task, threads):
        super().__init__(task, threads)
        self.model.to(memory_format=torch.channels_last)

    def modules(self):
        return [Network(self.task)]


class Compiled(dense.Compiled):
    def forward(self, parameters, x, y):
        out = forward(self.work.layers, x.permute(0, 3, 1, 2), iter(parameters))
        return self.loss(out, y), out


def make(task, threads, option):
    return {"eager": Eager, "compiled": Compiled}[option](task, threads)


if __name__ == "__main__":
    run(make)
