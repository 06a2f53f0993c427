"""Dense models in PyTorch: the last argument is eager or compiled.

Eager: fused optimizer, gradients set to None, the loss read once an epoch, batches by index_select.
Compiled: forward, backward and optimizer are one graph of torch.compile.
"""
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from peer import run
from workloads import BETA1, BETA2, DECAY, EPSILON, MOMENTUM

LOSSES = {"cross_entropy": F.cross_entropy, "mse": F.mse_loss,
          "binary_cross_entropy": F.binary_cross_entropy_with_logits}


def right_rows(work, out, y):
    guess = out.argmax(1) if work.loss == "cross_entropy" else (out > 0).float()
    return (guess == y).sum()


def turned(weights):
    """Inputs and outputs change places; taps of filters come last."""
    part = torch.from_numpy(weights)
    return part.permute(*range(part.ndim - 1, part.ndim - 3, -1), *range(part.ndim - 2)) \
        if part.ndim > 1 else part


class Torch:
    """What both have in common: data and epochs.  step(rows) gives the mean loss of a batch and how
    many of its rows are right."""

    def __init__(self, task, threads):
        torch.set_num_threads(threads)
        self.task, self.work = task, task.workload
        self.x, self.y = torch.from_numpy(task.x), torch.from_numpy(task.y)
        self.loss = LOSSES[self.work.loss]

    def train(self):
        work = self.work
        order = torch.arange(work.rows)
        for _ in range(work.epochs):
            loss, hits = torch.zeros(()), torch.zeros((), dtype=torch.int64)
            if work.shuffle:
                order = torch.randperm(work.rows)
            for rows in order.split(work.batch):
                batch_loss, batch_hits = self.step(rows)
                loss += batch_loss * len(rows)
                if work.accuracy:
                    hits += batch_hits
            mean_loss, accuracy = loss.item() / work.rows, hits.item() / work.rows
        return mean_loss, accuracy


class Eager(Torch):
    def __init__(self, task, threads):
        super().__init__(task, threads)
        self.model = nn.Sequential(*self.modules())
        self.start = [turned(part) for layer in task.layers for part in layer]

    def modules(self):
        layers = []
        for weights, _ in self.task.layers:
            layers += [nn.Linear(*weights.shape), nn.ReLU()]
        return layers[:-1]

    def reset(self):
        torch.manual_seed(7)
        with torch.no_grad():
            for part, start in zip(self.model.parameters(), self.start):
                part.copy_(start)
        self.optimizer = self.new_optimizer(self.model.parameters())

    def new_optimizer(self, parameters):
        rate, adam = self.work.rate, {"betas": (BETA1, BETA2), "eps": EPSILON, "fused": True}
        if self.work.optimizer == "sgd":
            return torch.optim.SGD(parameters, lr=rate, momentum=MOMENTUM, fused=True)
        if self.work.optimizer == "adam":
            return torch.optim.Adam(parameters, lr=rate, **adam)
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=DECAY, **adam)

    def step(self, rows):
        x, y = self.x.index_select(0, rows), self.y.index_select(0, rows)
        out = self.model(x)
        loss = self.loss(out, y)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.detach(), self.work.accuracy and right_rows(self.work, out.detach(), y)

    def save(self, path):
        torch.save(self.model.state_dict(), path)


class Compiled(Torch):
    def __init__(self, task, threads):
        super().__init__(task, threads)
        self.start = [turned(part).contiguous() for layer in task.layers for part in layer]
        self.parameters = [part.clone() for part in self.start]
        self.first = [torch.zeros_like(part) for part in self.start]
        self.second = [torch.zeros_like(part) for part in self.start]
        self.steps = torch.zeros(())
        self.step = torch.compile(self.whole_step, dynamic=False, fullgraph=True,
                                  mode="max-autotune")

    def reset(self):
        torch.manual_seed(7)
        for part, start in zip(self.parameters, self.start):
            part.copy_(start)
        for part in [self.steps] + self.first + self.second:
            part.zero_()

    def forward(self, parameters, x, y):
        for i in range(0, len(parameters) - 2, 2):
            x = F.relu(F.linear(x, parameters[i], parameters[i + 1]))
        out = F.linear(x, parameters[-2], parameters[-1])
        return self.loss(out, y), out

    def whole_step(self, rows):
        x, y = self.x.index_select(0, rows), self.y.index_select(0, rows)
        gradient = torch.func.grad_and_value(self.forward, has_aux=True)
        grads, (loss, out) = gradient(self.parameters, x, y)
        self.steps += 1
        rate = self.work.rate / (1 - BETA1 ** self.steps)
        scale = (1 - BETA2 ** self.steps) ** -0.5
        for w, g, m, v in zip(self.parameters, grads, self.first, self.second):
            if self.work.optimizer == "sgd":
                m.mul_(MOMENTUM).add_(g)
                w.sub_(m * self.work.rate)
            else:
                m.mul_(BETA1).add_(g * (1 - BETA1))
                v.mul_(BETA2).add_(g * g * (1 - BETA2))
                if self.work.optimizer == "adamw":
                    w.mul_(1 - self.work.rate * DECAY)
                w.sub_(rate * m / (v.sqrt() * scale + EPSILON))
        return loss, right_rows(self.work, out, y) if self.work.accuracy else 0

    def save(self, path):
        torch.save(self.parameters, path)


def make(task, threads, option):
    return {"eager": Eager, "compiled": Compiled}[option](task, threads)


if __name__ == "__main__":
    run(make)
