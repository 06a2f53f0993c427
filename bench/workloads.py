"""What is measured: one row a workload, one row a peer.

A workload's `kind` is the folder of its peers' programs, `KIND/with_LIBRARY.py`; a peer without a
program there is left out of that workload's tables.
"""
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A model trained on rows drawn by chance."""
    model: str                # the model file, from the root of the repository
    loss: str                 # cross_entropy, binary_cross_entropy (of a sigmoid) or mse
    rows: int                 # of the train part
    batch: int
    epochs: int
    optimizer: str            # sgd, adam or adamw, with the numbers of OPTIMIZERS
    rate: float
    shuffle: bool = True      # a new order in each epoch
    accuracy: bool = False    # reported for each epoch, as the loss is

    @property
    def steps(self):
        return self.epochs * -(-self.rows // self.batch)

    @property
    def step_bytes(self):
        """That a step moves at least if nothing stays in a cache: weights for the outputs and for
        the gradients of the inputs, gradients written; the optimizer's reads and writes; rows;
        outputs written, read by the next layer and for the gradients, and theirs as often."""
        optimizer = 5 if self.optimizer == "sgd" else 7
        parameters = sum(prod(shape) for layer in self.shapes for shape in layer)
        return 4 * (parameters * (3 + optimizer) +
                    self.batch * (prod(self.row) + 6 * self.outputs))


    def inputs(self, random):
        """The rows' inputs, drawn by a generator of NumPy."""
        return random.random((self.rows, *self.row), dtype="float32")

    def truth(self, random):
        if self.loss == "cross_entropy":
            return random.integers(0, self.classes, self.rows)
        if self.loss == "binary_cross_entropy":
            return random.integers(0, 2, (self.rows, 1)).astype("float32")
        return random.random((self.rows, 1), dtype="float32")


@dataclass(frozen=True, kw_only=True)
class Dense(Workload):
    """Dense layers with relu between them."""
    widths: tuple             # columns of the data, then units of each layer
    kind: str = "dense"

    @property
    def row(self):
        return self.widths[:1]

    @property
    def classes(self):
        return self.widths[-1]

    @property
    def shapes(self):
        """Of each layer's parameters: weights, outputs last, and bias."""
        return [((a, b), (b,)) for a, b in zip(self.widths, self.widths[1:])]

    @property
    def outputs(self):
        """Numbers that a row's layers store for the gradients; of dense ones they are few."""
        return 0


@dataclass(frozen=True)
class Conv:
    """A convolution; with filters = 0 each channel has one of its own."""
    filters: int
    size: int = 3
    stride: int = 1
    same: bool = True         # as large as the image, for a stride of 1
    bias: bool = False


@dataclass(frozen=True)
class Units:
    """A dense layer of what lies in a row."""
    count: int


@dataclass(frozen=True)
class Residual:
    """relu of the sum of what the layers and the shortcut (none: nothing) make of x."""
    layers: tuple
    shortcut: tuple = ()


NORM, RELU, HALVE, MEAN, FLATTEN = "norm", "relu", "halve", "mean", "flatten"  # 2 x 2: HALVE


