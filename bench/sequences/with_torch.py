"""Networks over sequences in PyTorch: attention by scaled_dot_product_attention, recurrent layers by
nn.LSTM and nn.GRU; the last argument is eager or compiled: see dense/with_torch.py.  Compiled is
attention alone: torch.compile leaves recurrent layers as they are.
"""
import os
import sys

from torch import nn
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from dense import with_torch as dense
from peer import run


def linear(x, take):
    return F.linear(x, next(take), next(take))


def norm(x, take):
    return F.layer_norm(x, x.shape[-1:], next(take), next(take))


def attention(work, x, take):
    batch, time, width = x.shape
    heads = linear(x, take).view(batch, time, 3, work.heads, width // work.heads)
    query, key, value = heads.permute(2, 0, 3, 1, 4)
    mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    return linear(mixed.transpose(1, 2).reshape(batch, time, width), take)


def transformer(work, x, parameters):
    take = iter(parameters)
    table, places = next(take), next(take)
    x = F.embedding(x, table.T) + places.T
    for _ in range(work.layers):
        x = x + attention(work, norm(x, take), take)
        x = x + linear(F.gelu(linear(norm(x, take), take)), take)
    return norm(x, take) @ table


class Transformer(nn.Module):
    def __init__(self, task):
        super().__init__()
        self.work = task.workload
        self.parts = nn.ParameterList(dense.turned(part) for layer in task.layers for part in layer)

    def forward(self, x):
        return by_class(transformer(self.work, x, self.parts))


class Recurrent(nn.Module):
    def __init__(self, task):
        super().__init__()
        self.work = work = task.workload
        if work.tokens:
            self.read = nn.Parameter(dense.turned(task.layers[0][0]))
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[work.cell]
        self.cell = kind(work.width, work.units, batch_first=True)
        self.write = nn.Linear(work.units, work.classes)

    def forward(self, x):
        steps, _ = self.cell(F.embedding(x, self.read.T) if self.work.tokens else x)
        return by_class(self.write(steps if self.work.tokens else steps[:, -1]))


def by_class(out):
    """[batch, steps, classes] as cross_entropy takes it: the classes second."""
    return out.transpose(1, 2) if out.ndim == 3 else out


class Eager(dense.Eager):
    def __init__(self, task, threads):
        super().__init__(task, threads)
        if task.workload.cell != "attention":  # of recurrent layers both weights, then both biases
            at = 1 if task.workload.tokens else 0
            self.start[at + 1], self.start[at + 2] = self.start[at + 2], self.start[at + 1]

    def modules(self):
        return [(Transformer if self.work.cell == "attention" else Recurrent)(self.task)]


class Compiled(dense.Compiled):
    def forward(self, parameters, x, y):
        out = by_class(transformer(self.work, x, parameters))
        return self.loss(out, y), out


def make(task, threads, option):
    compiled = option == "compiled" and task.workload.cell == "attention"
    return (Compiled if compiled else Eager)(task, threads)


if __name__ == "__main__":
    run(make)
