"""Small convolutional networks in PyTorch, channels last; the last argument is eager or compiled:
see dense/with_torch.py.
"""
import os
import sys

from torch import nn
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from dense import with_torch as dense
from peer import run
import torch


class ChannelsFirst(nn.Module):
    """As PyTorch counts axes; in memory channels stay the last."""

    def forward(self, x):
        return x.permute(0, 3, 1, 2)


class Rows(nn.Module):
    """Places and channels as one axis, in the order of memory."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class Eager(dense.Eager):
    def __init__(self, task, threads):
        super().__init__(task, threads)
        self.model.to(memory_format=torch.channels_last)

    def modules(self):
        layers = [ChannelsFirst()]
        for weights, _ in self.task.layers:
            if weights.ndim == 4:
                layers += [nn.Conv2d(*weights.shape[2:], 3), nn.ReLU()]
            else:
                layers += [nn.Linear(*weights.shape), nn.ReLU()]
        dense_layers = len(self.work.widths) - 1
        return layers[:-2 * dense_layers] + [nn.MaxPool2d(2), Rows()] + \
            layers[-2 * dense_layers:-1]


class Compiled(dense.Compiled):
    def forward(self, parameters, x, y):
        x, filters = x.permute(0, 3, 1, 2), 2 * len(self.work.filters)
        for i in range(0, filters, 2):
            x = F.relu(F.conv2d(x, parameters[i], parameters[i + 1]))
        x = F.max_pool2d(x, 2).permute(0, 2, 3, 1).flatten(1)
        return super().forward(parameters[filters:], x, y)


def make(task, threads, option):
    return {"eager": Eager, "compiled": Compiled}[option](task, threads)


run(make)
