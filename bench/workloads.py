"""What is measured: one row a workload, one row a peer.

A workload's `kind` is the folder of its peers' programs, `KIND/with_LIBRARY.py`; a peer without a
program there is left out of that workload's tables.
"""
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Dense:
    """Dense layers with relu between them, trained on rows drawn by chance."""
    model: str                # the model file, from the root of the repository
    widths: tuple             # columns of the data, then units of each layer
    loss: str                 # cross_entropy, binary_cross_entropy (of a sigmoid) or mse
    rows: int                 # of the train part
    batch: int
    epochs: int
    optimizer: str            # sgd, adam or adamw, with the numbers of OPTIMIZERS
    rate: float
    shuffle: bool = True      # a new order in each epoch
    accuracy: bool = False    # reported for each epoch, as the loss is
    kind: str = "dense"

    @property
    def steps(self):
        return self.epochs * -(-self.rows // self.batch)

    @property
    def row(self):
        return self.widths[:1]

    @property
    def weights(self):
        """Their shapes, outputs last; a layer has a bias, too."""
        return list(zip(self.widths, self.widths[1:]))

    @property
    def outputs(self):
        """Numbers that a row's layers store for the gradients; of dense ones they are few."""
        return 0

    @property
    def parameters(self):
        return sum(prod(shape) + shape[-1] for shape in self.weights)

    @property
    def step_bytes(self):
        """That a step moves at least if nothing stays in a cache: weights for the outputs and for
        the gradients of the inputs, gradients written; the optimizer's reads and writes; rows;
        outputs written, read by the next layer and for the gradients, and theirs as often."""
        optimizer = 5 if self.optimizer == "sgd" else 7
        return 4 * (self.parameters * (3 + optimizer) +
                    self.batch * (prod(self.row) + 6 * self.outputs))


@dataclass(frozen=True)
class Images(Dense):
    """Convolutions 3 by 3 without borders, each with relu, a maximum over 2 by 2, then dense
    layers with relu between them, whose first width is what the maximum leaves."""
    image: tuple = ()         # height, width, channels
    filters: tuple = ()
    kind: str = "images"

    @property
    def row(self):
        return self.image

    @property
    def weights(self):
        channels = (self.image[2], *self.filters)
        return [(3, 3, a, b) for a, b in zip(channels, channels[1:])] + super().weights

    @property
    def outputs(self):
        high, wide, _ = self.image
        return sum((high - 2 * i) * (wide - 2 * i) * count
                   for i, count in enumerate(self.filters, 1))


MOMENTUM = 0.9                          # of sgd
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # of adam and adamw
DECAY = 0.01                            # of adamw

WORKLOADS = {
    "seeded_mlp": Dense("examples/seeded_mlp/seeded_mlp.inv", (32, 128, 10), "cross_entropy",
                        rows=100, batch=32, epochs=10, optimizer="adam", rate=1e-3,
                        shuffle=False, accuracy=True),
    "binary": Dense("examples/binary/binary.inv", (10, 16, 1), "binary_cross_entropy",
                    rows=80, batch=32, epochs=10, optimizer="adam", rate=1e-3, accuracy=True),
    "mlp": Dense("bench/mlp.inv", (784, 256, 128, 10), "cross_entropy",
                 rows=60000, batch=64, epochs=1, optimizer="sgd", rate=0.01),
    "mlp_wide": Dense("bench/mlp_wide.inv", (1024, 4096, 4096, 1000), "cross_entropy",
                      rows=5120, batch=256, epochs=1, optimizer="adamw", rate=1e-3),
    "tabular": Dense("bench/tabular.inv", (100, 64, 64, 64, 64, 64, 64, 1), "mse",
                     rows=20000, batch=32, epochs=1, optimizer="adam", rate=1e-3),
    "cnn": Images("bench/cnn.inv", (9216, 128, 10), "cross_entropy", image=(28, 28, 1),
                  filters=(32, 64), rows=6400, batch=64, epochs=1, optimizer="adam", rate=1e-3),
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