def walk(layers, image, shapes, sizes):
    """What the layers make of (height, width, channels) or (columns,); adds the shapes of each
    layer's parameters, and how many numbers each convolution stores."""
    for layer in layers:
        if isinstance(layer, Residual):
            after = walk(layer.layers, image, shapes, sizes)
            walk(layer.shortcut, image, shapes, sizes)
            image = after
        elif isinstance(layer, Conv):
            high, wide, channels = image
            filters, seen = layer.filters or channels, channels if layer.filters else 1
            less = 0 if layer.same else layer.size - 1
            shapes.append(((layer.size, layer.size, seen, filters),) +
                          (((filters,),) if layer.bias else ()))
            image = (-(-(high - less) // layer.stride), -(-(wide - less) // layer.stride), filters)
            sizes.append(prod(image))
        elif isinstance(layer, Units):
            shapes.append(((image[0], layer.count), (layer.count,)))
            image = (layer.count,)
        elif layer == NORM:
            shapes.append(((image[-1],), (image[-1],)))
        elif layer == HALVE:
            image = (image[0] // 2, image[1] // 2, image[2])
        elif layer == MEAN:
            image = image[-1:]
        elif layer == FLATTEN:
            image = (prod(image),)
    return image


@dataclass(frozen=True, kw_only=True)
class Images(Workload):
    """Layers of those above for images of one size."""
    image: tuple              # height, width, channels
    layers: tuple
    kind: str = "images"

    @property
    def row(self):
        return self.image

    @property
    def classes(self):
        return self.layers[-1].count

    @property
    def shapes(self):
        """Of each layer's parameters: weights or scale, outputs last, and bias or shift."""
        shapes = []
        walk(self.layers, self.image, shapes, [])
        return shapes

    @property
    def outputs(self):
        sizes = []
        walk(self.layers, self.image, [], sizes)
        return sum(sizes)


@dataclass(frozen=True, kw_only=True)
class Sequences(Workload):
    """A network over the steps of rows of one length.  tokens: how many there are of them, each with
    a vector of `width` numbers, and the next is told at each step; 0: a step is `width` numbers, and
    the class of the row is told from the last."""
    cell: str                 # attention, lstm or gru
    time: int
    width: int
    units: int
    classes: int
    tokens: int = 0
    layers: int = 1           # of attention, with `heads` and four times as many hidden units
    heads: int = 1
    kind: str = "sequences"

    @property
    def row(self):
        return (self.time,) if self.tokens else (self.time, self.width)

    def inputs(self, random):
        if not self.tokens:
            return super().inputs(random)
        return random.integers(0, self.tokens, (self.rows, *self.row))

    def truth(self, random):
        return random.integers(0, self.classes, (self.rows, *(self.row if self.tokens else ())))

    @property
    def shapes(self):
        """Of each layer's parameters: weights, outputs last, and bias; scale and shift of norms."""
        shapes = [((self.tokens, self.width),)] if self.tokens else []
        width, units = self.width, self.units
        if self.cell == "attention":  # the table of tokens is used for the outputs, too
            norm = ((width,), (width,))
            layer = [norm, ((width, 3 * width), (3 * width,)), ((width, width), (width,)),
                     norm, ((width, 4 * width), (4 * width,)), ((4 * width, width), (width,))]
            return shapes + [((self.time, width),)] + layer * self.layers + [norm]
        gates = units * {"lstm": 4, "gru": 3}[self.cell]
        recurrent = [((width, gates), (gates,)), ((units, gates), (gates,))]
        return shapes + recurrent + [((units, self.classes), (self.classes,))]

    @property
    def outputs(self):
        """Numbers that the products over the steps of a row store."""
        if self.cell == "attention":
            return self.time * self.layers * (9 * self.width + self.heads * self.time)
        return self.time * self.units * {"lstm": 4, "gru": 3}[self.cell]


def separable(filters, stride=1):
    return (Conv(0, stride=stride), NORM, RELU, Conv(filters, 1), NORM, RELU)


def residual(filters, stride=1):
    return Residual((Conv(filters, stride=stride), NORM, RELU, Conv(filters), NORM),
                    (Conv(filters, 1, stride, bias=True),) if stride > 1 else ())


CNN = (Conv(32, same=False, bias=True), RELU, Conv(64, same=False, bias=True), RELU, HALVE, FLATTEN,
       Units(128), RELU, Units(10))
RESNET8 = (Conv(16), NORM, RELU, residual(16), residual(32, 2), residual(64, 2), MEAN, Units(10))
MOBILENET = (Conv(8, stride=2), NORM, RELU, *separable(16), *separable(32, 2), *separable(32),
             *separable(64, 2), *separable(64), *separable(128, 2), *separable(128) * 5,
             *separable(256, 2), *separable(256), MEAN, Units(2))

MOMENTUM = 0.9                          # of sgd
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # of adam and adamw
DECAY = 0.01                            # of adamw

WORKLOADS = {
    "seeded_mlp": Dense(model="examples/seeded_mlp/seeded_mlp.inv", widths=(32, 128, 10),
                        loss="cross_entropy",
                        rows=100, batch=32, epochs=10, optimizer="adam", rate=1e-3,
                        shuffle=False, accuracy=True),
    "binary": Dense(model="examples/binary/binary.inv", widths=(10, 16, 1),
                    loss="binary_cross_entropy",
                    rows=80, batch=32, epochs=10, optimizer="adam", rate=1e-3, accuracy=True),
    "mlp": Dense(model="bench/mlp.inv", widths=(784, 256, 128, 10),
                 loss="cross_entropy",
                 rows=60000, batch=64, epochs=1, optimizer="sgd", rate=0.01),
    "mlp_wide": Dense(model="bench/mlp_wide.inv", widths=(1024, 4096, 4096, 1000),
                      loss="cross_entropy",
                      rows=5120, batch=256, epochs=1, optimizer="adamw", rate=1e-3),
    "tabular": Dense(model="bench/tabular.inv", widths=(100, 64, 64, 64, 64, 64, 64, 1),
                     loss="mse",
                     rows=20000, batch=32, epochs=1, optimizer="adam", rate=1e-3),
    "cnn": Images(model="bench/cnn.inv", layers=CNN, loss="cross_entropy", image=(28, 28, 1),
                  rows=6400, batch=64, epochs=1, optimizer="adam", rate=1e-3),
    "resnet8": Images(model="bench/resnet8.inv", layers=RESNET8, loss="cross_entropy",
                      image=(32, 32, 3), rows=640, batch=32, epochs=1, optimizer="adam", rate=1e-3),
    "mobilenet": Images(model="bench/mobilenet.inv", layers=MOBILENET, loss="cross_entropy",
                        image=(96, 96, 3), rows=160, batch=16, epochs=1, optimizer="adam",
                        rate=1e-3),
    "gpt": Sequences(model="bench/gpt.inv", cell="attention", time=64, width=128, units=128,
                     classes=65, tokens=65, layers=4, heads=4, loss="cross_entropy", rows=600,
                     batch=12, epochs=1, optimizer="adamw", rate=1e-3),
    "lstm": Sequences(model="bench/lstm.inv", cell="lstm", time=64, width=64, units=128,
                      classes=65, tokens=65, loss="cross_entropy", rows=640, batch=32, epochs=1,
                      optimizer="adam", rate=1e-3),
    "gru_small": Sequences(model="bench/gru_small.inv", cell="gru", time=200, width=8, units=32,
                           classes=10, loss="cross_entropy", rows=320, batch=16, epochs=1,
                           optimizer="adam", rate=1e-3),
}

# Name in the tables: the library (of the program's name) and the program's own option.
PEERS = {
    "numpy": ("numpy", ""),
    "jax": ("jax", ""),
    "pytorch": ("torch", "eager"),
    "pytorch compiled": ("torch", "compiled"),
    "tensorflow": ("tensorflow", ""),
    "keras": ("keras", ""),
}

SLOW = 1.5  # a peer that takes over so many times the best peer's time in a turn runs no more
LONG = 2    # seconds of Invar's loop from which on two turns do

CONTRACTION = "contraction"  # what is measured beside the workloads: products alone,
COMPILE = "compile "         # and the compiler, by the number of a model's layers
