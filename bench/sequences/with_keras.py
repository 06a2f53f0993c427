"""Networks over sequences in Keras on TensorFlow: see dense/with_keras.py."""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from dense.with_keras import Keras, keras
from peer import run

layers = keras.layers


class Places(layers.Layer):
    """Adds a learned vector for each step."""

    def build(self, shape):
        self.table = self.add_weight(shape=shape[1:], name="table")

    def call(self, x):
        return x + self.table


class Tied(layers.Layer):
    """Scores of all tokens: products with the vectors by which they are read."""

    def __init__(self, table):
        super().__init__()
        self.table = table

    def call(self, x):
        return keras.ops.matmul(x, keras.ops.transpose(self.table.embeddings))


class Network(Keras):
    def new_model(self):
        work = self.work
        start = keras.Input(work.row, dtype="int32" if work.tokens else "float32")
        end = self.transformer(start) if work.cell == "attention" else self.recurrent(start)
        return keras.Model(start, end)

    def weighted(self, layer, *inputs, **how):
        """Applies a layer whose start comes next in the task."""
        self.placed = getattr(self, "placed", []) + [layer]
        return layer(*inputs, **how)

    def norm(self, x):
        return self.weighted(layers.LayerNormalization(epsilon=1e-5), x)

    def transformer(self, x):
        work = self.work
        table = layers.Embedding(work.tokens, work.width)
        x = self.weighted(Places(), self.weighted(table, x))
        for _ in range(work.layers):
            z, attention = self.norm(x), layers.MultiHeadAttention(work.heads,
                                                                   work.width // work.heads)
            x = layers.Add()([x, self.weighted(attention, z, z, use_causal_mask=True)])
            z = self.weighted(layers.Dense(4 * work.width, activation="gelu"), self.norm(x))
            x = layers.Add()([x, self.weighted(layers.Dense(work.width), z)])
        return Tied(table)(self.norm(x))

    def recurrent(self, x):
        work = self.work
        if work.tokens:
            x = self.weighted(layers.Embedding(work.tokens, work.width), x)
        kind = {"lstm": layers.LSTM, "gru": layers.GRU}[work.cell]
        x = self.weighted(kind(work.units, return_sequences=work.tokens > 0), x)
        return self.weighted(layers.Dense(work.classes), x)

    def set_start(self):
        parts = iter(self.task.layers)
        for layer in self.placed:
            part = list(next(parts))
            if isinstance(layer, layers.LSTM):
                part = [part[0], next(parts)[0], part[1]]
            elif isinstance(layer, layers.GRU):
                more = next(parts)
                part = [part[0], more[0], np.stack([part[1], more[1]])]
            elif isinstance(layer, layers.MultiHeadAttention):
                thirds = [np.split(array, 3, -1) for array in part]
                part = [array for pair in zip(*thirds) for array in pair] + list(next(parts))
            layer.set_weights([array.reshape(old.shape)
                               for array, old in zip(part, layer.get_weights())])


run(Network)
