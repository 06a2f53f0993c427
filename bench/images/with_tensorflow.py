"""Convolutional networks in TensorFlow: see dense/with_tensorflow.py.  Not compiled by XLA, whose
gradients of convolutions take many times as long on CPUs."""
import os
import sys

import tensorflow as tf

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from dense import with_tensorflow as dense
from peer import run
from workloads import FLATTEN, HALVE, MEAN, NORM, RELU, Conv, Residual, Units


def convolve(layer, x, take):
    weights, pad, stride = next(take), "SAME" if layer.same else "VALID", layer.stride
    if layer.filters == 0:
        return tf.nn.depthwise_conv2d(x, tf.transpose(weights, (0, 1, 3, 2)),
                                      (1, stride, stride, 1), pad)
    y = tf.nn.conv2d(x, weights, stride, pad)
    return tf.nn.bias_add(y, next(take)) if layer.bias else y


def norm(x, scale, shift):
    return tf.compat.v1.nn.fused_batch_norm(x, scale, shift, epsilon=1e-5)[0]


def forward(layers, x, take):
    for layer in layers:
        if isinstance(layer, Conv):
            x = convolve(layer, x, take)
        elif isinstance(layer, Units):
            x = tf.nn.bias_add(x @ next(take), next(take))
        elif isinstance(layer, Residual):
            x = tf.nn.relu(forward(layer.layers, x, take) + forward(layer.shortcut, x, take))
        elif layer == NORM:
            x = norm(x, next(take), next(take))
        elif layer == RELU:
            x = tf.nn.relu(x)
        elif layer == HALVE:
            x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        elif layer == MEAN:
            x = tf.reduce_mean(x, (1, 2))
        elif layer == FLATTEN:
            x = tf.reshape(x, (x.shape[0], -1))
    return x


class TensorFlow(dense.TensorFlow):
    by_xla = False

    def forward(self, x):
        return forward(self.work.layers, x, iter(self.parameters))


run(TensorFlow)
