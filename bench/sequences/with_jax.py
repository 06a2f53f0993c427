"""Networks over sequences in JAX: recurrent layers by lax.scan, whose products with the inputs are
one for all steps; see dense/with_jax.py."""
import os
import sys

import jax
from jax import lax
from jax import numpy as jnp

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from dense.with_jax import Jax
from peer import run


def linear(x, layer):
    weights, bias = layer
    return x @ weights + bias


def norm(x, layer):
    scale, shift = layer
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-5) * scale + shift


def attention(work, x, take):
    batch, time, width = x.shape
    heads = linear(x, next(take)).reshape(batch, time, 3, work.heads, width // work.heads)
    mixed = jax.nn.dot_product_attention(heads[:, :, 0], heads[:, :, 1], heads[:, :, 2],
                                         is_causal=True)
    return linear(mixed.reshape(batch, time, width), next(take))


def transformer(work, layers, x):
    take = iter(layers)
    (table,), (places,) = next(take), next(take)
    x = table[x] + places
    for _ in range(work.layers):
        x = x + attention(work, norm(x, next(take)), take)
        x = x + linear(jax.nn.gelu(linear(norm(x, next(take)), next(take))), next(take))
    return norm(x, next(take)) @ table.T


def lstm(recurrent, state, given):
    hidden, cell = state
    i, f, g, o = jnp.split(given + linear(hidden, recurrent), 4, -1)
    cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
    hidden = jax.nn.sigmoid(o) * jnp.tanh(cell)
    return (hidden, cell), hidden


def gru(recurrent, state, given):
    hidden, = state
    (a, b, c), (d, e, f) = jnp.split(given, 3, -1), jnp.split(linear(hidden, recurrent), 3, -1)
    update, reset = jax.nn.sigmoid(a + d), jax.nn.sigmoid(b + e)
    hidden = (1 - update) * jnp.tanh(c + reset * f) + update * hidden
    return (hidden,), hidden


def recurrent(work, layers, x):
    if work.tokens:
        ((table,), *layers), x = layers, layers[0][0][x]
    into, between, out = layers
    step = {"lstm": lstm, "gru": gru}[work.cell]
    start = (jnp.zeros((x.shape[0], work.units)),) * {"lstm": 2, "gru": 1}[work.cell]
    _, steps = lax.scan(lambda state, given: step(between, state, given), start,
                        linear(x, into).swapaxes(0, 1))
    return linear(steps.swapaxes(0, 1) if work.tokens else steps[-1], out)


class Network(Jax):
    def predict(self, layers, x):
        return (transformer if self.work.cell == "attention" else recurrent)(self.work, layers, x)


run(Network)
