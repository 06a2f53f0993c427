#!/usr/bin/env python3
"""Records what PyTorch, Keras and TensorFlow make of layers alone, forward and backward: for each group of cases
layers_GROUP.inv, .init.safetensors and .expected, and layers.npy, the rows that all of them read.

    python3 -m venv venv && venv/bin/pip install torch keras tensorflow numpy safetensors
    KERAS_BACKEND=torch venv/bin/python record_layers.py [GROUP...]

Case i adds to a part of a row, x, a parameter xi/p that is 0; the layer makes y of it, and its loss
is sum(y (y / 2 + q)) with q, a parameter yi/q.  One step of sgd(lr = 64) leaves in xi/p what the
layer gives back, in its parameters their gradients and in yi/q what it gives, each -64 times the
mean over the rows: all that a vector of .expected holds, `vector PATH COUNT` and COUNT numbers.
They are computed in binary64.
"""
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras
import numpy as np
import safetensors.numpy
import tensorflow as tf
import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
ROWS, COUNT, RATE = 3, 480, 64


class Case:
    """text: the layer's line, in which {x}, {c} and {i} are x, a name and the case's number; of
    `shape` a row of x; weights: path within the model and start values; buffers likewise, but not
    trained; function(x, weights): y with channels last; coarse: x has few values, so that many
    are equal."""

    def __init__(self, text, shape, function, weights=None, buffers=None, coarse=False):
        self.__dict__.update(text=text, shape=shape, function=function, weights=weights or {},
                             buffers=buffers or {}, coarse=coarse)


def call(name, *positions, **options):
    said = [str(p) for p in positions]
    said += [f"{k} = {str(v).lower() if isinstance(v, bool) else v}" for k, v in options.items()]
    return f"{name}({', '.join(said)})" if said else name


def first(x):
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def keras_layer(make, *paths, buffers=(), training=True):
    """A layer of Keras as a function of a case; paths: its weights in the order that it has them."""
    def function(x, w):
        layer = make(dtype=str(x.dtype).removeprefix("torch."))
        layer.build(tuple(x.shape))
        kept = [w[b] for b in buffers]
        kept += [v.value for v in layer.non_trainable_variables[len(kept):]]
        options = {"training": training} if buffers else {}
        y, kept = layer.stateless_call([w[p] for p in paths], kept, x, **options)
        for path, value in zip(buffers, kept):
            w[path] = value
        return y
    return function


