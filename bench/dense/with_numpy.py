"""Dense models by hand in NumPy: buffers made once, parameters and gradients in one block each, the
optimizer in blocks that stay in the cache.  OpenBLAS takes its threads from the environment."""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from peer import run
from workloads import BETA1, BETA2, DECAY, EPSILON, MOMENTUM

BLOCK = 16384  # elements


class Numpy:
    def __init__(self, task, threads):
        self.task, work = task, task.workload
        self.start = np.concatenate([part.ravel() for layer in task.layers for part in layer])
        self.theta, self.grad = np.empty_like(self.start), np.empty_like(self.start)
        self.state = np.empty((2, self.start.size), np.float32)
        self.weights, self.bias = self.views(self.theta)
        self.d_weights, self.d_bias = self.views(self.grad)
        rows = min(work.batch, work.rows)
        self.x = np.empty((rows, work.widths[0]), np.float32)
        self.out = [np.empty((rows, width), np.float32) for width in work.widths[1:]]
        self.delta = [np.empty_like(out) for out in self.out]
        self.open = [np.empty(out.shape, bool) for out in self.out]
        self.one, self.two = np.empty((2, min(BLOCK, self.start.size)), np.float32)
        self.range = np.arange(rows)

    def views(self, block):
        weights, bias, at = [], [], 0
        for w, b in self.task.layers:
            weights.append(block[at:at + w.size].reshape(w.shape))
            bias.append(block[at + w.size:at + w.size + b.size])
            at += w.size + b.size
        return weights, bias

    def reset(self):
        self.theta[:] = self.start
        self.state[:] = 0
        self.random = np.random.default_rng(7)

    def save(self, path):
        with open(path, "wb") as out:
            np.savez(out, *self.weights, *self.bias)

    def train(self):
        work, task, step = self.task.workload, self.task, 0
        order = None
        for _ in range(work.epochs):
            loss = hits = 0
            if work.shuffle:
                order = self.random.permutation(work.rows)
            for start in range(0, work.rows, work.batch):
                end = min(start + work.batch, work.rows)
                if order is None:
                    x, y = task.x[start:end], task.y[start:end]
                else:
                    rows = order[start:end]
                    x = np.take(task.x, rows, 0, self.x[:end - start], "clip")
                    y = task.y[rows]
                step += 1
                out = self.forward(x)
                delta = self.delta[-1][:len(x)]
                batch_loss, batch_hits = getattr(self, work.loss)(out, y, delta)
                loss += batch_loss
                hits += batch_hits
                self.backward(x, delta)
                self.update(step)
        return loss / work.rows, hits / work.rows

    def forward(self, x):
        last = len(self.out) - 1
        for i, (weights, bias) in enumerate(zip(self.weights, self.bias)):
            out = self.out[i][:len(x)]
            np.matmul(x, weights, out=out)
            out += bias
            x = out if i == last else np.maximum(out, 0, out=out)
        return x

    def backward(self, x, delta):
        rows = len(x)
        for i in range(len(self.out) - 1, -1, -1):
            below = self.out[i - 1][:rows] if i else x
            np.matmul(below.T, delta, out=self.d_weights[i])
            np.add.reduce(delta, 0, out=self.d_bias[i])
            if i:
                next_delta = np.matmul(delta, self.weights[i].T, out=self.delta[i - 1][:rows])
                next_delta *= np.greater(below, 0, out=self.open[i - 1][:rows])
                delta = next_delta

    # Each writes the gradient of the mean loss; gives the sum of the losses and the right rows.

    def cross_entropy(self, z, y, delta):
        rows = self.range[:len(z)]
        hits = np.count_nonzero(z.argmax(1) == y) if self.task.workload.accuracy else 0
        z -= np.maximum.reduce(z, 1, keepdims=True)
        np.exp(z, out=delta)
        total = np.add.reduce(delta, 1, keepdims=True)
        loss = np.add.reduce(np.log(total), None) - np.add.reduce(z[rows, y])
        total *= len(z)
        delta /= total
        delta[rows, y] -= np.float32(1 / len(z))
        return loss, hits

    def binary_cross_entropy(self, z, y, delta):
        hits = np.count_nonzero((z > 0) == (y > 0.5))
        loss = np.add.reduce(np.logaddexp(0, z) - z * y, None)
        np.negative(z, out=delta)
        np.exp(delta, out=delta)
        delta += 1
        np.reciprocal(delta, out=delta)
        delta -= y
        delta *= np.float32(1 / len(z))
        return loss, hits

    def mse(self, z, y, delta):
        np.subtract(z, y, out=delta)
        loss = np.vdot(delta, delta)
        delta *= np.float32(2 / len(z))
        return loss, 0

    def update(self, step):
        size = self.theta.size
        rule = self.sgd if self.task.workload.optimizer == "sgd" else self.adam
        for start in range(0, size, BLOCK):
            part = slice(start, min(start + BLOCK, size))
            count = part.stop - start
            rule(step, self.theta[part], self.grad[part], self.state[0, part],
                 self.state[1, part], self.one[:count], self.two[:count])

    def sgd(self, step, w, g, m, _, one, two):
        m *= np.float32(MOMENTUM)
        m += g
        w -= np.multiply(m, np.float32(self.task.workload.rate), out=one)

    def adam(self, step, w, g, m, v, one, two):
        rate = self.task.workload.rate
        m *= np.float32(BETA1)
        m += np.multiply(g, np.float32(1 - BETA1), out=one)
        v *= np.float32(BETA2)
        np.multiply(g, g, out=one)
        one *= np.float32(1 - BETA2)
        v += one
        np.sqrt(v, out=one)
        one *= np.float32((1 - BETA2 ** step) ** -0.5)
        one += np.float32(EPSILON)
        np.divide(m, one, out=two)
        two *= np.float32(rate / (1 - BETA1 ** step))
        if self.task.workload.optimizer == "adamw":
            w *= np.float32(1 - rate * DECAY)
        w -= two


run(Numpy)
