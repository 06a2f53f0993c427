"""Convolutional networks in Keras on TensorFlow, without XLA, whose convolutions take longer: see
dense/with_keras.py."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from dense.with_keras import Keras, keras
from peer import run
from workloads import FLATTEN, HALVE, MEAN, NORM, RELU, Conv, Residual, Units

layers = keras.layers


class Network(Keras):
    compiled = False

    def new_model(self):
        self.weighted = []  # layers with parameters, in the order of the workload's
        start = keras.Input(self.work.image)
        return keras.Model(start, self.forward(self.work.layers, start))

    def forward(self, rows, x):
        for row in rows:
            x = self.apply(row, x)
        return x

    def apply(self, row, x):
        if isinstance(row, Residual):
            return layers.ReLU()(layers.Add()([self.forward(row.layers, x),
                                               self.forward(row.shortcut, x)]))
        if row in (RELU, HALVE, MEAN, FLATTEN):
            make = {RELU: layers.ReLU, HALVE: layers.MaxPooling2D,
                    MEAN: layers.GlobalAveragePooling2D, FLATTEN: layers.Flatten}[row]
            return make()(x)
        self.weighted.append(self.weighted_layer(row))
        return self.weighted[-1](x)

    @staticmethod
    def weighted_layer(row):
        if isinstance(row, Units):
            return layers.Dense(row.count)
        if row == NORM:
            return layers.BatchNormalization(epsilon=1e-5)
        how = {"strides": row.stride, "padding": "same" if row.same else "valid",
               "use_bias": row.bias}
        if row.filters == 0:
            return layers.DepthwiseConv2D(row.size, **how)
        return layers.Conv2D(row.filters, row.size, **how)

    def set_start(self):
        for layer, start in zip(self.weighted, self.task.layers):
            shapes = [tuple(variable.shape) for variable in layer.weights[:len(start)]]
            layer.set_weights([part.reshape(shape) for part, shape in zip(start, shapes)] +
                              layer.get_weights()[len(start):])


run(Network)