def by_tensorflow(function, x):
    """A function of TensorFlow within PyTorch's graph; in three dimensions it has binary32 alone."""
    width = torch.float32 if x.dim() == 5 else x.dtype

    class Node(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            v = tf.Variable(x.detach().to(width).numpy())
            with tf.GradientTape() as tape:
                y = function(v)
            ctx.taped = tape, v, y
            return torch.tensor(y.numpy()).to(x.dtype)

        @staticmethod
        def backward(ctx, g):
            tape, v, y = ctx.taped
            taken = tape.gradient(y, v, output_gradients=tf.constant(g.to(width).numpy()))
            return torch.tensor(taken.numpy()).to(g.dtype)
    return Node.apply(x)


# ---- convolutions

def conv(shape, filters, *size, bias=True, **o):
    """conv1d to conv3d by the axes of x, beside PyTorch."""
    axes, groups = len(shape) - 1, o.get("groups", 1)
    sizes = (size * axes)[:axes] if len(size) == 1 else size
    names = ["size", "width"] if axes == 2 else ["size", "height", "width"]
    said = {n: s for n, s in list(zip(names, sizes))[1:] if len(size) > 1}
    function = [F.conv1d, F.conv2d, F.conv3d][axes - 1]

    def run(x, w):
        turned = w["{c}/w"].movedim((-1, -2), (0, 1))
        return last(function(first(x), turned, w.get("{c}/bias"), o.get("stride", 1),
                             o.get("border", 0), o.get("dilation", 1), groups))
    weights = {"{c}/w": (*sizes, shape[-1] // groups, filters)}
    if bias:
        weights["{c}/bias"] = (filters,)
    options = {**said, **o, **({} if bias else {"with_bias": False})}
    return Case("{x} -> " + call(f"conv{axes}d", filters, sizes[0], **options) + " as {c}", shape,
                run, weights)


def depthwise(shape, *size, multiplier=1, **o):
    axes, c = len(shape) - 1, shape[-1]
    sizes = (size * axes)[:axes]
    said = {"width": sizes[1]} if len(size) > 1 else {}
    function = [F.conv1d, F.conv2d][axes - 1]

    def run(x, w):
        turned = w["{c}/w"].movedim((-2, -1), (0, 1)).reshape(c * multiplier, 1, *sizes)
        return last(function(first(x), turned, w["{c}/bias"], o.get("stride", 1),
                             o.get("border", 0), o.get("dilation", 1), c))
    return Case("{x} -> " + call(f"depthwise_conv{axes}d", size[0], **said, **o,
                                 multiplier=multiplier) + " as {c}", shape, run,
                {"{c}/w": (*sizes, c, multiplier), "{c}/bias": (c * multiplier,)})


def standardised(x, w):
    w = w["w{i}"]
    variance, mean = torch.var_mean(w, (0, 1, 2), correction=0)
    return last(F.conv2d(first(x), ((w - mean) / torch.sqrt(variance + 1e-5)).permute(3, 2, 0, 1)))


def keras_conv(name, shape, filters, *size, **o):
    """Conv1D to Conv3D, DepthwiseConv, SeparableConv with pad = same or causal."""
    axes, c = len(shape) - 1, shape[-1]
    sizes = (size * axes)[:axes] if len(size) == 1 else size
    multiplier, groups = o.get("multiplier", 1), o.get("groups", 1)
    made = dict(kernel_size=sizes, strides=o.get("stride", 1), padding=o.get("pad", "valid"),
                dilation_rate=o.get("dilation", 1))
    plain = {"{c}/w": (*sizes, c // groups, filters), "{c}/bias": (filters,)}
    names = ["size", "width"] if axes == 2 else ["size", "height", "width"]
    said = {n: s for n, s in list(zip(names, sizes))[1:] if len(size) > 1}
    if name == "conv":
        weights, cls = plain, getattr(keras.layers, f"Conv{axes}D")
        made.update(filters=filters, groups=groups)
    elif name == "depthwise_conv":
        weights = {"{c}/w": (*sizes, c, multiplier), "{c}/bias": (c * multiplier,)}
        cls = getattr(keras.layers, f"DepthwiseConv{axes}D")
        made.update(depth_multiplier=multiplier)
    else:
        weights = {"{c}/depthwise/w": (*sizes, c, multiplier),
                   "{c}/pointwise/w": (*[1] * axes, c * multiplier, filters),
                   "{c}/pointwise/bias": (filters,)}
        cls = getattr(keras.layers, f"SeparableConv{axes}D")
        made.update(filters=filters, depth_multiplier=multiplier)
    positions = [sizes[0]] if name == "depthwise_conv" else [filters, sizes[0]]
    return Case("{x} -> " + call(f"{name}{axes}d", *positions, **said, **o) + " as {c}", shape,
                keras_layer(lambda dtype: cls(dtype=dtype, **made), *weights), weights)


CONV2D = [
    conv((7, 5, 2), 3, 3, stride=4),
    conv((1, 1, 3), 4, 1),
    conv((5, 5, 2), 3, 5),
    conv((6, 9, 2), 2, 2, 3, dilation=3),
    conv((4, 4, 2), 3, 3, border=5, stride=2),
    conv((9, 9, 4), 6, 3, groups=2, stride=2, border=1),
    conv((5, 7, 6), 3, 3, groups=3, border=2, dilation=2),
    conv((8, 3, 3), 2, 1, stride=3, bias=False),
    conv((11, 4, 2), 2, 4, 1, stride=5, border=2),
    conv((3, 10, 1), 2, 1, 7),
    conv((4, 9, 3), 2, 3, 2, border=1, stride=4, dilation=2),
    conv((7, 7, 4), 4, 7, groups=4, border=6, stride=3),
    depthwise((6, 5, 3), 3, border=1),
    depthwise((7, 8, 2), 3, 2, stride=3, multiplier=3),
    depthwise((5, 5, 4), 2, dilation=4, multiplier=2),
    Case("contract(window({x}, [3, 2]), weight_standardisation(w{i}), 3)", (5, 4, 3), standardised,
         {"w{i}": (3, 2, 3, 4)}),
    keras_conv("conv", (7, 6, 2), 3, 3, pad="same", stride=2),
    keras_conv("conv", (5, 8, 2), 2, 4, 2, pad="same"),
    keras_conv("conv", (8, 7, 2), 2, 2, pad="same", stride=3),
    keras_conv("conv", (6, 7, 4), 2, 3, pad="same", dilation=2, groups=2),
    keras_conv("depthwise_conv", (7, 5, 3), 0, 3, pad="same", stride=2, multiplier=2),
    keras_conv("separable_conv", (6, 6, 2), 3, 3, pad="same", stride=2, multiplier=2),
    keras_conv("separable_conv", (7, 5, 3), 4, 2, 3, dilation=2),
]

CONV13 = [
    conv((9, 2), 3, 2, stride=4),
    conv((4, 3), 2, 3, border=4, stride=2),
    conv((10, 4), 4, 3, groups=2, dilation=3, border=1),
    conv((7, 2), 3, 7),
    depthwise((8, 3), 3, stride=2, border=2, multiplier=2),
    keras_conv("conv", (9, 2), 3, 3, pad="causal", dilation=2),
    keras_conv("conv", (10, 2), 2, 4, pad="causal", stride=3),
    keras_conv("conv", (7, 3), 2, 4, pad="same", stride=2),
    keras_conv("depthwise_conv", (9, 3), 0, 4, pad="same", stride=2),
    keras_conv("separable_conv", (8, 2), 3, 3, pad="same", stride=3, multiplier=2),
    conv((3, 4, 5, 2), 2, 2, 3, 1, stride=2, border=1),
    conv((4, 3, 3, 1), 3, 2, stride=3),
    conv((3, 3, 3, 2), 2, 3),
    conv((5, 3, 4, 2), 2, 2, dilation=2, border=1),
    keras_conv("conv", (3, 5, 4, 2), 2, 3, 2, 2, pad="same", stride=2),
]

# ---- transposed convolutions, and strides and borders of an axis each

def transposed(shape, filters, size, **o):
    """conv1d_transpose to conv3d_transpose beside PyTorch."""
    axes = len(shape) - 1
    function = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d][axes - 1]
    groups = o.get("groups", 1)

    def run(x, w):
        turned = w["{c}/w"].movedim((-1, -2), (0, 1))
        return last(function(first(x), turned, w["{c}/bias"], o.get("stride", 1), o.get("border", 0),
                             o.get("output_padding", 0), groups, o.get("dilation", 1)))
    return Case("{x} -> " + call(f"conv{axes}d_transpose", filters, size, **o) + " as {c}", shape, run,
                {"{c}/w": (*[size] * axes, filters // groups, shape[-1]), "{c}/bias": (filters,)})


def keras_transposed(shape, filters, size, stride):
    weights = {"{c}/w": (size, size, filters, shape[-1]), "{c}/bias": (filters,)}
    return Case("{x} -> " + call("conv2d_transpose", filters, size, stride=stride, pad="same")
                + " as {c}", shape, keras_layer(lambda dtype: keras.layers.Conv2DTranspose(
                    filters, size, stride, "same", dtype=dtype), *weights), weights)


def uneven(x, w):
    x = F.pad(first(x), (3, 0, 0, 2))
    return last(F.conv2d(x, w["{c}/w"].permute(3, 2, 0, 1), w["{c}/bias"], (3, 2), 0, (1, 2)))


TRANSPOSED = [
    transposed((4, 3, 2), 3, 3, stride=2),
    transposed((3, 5, 4), 4, 2, stride=3, groups=2),
    transposed((1, 1, 3), 2, 4),
    transposed((5, 4, 2), 3, 3, stride=2, border=2, dilation=2),
    transposed((3, 4, 2), 2, 3, stride=3, border=1, output_padding=2),
    transposed((6, 2), 3, 4, stride=3, border=1),
    transposed((2, 3, 2, 2), 2, 3, stride=2, border=1),
    keras_transposed((4, 5, 2), 3, 3, 2),
    keras_transposed((3, 3, 2), 2, 2, 3),
    Case("{x} -> conv2d(3, 2, width = 3, stride = [3, 2], border = [0, 2, 3, 0], dilation = [1, 2])"
         " as {c}", (6, 5, 2), uneven, {"{c}/w": (2, 3, 2, 3), "{c}/bias": (3,)}),
]


# ---- pooling

def plain(name, *positions, of, shape, coarse=False, **o):
    """A layer without parameters; of: y by channels-first x."""
    return Case("{x} -> " + call(name, *positions, **o), shape, lambda x, w: last(of(first(x))),
                coarse=coarse)


def pool(kind, shape, size, width=None, stride=None, border=0, coarse=False):
    """max_pool and avg_pool of any number of axes, beside PyTorch."""
    axes = len(shape) - 1
    name = f"{kind}_pool" + ("" if axes == 2 else f"{axes}d")
    function = getattr(F, f"{kind}_pool{axes}d")
    sizes = (size, width) if width else size
    options = {"width": width, "stride": stride, "border": border}
    more = {"count_include_pad": False} if kind == "avg" else {}
    return plain(name, size, of=lambda x: function(x, sizes, stride, border, **more), shape=shape,
                 coarse=coarse, **{k: v for k, v in options.items() if v})


LONG = {"max": "Max", "avg": "Average"}


def keras_pool(kind, shape, size, stride, coarse=False):
    axes = len(shape) - 1
    name = f"{kind}_pool" + ("" if axes == 2 else f"{axes}d")
    cls = getattr(keras.layers, f"{LONG[kind]}Pooling{axes}D")
    return Case("{x} -> " + call(name, size, stride=stride, pad="same"), shape,
                keras_layer(lambda dtype: cls(size, stride, "same", dtype=dtype)), coarse=coarse)


def same_avg(shape, size, stride):
    """AveragePooling with padding = "same" by TensorFlow: that of Keras on PyTorch counts what it
    repeats beyond the edges."""
    axes, case = len(shape) - 1, keras_pool("avg", shape, size, stride)
    case.function = lambda x, w: by_tensorflow(
        lambda v: tf.nn.avg_pool(v, size, stride, "SAME", ["NWC", "NHWC", "NDHWC"][axes - 1]), x)
    return case


def wide(kind, shape):
    """Over all places."""
    axes = len(shape) - 1
    name = f"global_{kind}_pool" + ("" if axes == 2 else f"{axes}d")
    cls = getattr(keras.layers, f"Global{LONG[kind]}Pooling{axes}D")
    return Case("{x} -> " + name, shape, keras_layer(lambda dtype: cls(dtype=dtype)))


POOLS = [
    pool("max", (7, 5, 2), 3, stride=2, border=1, coarse=True),
    pool("max", (6, 8, 2), 2, stride=3),
    pool("max", (5, 7, 2), 3, 2, stride=1, border=1, coarse=True),
    pool("max", (4, 3, 3), 4, 3),
    pool("max", (5, 5, 2), 1, stride=4),
    pool("avg", (7, 5, 2), 3, stride=2, border=1),
    pool("avg", (5, 9, 2), 2, stride=5),
    pool("avg", (6, 5, 2), 4, 3, stride=2, border=1),
    pool("avg", (3, 3, 3), 3),
    keras_pool("max", (7, 6, 2), 3, 2, coarse=True),
    keras_pool("max", (5, 8, 2), 2, 3),
    same_avg((7, 6, 2), 3, 2),
    same_avg((5, 4, 2), 4, 3),
    pool("max", (11, 2), 4, stride=3, border=2, coarse=True),
    pool("avg", (9, 3), 2, stride=3, border=1),
    same_avg((8, 2), 3, 2),
    pool("max", (3, 5, 4, 2), 3, stride=2, border=1, coarse=True),
    pool("avg", (4, 3, 5, 2), 2, stride=3, border=1),
    keras_pool("max", (3, 4, 5, 2), 2, 2),
    same_avg((5, 3, 3, 2), 3, 2),
    plain("lp_pool", 2, 3, of=lambda x: F.lp_pool2d(x, 2, 3, 2), shape=(7, 5, 2), stride=2),
    plain("lp_pool", 4, 2, of=lambda x: F.lp_pool2d(x, 4, (2, 3), 3), shape=(6, 6, 2), width=3,
          stride=3),
    plain("adaptive_avg_pool", 3, 2, of=lambda x: F.adaptive_avg_pool2d(x, (3, 2)), shape=(7, 5, 2)),
    plain("adaptive_avg_pool", 1, of=lambda x: F.adaptive_avg_pool2d(x, 1), shape=(3, 8, 2)),
    plain("adaptive_max_pool", 3, 4, of=lambda x: F.adaptive_max_pool2d(x, (3, 4)), shape=(5, 7, 2),
          coarse=True),
    wide("avg", (5, 3, 4)),
    wide("max", (5, 3, 4)),
    wide("avg", (9, 3)),
    wide("max", (9, 3)),
    wide("avg", (3, 2, 4, 2)),
    wide("max", (3, 2, 4, 2)),
]


# ---- normalisation

SCALE, SHIFT = "{c}/affine/scale", "{c}/affine/shift"
MEAN, VARIANCE = "{c}/running_mean", "{c}/running_variance"


def norm(text, shape, function, shift=True, buffers=False):
    weights = {SCALE: shape[-1:], **({SHIFT: shape[-1:]} if shift else {})}
    kept = {MEAN: np.linspace(-1, 1, shape[-1]), VARIANCE: np.linspace(0.5, 2, shape[-1])}
    return Case("{x} -> " + text + " as {c}", shape, function, weights, kept if buffers else {})


def batch_norm(rate):
    def function(x, w):
        kept = [w[p].detach().clone() for p in (MEAN, VARIANCE)]
        y = F.batch_norm(first(x), *kept, w[SCALE], w[SHIFT], True, rate)
        w[MEAN], w[VARIANCE] = kept
        return last(y)
    return function


NORMS = [
    norm("batch_norm", (3, 5, 2), batch_norm(0.1), buffers=True),
    norm("batch_norm(rate = 0.3)", (2, 4), batch_norm(0.3), buffers=True),
    norm("batch_norm", (2, 3, 2, 3), batch_norm(0.1), buffers=True),
    norm("batch_norm(rate = 0.01, eps = 1e-3, unbiased = false)", (1, 4, 3),
         keras_layer(lambda dtype: keras.layers.BatchNormalization(dtype=dtype), SCALE, SHIFT,
                     buffers=(MEAN, VARIANCE)), buffers=True),
    norm("layer_norm", (4, 6), lambda x, w: F.layer_norm(x, x.shape[-1:], w[SCALE], w[SHIFT])),
    norm("layer_norm(eps = 1e-3)", (3, 2, 5), keras_layer(
        lambda dtype: keras.layers.LayerNormalization(dtype=dtype), SCALE, SHIFT)),
    norm("rms_norm", (3, 7), lambda x, w: F.rms_norm(x, x.shape[-1:], w[SCALE], 1e-6), shift=False),
    norm("rms_norm", (2, 2, 5), keras_layer(
        lambda dtype: keras.layers.RMSNormalization(dtype=dtype), SCALE), shift=False),
    norm("group_norm(3)", (3, 5, 6),
         lambda x, w: last(F.group_norm(first(x), 3, w[SCALE], w[SHIFT]))),
    norm("group_norm(1)", (7, 4), lambda x, w: last(F.group_norm(first(x), 1, w[SCALE], w[SHIFT]))),
    norm("group_norm(2, eps = 1e-3)", (4, 1, 4), keras_layer(
        lambda dtype: keras.layers.GroupNormalization(2, dtype=dtype), SCALE, SHIFT)),
    norm("instance_norm(with_scale = true, with_shift = true)", (5, 3, 3),
         lambda x, w: last(F.instance_norm(first(x), weight=w[SCALE], bias=w[SHIFT]))),
    plain("instance_norm", of=F.instance_norm, shape=(7, 2)),
    plain("local_response_norm", 3, of=lambda x: F.local_response_norm(x, 3, 0.5, 0.75, 2),
          shape=(2, 3, 5), alpha=0.5, k=2),
    plain("local_response_norm", 4, of=lambda x: F.local_response_norm(x, 4, 0.1, 0.5),
          shape=(3, 2, 6), alpha=0.1, beta=0.5),
    plain("local_response_norm", 7, of=lambda x: F.local_response_norm(x, 7, 1.0), shape=(4, 4, 3),
          alpha=1),
]


# ---- images

def frame(shape, top, bottom, left, right, fill):
    mode = {"zero": "constant"}.get(fill, fill)
    return plain("padding", top, bottom, left, right, shape=shape, fill=fill,
                 of=lambda x: F.pad(x, (left, right, top, bottom), mode=mode))


def resized(shape, height, width, method, align_corners=False):
    mode = {"nearest": "nearest-exact"}.get(method, method)
    more = {} if method == "nearest" else {"align_corners": align_corners}
    said = {"align_corners": True} if align_corners else {}
    return plain("resize", height, width, method, shape=shape, **said,
                 of=lambda x: F.interpolate(x, (height, width), mode=mode, **more))


def unfolded(x, *arguments):
    """Places and, at each, what is seen, row by row with channels last."""
    y = F.unfold(first(x), *arguments)
    taps = np.prod(arguments[0])
    return y.reshape(len(x), x.shape[-1], taps, -1).permute(0, 3, 2, 1)


IMAGES = [
    frame((4, 3, 2), 1, 2, 0, 3, "zero"),
    frame((4, 5, 2), 3, 1, 2, 4, "reflect"),
    frame((2, 3, 2), 5, 2, 0, 6, "replicate"),
    frame((3, 4, 2), 3, 2, 1, 4, "circular"),
    frame((1, 1, 3), 2, 1, 3, 0, "replicate"),
    plain("crop", 1, 2, 0, 3, shape=(6, 5, 2), of=lambda x: x[:, :, 1:-2, :-3]),
    plain("pixel_shuffle", 2, shape=(3, 2, 8), of=lambda x: F.pixel_shuffle(x, 2)),
    plain("pixel_shuffle", 3, shape=(1, 4, 9), of=lambda x: F.pixel_shuffle(x, 3)),
    plain("pixel_unshuffle", 3, shape=(6, 3, 2), of=lambda x: F.pixel_unshuffle(x, 3)),
    Case("{x} -> unfold(3, width = 2, stride = 2, border = 1)", (5, 6, 2),
         lambda x, w: unfolded(x, (3, 2), 1, 1, 2)),
    Case("{x} -> unfold(2, stride = 3, dilation = 2)", (7, 6, 2),
         lambda x, w: unfolded(x, (2, 2), 2, 0, 3)),
    Case("{x} -> unfold(3, stride = 2, pad = same)", (5, 6, 2),
         lambda x, w: keras.ops.image.extract_patches(x, 3, 2, padding="same",
                                                      data_format="channels_last")),
    resized((4, 5, 2), 7, 3, "nearest"),
    resized((3, 7, 2), 2, 11, "nearest"),
    resized((4, 5, 2), 7, 3, "bilinear"),
    resized((5, 3, 2), 3, 8, "bilinear", align_corners=True),
    resized((5, 4, 2), 1, 1, "bilinear"),
    resized((5, 4, 2), 1, 3, "bilinear", align_corners=True),
    resized((4, 5, 2), 7, 3, "bicubic"),
    resized((5, 3, 2), 3, 8, "bicubic", align_corners=True),
    resized((1, 1, 3), 4, 3, "bicubic"),
    Case("{x} -> resize(5, 8)", (7, 4, 2), lambda x, w: keras.ops.image.resize(
        x, (5, 8), "bilinear", data_format="channels_last")),
]


# ---- losses, x: all that they compare

def of_keras(name, **options):
    """A loss of Keras, of guess and truth."""
    return lambda guess, truth: getattr(keras.losses, name)(
        reduction="none", dtype=str(guess.dtype).removeprefix("torch."), **options)(truth, guess)


def loss(text, n, function):
    """function: of the parts of n numbers each that x consists of, {a}, {b} and {t} in the text."""
    parts = 3 if "{t}" in text else 2
    for k, letter in enumerate("abt"[:parts]):
        text = text.replace("{%s}" % letter, f"{{x}}[{k * n}..{k * n + n - 1}]")
    return Case(text, (parts * n,), lambda x, w: function(*x.split(n, 1)))


def place(x):
    return x.argmax(1)


def hot(x):
    return F.one_hot(place(x), x.shape[1]).to(x.dtype)


def overlap(g, t):
    both = (g * t).sum(1)
    return 1 - (both + 1) / (g.sum(1) + t.sum(1) - both + 1)


def pairs(a, b, t):
    d, same = F.pairwise_distance(a, b), torch.sigmoid(t[:, 0])
    return 0.5 * (same * d ** 2 + (1 - same) * torch.clamp(4 - d, min=0) ** 2)


LOSSES = [
    loss("cross_entropy({a}, argmax({b}))", 5,
         lambda a, b: F.cross_entropy(a, place(b), reduction="none")),
    loss("cross_entropy({a}, argmax({b}), smoothing = 0.2)", 4,
         lambda a, b: F.cross_entropy(a, place(b), reduction="none", label_smoothing=0.2)),
    loss("soft_cross_entropy({a}, softmax({b}))", 4,
         lambda a, b: F.cross_entropy(a, F.softmax(b, 1), reduction="none")),
    loss("soft_cross_entropy({a}, label_smoothing(one_hot(argmax({b})), 0.3))", 3,
         lambda a, b: F.cross_entropy(a, place(b), reduction="none", label_smoothing=0.3)),
    loss("binary_cross_entropy({a}, sigmoid({b}), pos_weight = 3)", 6,
         lambda a, b: F.binary_cross_entropy_with_logits(
             a, torch.sigmoid(b), reduction="none", pos_weight=torch.tensor(3.0, dtype=a.dtype))),
    loss("nll(log_softmax({a}), argmax({b}))", 5,
         lambda a, b: F.nll_loss(F.log_softmax(a, 1), place(b), reduction="none")),
    loss("focal({a}, argmax({b}), gamma = 1.5, alpha = [0.5, 1, 0.25, 2])", 4,
         lambda a, b: of_keras("CategoricalFocalCrossentropy", from_logits=True, gamma=1.5,
                               alpha=[0.5, 1.0, 0.25, 2.0])(a, hot(b))),
    loss("mean(binary_focal({a}, sigmoid(20 * {b}), gamma = 3, alpha = 0.3))", 6,
         lambda a, b: of_keras("BinaryFocalCrossentropy", from_logits=True, gamma=3, alpha=0.3,
                               apply_class_balancing=True)(a, torch.sigmoid(20 * b))),
    loss("dice(sigmoid({a}), sigmoid({b}), smooth = 1e-7)", 7,
         lambda a, b: of_keras("Dice", axis=1)(torch.sigmoid(a), torch.sigmoid(b))),
    loss("iou(sigmoid({a}), sigmoid({b}))", 7,
         lambda a, b: overlap(torch.sigmoid(a), torch.sigmoid(b))),
    loss("cosine_distance({a}, {b})", 5, lambda a, b: 1 - F.cosine_similarity(a, b, eps=1e-8)),
    loss("contrastive({a}, {b}, sigmoid({t}[0]), margin = 4)", 4, pairs),
    loss("triplet({a}, {b}, {t}, margin = 2)", 3, lambda a, b, t: F.triplet_margin_loss(
        a, b, t, margin=2, reduction="none")),
    loss("huber({a}, {b}, delta = 0.75)", 6,
         lambda a, b: F.huber_loss(a, b, reduction="none", delta=0.75)),
    loss("kl_divergence(softmax({a}), softmax({b}))", 5,
         lambda a, b: of_keras("KLDivergence")(F.softmax(a, 1), F.softmax(b, 1))),
    loss("mean(log_cosh({a}, {b}))", 5, of_keras("LogCosh")),
]

# ---- sequences of labels

def ctc(t, k, u, said, labels, frames=None, count=None, blank=None, **o):
    """ctc of t places of k classes: of a row x the first t are logits, of the u others `labels` makes
    the classes, `said` in the model; frames, count: texts and functions of both lengths."""
    given = [f"frames = {frames[0]}"] if frames else []
    given += [f"labels = {count[0]}"] if count else []
    given += [f"blank = {blank}"] if blank is not None else []
    given += [f"{name} = {str(value).lower()}" for name, value in o.items()]
    text = f"ctc({', '.join([f'{{x}}[0..{t - 1}]', said, *given])})"

    def function(x, w):
        of = lambda length, all: (length[1](x).long() if length else
                                  torch.full((len(x),), all, dtype=torch.long))
        logs = F.log_softmax(x[:, :t], -1).movedim(0, 1)
        return F.ctc_loss(logs, labels(x[:, t:]), of(frames, t), of(count, u), reduction="none",
                          blank=k - 1 if blank is None else blank, **o)
    return Case(text, (t + u, k), function)


def ctc_last(t, k, u, **o):
    """The blank is the last class."""
    return ctc(t, k, u, f"argmax({{x}}[{t}..{t + u - 1}, 0..{k - 2}])",
               lambda y: y[..., :k - 1].argmax(-1), **o)


def clipped(rows, most):
    """tf.clip_by_norm of each row."""
    return rows * most / rows.norm(dim=-1, keepdim=True).clamp(min=most)


SEQUENCES = [
    ctc_last(8, 4, 3),
    ctc_last(1, 3, 1),
    ctc_last(7, 2, 3),
    ctc_last(3, 4, 3, zero_infinity=True),
    ctc(9, 4, 2, "argmax({x}[9..10] + [-9, 0, 0, 0])", lambda y: y[..., 1:].argmax(-1) + 1, blank=0),
    ctc_last(12, 5, 4,
             frames=("select({x}[0, 0] > 0, 12, 9)", lambda x: torch.where(x[:, 0, 0] > 0, 12, 9)),
             count=("select({x}[0, 1] > 0, 4, 0)", lambda x: torch.where(x[:, 0, 1] > 0, 4, 0))),
    ctc_last(11, 4, 5, count=("select({x}[0, 2] > 0, 1, 3)",
                              lambda x: torch.where(x[:, 0, 2] > 0, 1, 3))),
    Case("gather(w{i}, argmax({x}), axis = 1) + sum({x})", (3, 4),
         lambda x, w: w["w{i}"][:, x.argmax(-1)].movedim(1, 0) + x.sum((1, 2))[:, None, None, None],
         {"w{i}": (2, 4, 3)}),
    Case("take({x}, argmax({x}[0..1]), axis = 1)", (3, 4),
         lambda x, w: torch.stack([r[:, r[:2].argmax(-1)] for r in x])),
    Case("take({x}, argmax({x}[0]), axis = 2)", (3, 2, 3),
         lambda x, w: torch.stack([r[..., r[0].argmax(-1)] for r in x])),
    Case("(argmax({x}) -> embedding(3, max_norm = 1, padding = 1) as {c}) + {x}[..., 0..2]", (5, 4),
         lambda x, w: x[..., :3] + clipped(w["{c}/w"], 1)[x.argmax(-1)] *
         (x.argmax(-1) != 1)[..., None], {"{c}/w": (4, 3)}),
]

# ---- recurrence

def recurrent(kind, shape, units, text, cell="{c}/cell", **o):
    """RNN, GRU and LSTM of PyTorch, of one layer, one back, both ways or several over one another."""
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind]
    ways, layers = 2 if o.get("bidirectional") else 1, o.get("num_layers", 1)
    weights, names = {}, {}
    for layer in range(layers):
        for way in range(ways):
            path = cell.format(c="{c}", layer=layer, way=["forward", "backward"][way])
            n = shape[-1] if layer == 0 else units * ways
            weights[path + "/w"] = (n, gates * units)
            weights[path + "/u"] = (units, gates * units)
            weights[path + "/bias"] = (gates * units,)
            if kind == "GRU":
                weights[path + "/recurrent_bias"] = (gates * units,)
            names[path] = f"l{layer}" + ("_reverse" if way else "")

    def function(x, w):
        backward = o.get("backward", False)
        made = {k: v for k, v in o.items() if k != "backward"}
        module = getattr(torch.nn, kind)(shape[-1], units, batch_first=True, **made).to(x.dtype)
        given = {}
        for path, name in names.items():
            given["weight_ih_" + name] = w[path + "/w"].T
            given["weight_hh_" + name] = w[path + "/u"].T
            given["bias_ih_" + name] = w[path + "/bias"]
            given["bias_hh_" + name] = w.get(path + "/recurrent_bias",
                                             torch.zeros_like(w[path + "/bias"]))
        x = x.flip(1) if backward else x
        y = torch.func.functional_call(module, given, (x,))[0]
        return y.flip(1) if backward else y
    return Case("{x} -> " + text + " as {c}", shape, function, weights)


def by_hand(text, shape, step, units, weights, carried=1, last=None, mask=None, detach=0):
    """scan of a cell: step(x, state, w) -> y, state"""
    def function(x, w):
        state = [torch.zeros(len(x), units, dtype=x.dtype) for _ in range(carried)]
        out = []
        for t in range(shape[0]):
            if detach and t % detach == 0:
                state = [s.detach() for s in state]
            y, new = step(x[:, t], state, w)
            seen = mask(x, t) if mask else None
            state = [torch.where(seen, n, s) for n, s in zip(new, state)] if mask else new
            out.append(torch.where(seen, y, 0) if mask else y)
        y = torch.stack(out, 1)
        return y if last is None else state[last]
    return Case(text, shape, function, weights)


def gru_step(x, state, w):
    h, = state
    ar, az, an = (x @ w["{c}/w"] + w["{c}/bias"]).chunk(3, -1)
    hr, hz = (h @ w["{c}/u"]).chunk(2, -1)
    new = torch.tanh(an + (torch.sigmoid(ar + hr) * h) @ w["{c}/v"])
    update = torch.sigmoid(az + hz)
    h = (1 - update) * new + update * h
    return h, [h]


def lstm_step(x, state, w):
    h, c = state
    i, f, g, o = (x @ w["{c}/w"] + w["{c}/bias"] + h @ w["{c}/u"]).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, [h, c]


def normed(a, scale, shift=None):
    return F.layer_norm(a, a.shape[-1:], scale, shift)


def peephole_step(x, state, w):
    h, c = state
    p = w["{c}/cell/peephole"]
    i, f, g, o = (x @ w["{c}/cell/w"] + w["{c}/cell/bias"] + h @ w["{c}/cell/u"]).chunk(4, -1)
    c = torch.sigmoid(f + p[1] * c) * c + torch.sigmoid(i + p[0] * c) * torch.tanh(g)
    h = torch.sigmoid(o + p[2] * c) * torch.tanh(c)
    return h, [h, c]


def normed_lstm_step(x, state, w):
    h, c = state
    w = {path.removeprefix("{c}/cell/"): value for path, value in w.items()}
    a = normed(x @ w["w"], w["norm/affine/scale"]) + w["bias"]
    i, f, g, o = (a + normed(h @ w["u"], w["recurrent_norm/affine/scale"])).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    shown = normed(c, w["state_norm/affine/scale"], w["state_norm/affine/shift"])
    h = torch.sigmoid(o) * torch.tanh(shown)
    return h, [h, c]


def normed_gru_step(x, state, w):
    h, = state
    w = {path.removeprefix("{c}/cell/"): value for path, value in w.items()}
    units = h.shape[-1]
    a, b = x @ w["w"], h @ w["u"]
    bias = w["bias"]
    gates = normed(a[:, :2 * units], w["norm/gates/affine/scale"]) + bias[:2 * units]
    an = normed(a[:, 2 * units:], w["norm/new/affine/scale"]) + bias[2 * units:]
    if "v" in w:
        gates = gates + normed(b, w["recurrent_norm/affine/scale"])
        r, z = torch.sigmoid(gates).chunk(2, -1)
        new = torch.tanh(an + normed((r * h) @ w["v"], w["reset_norm/affine/scale"]))
    else:
        gates = gates + normed(b[:, :2 * units], w["recurrent_norm/gates/affine/scale"])
        r, z = torch.sigmoid(gates).chunk(2, -1)
        new = torch.tanh(an + r * normed(b[:, 2 * units:], w["recurrent_norm/new/affine/scale"]))
    h = (1 - z) * new + z * h
    return h, [h]


def of_cell(**weights):
    return {"{c}/cell/" + path.replace("__", "/"): shape for path, shape in weights.items()}


def lstm_weights(n, units):
    return {"{c}/w": (n, 4 * units), "{c}/u": (units, 4 * units), "{c}/bias": (4 * units,)}


RECURRENT = [
    recurrent("RNN", (5, 3), 4, "simple_rnn(4)"),
    recurrent("RNN", (7, 2), 3, "simple_rnn(3, relu)", nonlinearity="relu"),
    recurrent("RNN", (1, 3), 2, "simple_rnn(2)"),
    recurrent("RNN", (6, 3), 4, "simple_rnn(4, reverse = true)", backward=True),
    recurrent("GRU", (5, 3), 4, "gru(4)"),
    recurrent("GRU", (9, 1), 5, "gru(5, reverse = true)", backward=True),
    recurrent("LSTM", (5, 3), 4, "lstm(4)"),
    recurrent("LSTM", (11, 2), 3, "lstm(3, reverse = true)", backward=True),
    recurrent("LSTM", (6, 3), 3, "stacked(lstm_cell(3), 2)", "{c}/layer/{layer}/cell",
              num_layers=2),
    recurrent("GRU", (5, 2), 3, "bidirectional(gru_cell(3))", "{c}/{way}", bidirectional=True),
    by_hand("scan({x}, gru_cell(3, reset_after = false)) as {c}", (6, 2), gru_step, 3,
            {"{c}/w": (2, 9), "{c}/bias": (9,), "{c}/u": (3, 6), "{c}/v": (3, 3)}),
    by_hand("scan({x}, lstm_cell(3), mask = {x}[..., 0] > 0) as {c}", (6, 2), lstm_step, 3,
            lstm_weights(2, 3), carried=2, mask=lambda x, t: x[:, t, :1] > 0),
    by_hand("scan({x}, lstm_cell(3), detach = 3) as {c}", (8, 2), lstm_step, 3, lstm_weights(2, 3),
            carried=2, detach=3),
    by_hand("{x} -> lstm(3, peepholes = true) as {c}", (6, 2), peephole_step, 3,
            of_cell(w=(2, 12), u=(3, 12), bias=(12,), peephole=(3, 3)), carried=2),
    by_hand("{x} -> lstm(4, normed = true) as {c}", (5, 2), normed_lstm_step, 4,
            of_cell(w=(2, 16), u=(4, 16), bias=(16,), norm__affine__scale=(16,),
                    recurrent_norm__affine__scale=(16,), state_norm__affine__scale=(4,),
                    state_norm__affine__shift=(4,)), carried=2),
    by_hand("{x} -> gru(4, normed = true) as {c}", (5, 2), normed_gru_step, 4,
            of_cell(w=(2, 12), u=(4, 12), bias=(12,), norm__gates__affine__scale=(8,),
                    norm__new__affine__scale=(4,), recurrent_norm__gates__affine__scale=(8,),
                    recurrent_norm__new__affine__scale=(4,))),
    by_hand("{x} -> gru(4, reset_after = false, normed = true) as {c}", (5, 2), normed_gru_step, 4,
            of_cell(w=(2, 12), u=(4, 8), v=(4, 4), bias=(12,), norm__gates__affine__scale=(8,),
                    norm__new__affine__scale=(4,), recurrent_norm__affine__scale=(8,),
                    reset_norm__affine__scale=(4,))),
]

GROUPS = {"conv2d": CONV2D, "conv13": CONV13, "transposed": TRANSPOSED, "pools": POOLS,
          "norms": NORMS, "images": IMAGES, "losses": LOSSES, "recurrent": RECURRENT,
          "sequences": SEQUENCES}


# ---- models and vectors

def named(i, text):
    return text.replace("{x}", f"x{i}").replace("{c}", f"c{i}").replace("{i}", f"{i}")


def begin(case, i):
    """Where x begins in a row: not the same place for all."""
    return (37 * i) % (COUNT - int(np.prod(case.shape)) + 1)


def model(group, cases):
    text = [f"# layers_{group}.inv: see record_layers.py", "invar 1", "",
            'data rows = npy(numbers = "layers.npy") {', f"  input row: f32[{COUNT}] = numbers / 64",
            "  shuffle false", "}", "", "block moved(x: f32[n]) {", "  param p: f32[n] = 0",
            "  return x + p", "}", "", "block told(y: f32[...]) {", "  y = flatten(y)",
            "  param q: f32[elements(y)] = 0", "  return sum(y * (0.5 * y + q))", "}", "",
            f"model layers_{group}(row: f32[{COUNT}]) {{"]
    for i, case in enumerate(cases):
        at, n = begin(case, i), int(np.prod(case.shape))
        part = f"row[{at}..{at + n - 1}]"
        if case.coarse:
            part = f"floor({part})"
        text += [f"  x{i} = reshape({part} -> moved as x{i}, {list(case.shape)})"]
        text += [f"  param {named(i, p)}: f32{list(s)} = 0" for p, s in case.weights.items()
                 if "/" not in p]
        text += [f"  loss l{i} = {named(i, case.text)} -> told as y{i}"]
    return "\n".join(text + ["}", "", f"train layers_{group} on rows {{", "  seed 1  steps 1",
                             f"  batch {ROWS}", "  shuffle false",
                             f"  optimizer sgd(lr = {RATE})", "}"]) + "\n"


def start(case, i, rows):
    """Numbers of a case's parameters: multiples of 1/64, scales about 1."""
    random = np.random.default_rng(100 + i)
    draw = lambda shape: random.integers(-64, 65, shape) / 64
    weights = {f"x{i}/p": np.zeros(int(np.prod(case.shape)))}
    for path, shape in case.weights.items():
        weights[named(i, path)] = draw(shape) + (1 if path.endswith("scale") else 0)
    for path, value in case.buffers.items():
        weights[named(i, path)] = np.asarray(value)
    y = run(case, i, weights, rows, np.float64)[0]
    weights[f"y{i}/q"] = draw(y[0].numel())
    return {path: value.astype(np.float32) for path, value in weights.items()}


def run(case, i, weights, rows, width):
    """y, and all tensors by their paths."""
    at, n = begin(case, i), int(np.prod(case.shape))
    part = rows[:, at:at + n] / 64
    x = torch.tensor((np.floor(part) if case.coarse else part).astype(width))
    w = {path: torch.tensor(value.astype(width), requires_grad=True)
         for path, value in weights.items()}
    inner = {path: w[named(i, path)] for path in {**case.weights, **case.buffers}}
    y = case.function((x + w[f"x{i}/p"]).reshape(ROWS, *case.shape), inner)
    w.update({named(i, path): inner[path] for path in case.buffers})
    return y.reshape(ROWS, -1), w


def vectors(case, i, weights, rows, width):
    y, w = run(case, i, weights, rows, width)
    loss = (y * (y / 2 + w[f"y{i}/q"])).sum() / ROWS
    trained = [path for path in weights if path not in [named(i, b) for b in case.buffers]]
    for path, g in zip(trained, torch.autograd.grad(loss, [w[path] for path in trained])):
        w[path] = w[path] - RATE * g
    return {path: value.detach().numpy() for path, value in w.items()}


def record(group, cases, rows):
    (HERE / f"layers_{group}.inv").write_text(model(group, cases))
    started, ended, worst = {}, {}, (0, "", "")
    for i, case in enumerate(cases):
        weights = start(case, i, rows)
        wide = vectors(case, i, weights, rows, np.float64)
        narrow = vectors(case, i, weights, rows, np.float32)
        for path in wide:
            assert wide[path].any(), f"{path} of {case.text} is 0"
            own = np.abs(narrow[path] - wide[path]).max() / np.abs(wide[path]).max()
            worst = max(worst, (own, path, case.text))
        started.update(weights)
        ended.update(wide)
    safetensors.numpy.save_file(started, HERE / f"layers_{group}.init.safetensors")
    with open(HERE / f"layers_{group}.expected", "w") as out:
        print("by", ",".join([f"PyTorch-{torch.__version__.split('+')[0]}",
                              f"Keras-{keras.__version__}", f"TensorFlow-{tf.__version__}"]), file=out)
        print("vectors", len(ended), file=out)
        for path, value in ended.items():
            print("vector", path, value.size, file=out)
            numbers = [f"{v:.8g}" for v in value.ravel()]
            for k in range(0, len(numbers), 8):
                print(*numbers[k:k + 8], file=out)
    print(f"{group}: {len(cases)} cases, {sum(v.size for v in ended.values())} numbers, "
          f"binary32 off by {worst[0]:.1e} ({worst[1]}, {worst[2]})")


def main():
    rows = np.random.default_rng(13).integers(-128, 128, (ROWS, COUNT)).astype(np.int8)
    np.save(HERE / "layers.npy", rows)
    torch.set_num_threads(1)
    for group in sys.argv[1:] or GROUPS:
        group = group.removeprefix("layers_")
        record(group, GROUPS[group], rows.astype(np.float64))


if __name__ == "__main__":
    main()
