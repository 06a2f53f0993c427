"""Dense models in JAX: the steps of an epoch are one lax.scan, all epochs one jitted call whose
state is donated; the last, smaller batch follows the scan."""
import os
import sys
from functools import partial

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from peer import run
from workloads import BETA1, BETA2, DECAY, EPSILON, MOMENTUM


def sum_of_losses(work, out, y):
    if work.loss == "cross_entropy":
        picked = jnp.take_along_axis(out, y[..., None], -1)[..., 0]
        losses = jax.nn.logsumexp(out, axis=-1) - picked
        return jnp.sum(losses.reshape(len(losses), -1).mean(1))
    if work.loss == "binary_cross_entropy":
        return jnp.sum(jax.nn.softplus(out) - out * y)
    return jnp.sum(jnp.square(out - y))


def right_rows(work, out, y):
    if not work.accuracy:
        return 0
    guess = out.argmax(1) if work.loss == "cross_entropy" else (out > 0).astype(jnp.float32)
    return jnp.sum(guess == y)


def update(work, step, w, g, m, v):
    if work.optimizer == "sgd":
        m = MOMENTUM * m + g
        return w - work.rate * m, m, v
    m = BETA1 * m + (1 - BETA1) * g
    v = BETA2 * v + (1 - BETA2) * g * g
    change = (work.rate / (1 - BETA1 ** step)) * (m / (jnp.sqrt(v / (1 - BETA2 ** step)) + EPSILON))
    if work.optimizer == "adamw":
        w = w * (1 - work.rate * DECAY)
    return w - change, m, v


class Jax:
    def __init__(self, task, threads):
        self.task, self.work, work = task, task.workload, task.workload
        labels = task.y.astype(np.int32) if work.loss == "cross_entropy" else task.y
        self.x, self.y = jnp.asarray(task.x), jnp.asarray(labels)

        @partial(jax.jit, donate_argnums=2)
        def train(x, y, state, key):
            keys = jax.random.split(key, work.epochs)
            state, reports = lax.scan(partial(self.train_epoch, x, y), state, keys)
            return state, jax.tree.map(lambda report: report[-1], reports)

        self.compiled = train

    def predict(self, layers, x):
        for weights, bias in layers[:-1]:
            x = jax.nn.relu(x @ weights + bias)
        weights, bias = layers[-1]
        return x @ weights + bias

    def train_step(self, state, x, y):
        """state: (step, layers, m, v); x and y are one batch."""
        def mean_loss(layers):
            out = self.predict(layers, x)
            total = sum_of_losses(self.work, out, y)
            return total / len(x), (total, right_rows(self.work, out, y))

        step, layers, first, second = state
        grads, (total, hits) = jax.grad(mean_loss, has_aux=True)(layers)
        step = step + 1
        changed = jax.tree.map(partial(update, self.work, step), layers, grads, first, second)
        layers, first, second = jax.tree.transpose(
            jax.tree.structure(layers), jax.tree.structure((0, 0, 0)), changed)
        return (step, layers, first, second), (total, hits)

    def train_epoch(self, x, y, state, key):
        work = self.work
        order = jax.random.permutation(key, work.rows) if work.shuffle else jnp.arange(work.rows)
        full = work.rows // work.batch * work.batch

        def scanned(state, rows):
            return self.train_step(state, x[rows], y[rows])

        state, (loss, hits) = lax.scan(scanned, state, order[:full].reshape(-1, work.batch))
        loss, hits = jnp.sum(loss), jnp.sum(hits)
        if full < work.rows:
            state, (last, more) = scanned(state, order[full:])
            loss, hits = loss + last, hits + more
        return state, (loss / work.rows, hits / work.rows)

    def reset(self):
        layers = [tuple(jnp.array(part) for part in layer) for layer in self.task.layers]
        first, second = jax.tree.map(jnp.zeros_like, (layers, layers))
        self.state = jax.block_until_ready((jnp.float32(0), layers, first, second))
        self.key = jax.random.key(7)

    def train(self):
        self.state, report = self.compiled(self.x, self.y, self.state, self.key)
        jax.block_until_ready(self.state)
        return tuple(float(value) for value in report)

    def save(self, path):
        with open(path, "wb") as out:
            np.savez(out, *(part for layer in self.state[1] for part in layer))


if __name__ == "__main__":
    run(Jax)
