#!/usr/bin/env python3
"""Records what PyTorch and Keras make of the models beside this file.

    python3 -m venv venv && venv/bin/pip install torch keras numpy safetensors
    KERAS_BACKEND=torch venv/bin/python record.py [--data] [CASE...]

For each case NAME (model: NAME.inv) it writes NAME.init.safetensors, the initial weights,
NAME.init.fields.json, which columns the fields stand for, and NAME.expected, text: what the
framework gives in binary32 and in binary64,

    loss STEP VALUE32 VALUE64            of each of the 20 steps, before its update
    tensor PATH COUNT                    after them, followed by COUNT lines VALUE32 VALUE64

--data writes data.csv anew.  Every number in it is a multiple of 1/64, the same in both widths.
60 rows in batches of 16 make four steps an epoch, the last of 12 rows.
"""
import csv
import json
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras
import numpy as np
import safetensors.numpy
import torch
from keras import optimizers as ko
from keras import losses as kl
from torch.nn import functional as F
from torch.optim import lr_scheduler as schedule

HERE = pathlib.Path(__file__).parent
ROWS, BATCH, EPOCHS, INPUTS, HIDDEN = 60, 16, 5, 6, 8
STEPS = EPOCHS * -(-ROWS // BATCH)


def write_data():
    random = np.random.default_rng(7)
    x = random.integers(-128, 129, (ROWS, INPUTS)) / 64
    kind = np.argmax(x[:, :3] + random.normal(0, 0.5, (ROWS, 3)), axis=1)
    binary = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(int)
    real = np.round(64 * (np.sin(x[:, 0]) + x[:, 3] * 0.5 + random.normal(0, 0.1, ROWS))) / 64
    count = random.poisson(np.exp(0.5 * x[:, 4] + 0.2))
    cuts = np.sort(random.integers(0, 65, (ROWS, 2)), axis=1)
    share = np.stack([cuts[:, 0], cuts[:, 1] - cuts[:, 0], 64 - cuts[:, 1]], axis=1) / 64
    with open(HERE / "data.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([f"x{i}" for i in range(INPUTS)] + ["kind", "binary", "real", "count",
                                                         "p0", "p1", "p2"])
        for row in zip(x, kind, binary, real, count, share):
            out.writerow(list(row[0]) + list(row[1:5]) + list(row[5]))


def read_data(width):
    with open(HERE / "data.csv") as file:
        rows = list(csv.DictReader(file))
    column = lambda *names: np.array([[float(row[n]) for n in names] for row in rows], width)
    return {"x": column(*[f"x{i}" for i in range(INPUTS)]), "real": column("real"),
            "kind": column("kind")[:, 0].astype(np.int64), "binary": column("binary"),
            "sign": 2 * column("binary") - 1, "count": column("count"),
            "share": column("p0", "p1", "p2")}


def initial_weights(seed, outputs, extra):
    random = np.random.default_rng(seed)
    scaled = lambda n, m: random.uniform(-1, 1, (n, m)) * np.sqrt(6 / (n + m))
    weights = {"hidden/w": scaled(INPUTS, HIDDEN), "hidden/bias": random.uniform(-0.1, 0.1, HIDDEN),
               "head/w": scaled(HIDDEN, outputs), "head/bias": random.uniform(-0.1, 0.1, outputs)}
    weights.update(extra)
    return {path: value.astype(np.float32) for path, value in weights.items()}


def batches(data, target):
    for _ in range(EPOCHS):
        for start in range(0, ROWS, BATCH):
            part = slice(start, start + BATCH)
            yield data["x"][part], data[target][part]


class Torch:
    """activation and loss are functions; optimizer takes parameters, schedule the optimizer.
    plateau takes the optimizer, too, and follows the mean loss of epochs; parameters whose path
    begins with `frozen` have no gradient before epoch 2.  activation gets the parameters of `extra`
    and then `buffers`, which it changes itself."""

    def __init__(self, target, outputs, activation, loss, optimizer, schedule=None, clip=None,
                 extra=None, plateau=None, frozen=None, buffers=None):
        self.__dict__.update(target=target, outputs=outputs, activation=activation, loss=loss,
                             optimizer=optimizer, schedule=schedule, clip=clip, extra=extra or {},
                             plateau=plateau, frozen=frozen, buffers=buffers or {})

    def record(self, weights, width):
        w = {path: torch.tensor(value.astype(width), requires_grad=True)
             for path, value in weights.items() if path not in self.buffers}
        buffers = {path: torch.tensor(weights[path].astype(width)) for path in self.buffers}
        optimizer = self.optimizer(list(w.values()))
        schedule = self.schedule(optimizer) if self.schedule else None
        plateau = self.plateau(optimizer) if self.plateau else None
        losses, total = [], 0
        for step, (x, y) in enumerate(batches(read_data(width), self.target)):
            for path in w:
                w[path].requires_grad_(not self.frozen or step >= 2 * STEPS // EPOCHS
                                       or not path.startswith(self.frozen))
            h = torch.tensor(x) @ w["hidden/w"] + w["hidden/bias"]
            extra = [w[path] for path in self.extra] + list(buffers.values())
            out = self.activation(h, *extra) @ w["head/w"] + w["head/bias"]
            loss = self.loss(out, torch.tensor(y))
            optimizer.zero_grad()
            loss.backward()
            if self.clip:
                self.clip(list(w.values()))
            optimizer.step()
            if schedule:
                schedule.step()
            losses.append(loss.item())
            total += loss.item() * len(x)
            if plateau and (step + 1) % (STEPS // EPOCHS) == 0:
                plateau.step(total / ROWS)
                total = 0
        return losses, {path: value.detach().numpy() for path, value in {**w, **buffers}.items()}


class Keras:
    """A Sequential model of two Dense layers, compiled and trained by train_on_batch."""

    def __init__(self, target, outputs, activation, loss, optimizer, last=None, l2=None,
                 class_weight=None):
        self.__dict__.update(target=target, outputs=outputs, activation=activation, loss=loss,
                             optimizer=optimizer, last=last, l2=l2, class_weight=class_weight)
        self.extra = self.buffers = {}

    def record(self, weights, width):
        keras.config.set_floatx(np.dtype(width).name)
        keras.config.set_dtype_policy(np.dtype(width).name)
        penalty = keras.regularizers.L2(self.l2) if self.l2 else None
        layers = [keras.layers.Dense(HIDDEN, activation=self.activation,
                                     kernel_regularizer=penalty),
                  keras.layers.Dense(self.outputs, activation=self.last)]
        model = keras.Sequential([keras.Input((INPUTS,))] + layers)
        model.compile(optimizer=self.optimizer(), loss=self.loss())
        layers[0].set_weights([weights["hidden/w"], weights["hidden/bias"]])
        layers[1].set_weights([weights["head/w"], weights["head/bias"]])
        losses = []
        for x, y in batches(read_data(width), self.target):
            model.reset_metrics()
            losses.append(float(model.train_on_batch(x, y, class_weight=self.class_weight)))
        (hidden_w, hidden_bias), (head_w, head_bias) = [layer.get_weights() for layer in layers]
        return losses, {"hidden/w": hidden_w, "hidden/bias": hidden_bias,
                        "head/w": head_w, "head/bias": head_bias}


def clip_norm(limit):
    return lambda w: torch.nn.utils.clip_grad_norm_(w, limit)


def clip_value(limit):
    return lambda w: torch.nn.utils.clip_grad_value_(w, limit)


def norms(h, scale, shift, layer_scale, layer_shift, rms_scale, mean, variance):
    h = F.relu(F.batch_norm(h, mean, variance, scale, shift, training=True, momentum=0.2))
    h = F.layer_norm(h, (HIDDEN,), layer_scale, layer_shift)
    return F.rms_norm(h, (HIDDEN,), rms_scale, eps=1e-6)


def groups(h, scale, shift, instance_scale, instance_shift, mix):
    """Channels first for PyTorch; [2, 4] and [4, 2] are places and channels."""
    places = lambda h, n: h.reshape(len(h), n, -1).transpose(1, 2)
    flat = lambda h: h.transpose(1, 2).reshape(len(h), HIDDEN)
    h = flat(F.group_norm(places(h, 2), 2, scale, shift))
    h = flat(F.instance_norm(places(h, 4), weight=instance_scale, bias=instance_shift))
    h = flat(F.local_response_norm(places(h, 2), 4, alpha=0.5, beta=0.75, k=2))
    variance, mean = torch.var_mean(mix, 0, correction=0)
    return h @ ((mix - mean) / torch.sqrt(variance + 1e-5))


def pixels(h):
    h = torch.tanh(F.pixel_shuffle(h.reshape(-1, 2, 1, 4).permute(0, 3, 1, 2), 2))
    h = F.pad(h, (3, 1, 1, 2))[:, :, 2:-1, 3:-1]
    return F.pixel_unshuffle(h, 2).permute(0, 2, 3, 1).reshape(-1, HIDDEN)


def resized(h):
    h = F.interpolate(h.reshape(-1, 2, 2, 2).permute(0, 3, 1, 2), (5, 3), mode="bicubic")
    h = F.interpolate(torch.tanh(h), (3, 4), mode="bilinear", align_corners=True)
    h = F.interpolate(h, (4, 7), mode="nearest-exact")
    h = F.interpolate(h, (6, 6), mode="bicubic", align_corners=True)
    return F.interpolate(h, (2, 2), mode="bilinear").permute(0, 2, 3, 1).reshape(-1, HIDDEN)


def frames(h):
    h = F.pad(h.reshape(-1, 1, 2, 4), (2, 1, 1, 1), mode="reflect")
    h = F.pad(h, (1, 2, 0, 3), mode="replicate")
    h = F.pad(h, (3, 4, 2, 1), mode="circular")
    return F.interpolate(h, (2, 4), mode="bicubic").reshape(-1, HIDDEN)


def of_keras(loss, truth, guess, **options):
    """Mean of a loss of Keras in the width of the guess."""
    width = str(guess.dtype).removeprefix("torch.")
    return loss(dtype=width, **options)(truth.to(guess.dtype), guess)


def focal_and_nll(z, y):
    return of_keras(kl.CategoricalFocalCrossentropy, F.one_hot(y, 3), z, from_logits=True,
                    gamma=1.5) + F.nll_loss(F.log_softmax(z, 1), y)


def binary_focal(z, y):
    return of_keras(kl.BinaryFocalCrossentropy, y, z, from_logits=True,
                    apply_class_balancing=True)


def overlaps(z, y):
    """Neither has the intersection over the union as a loss."""
    p = torch.sigmoid(z)
    both = (p * y).sum(1)
    iou = (both + 1) / (p.sum(1) + y.sum(1) - both + 1)
    return (of_keras(kl.Dice, y, p, axis=1) + (1 - iou).mean()
            + F.cosine_embedding_loss(z, y, torch.ones(len(z))))


def distances(z, y):
    """PyTorch's distance in the formula of Hadsell, Chopra and LeCun."""
    d, same = F.pairwise_distance(z[:, :3], z[:, 3:]), y[:, 0]
    contrastive = same * d ** 2 + (1 - same) * torch.clamp(1.5 - d, min=0) ** 2
    return (0.5 * contrastive).mean() + F.triplet_margin_loss(z[:, :2], z[:, 2:4], z[:, 4:])


class Pair:
    """Two optimizers as one: the second for the parameters from `at` on."""

    def __init__(self, w, at, first, second):
        self.optimizers = first(w[:at]), second(w[at:])

    def zero_grad(self):
        for optimizer in self.optimizers:
            optimizer.zero_grad()

    def step(self):
        for optimizer in self.optimizers:
            optimizer.step()


CASES = {
    "torch_sgd": Torch(
        "kind", 3, F.relu, F.cross_entropy,
        lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9)),
    "torch_nesterov": Torch(
        "binary", 1, F.silu, F.binary_cross_entropy_with_logits,
        lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.01),
        lambda o: schedule.StepLR(o, step_size=6, gamma=0.5)),
    "torch_adam": Torch(
        "kind", 3, torch.tanh, lambda z, y: F.cross_entropy(z, y, label_smoothing=0.1),
        lambda w: torch.optim.Adam(w, lr=0.02),
        lambda o: schedule.CosineAnnealingLR(o, T_max=STEPS, eta_min=1e-3)),
    "torch_adamw": Torch(
        "real", 1, F.gelu, F.mse_loss,
        lambda w: torch.optim.AdamW(w, lr=0.02, weight_decay=0.05),
        lambda o: schedule.LinearLR(o, start_factor=0.2, total_iters=4)),
    "torch_amsgrad": Torch(
        "kind", 3, F.selu, F.cross_entropy,
        lambda w: torch.optim.Adam(w, lr=0.02, amsgrad=True),
        lambda o: schedule.OneCycleLR(o, max_lr=0.05, total_steps=STEPS, cycle_momentum=False)),
    "torch_nadam": Torch(
        "real", 1, F.mish, F.l1_loss,
        lambda w: torch.optim.NAdam(w, lr=0.01)),
    "torch_adamax": Torch(
        "share", 3, F.leaky_relu, F.cross_entropy,
        lambda w: torch.optim.Adamax(w, lr=0.02)),
    "torch_rmsprop": Torch(
        "real", 1, F.elu, lambda z, y: F.huber_loss(z, y, delta=0.5),
        lambda w: torch.optim.RMSprop(w, lr=0.005, momentum=0.5, centered=True, eps=1e-3),
        lambda o: schedule.ExponentialLR(o, gamma=0.95)),
    "torch_adagrad": Torch(
        "count", 1, F.softplus, lambda z, y: F.poisson_nll_loss(z, y, log_input=True),
        lambda w: torch.optim.Adagrad(w, lr=0.05)),
    "torch_adadelta": Torch(
        "real", 1, F.celu, F.mse_loss,
        lambda w: torch.optim.Adadelta(w, lr=0.5)),
    "torch_clip_norm": Torch(
        "kind", 3, torch.sigmoid, F.cross_entropy,
        lambda w: torch.optim.SGD(w, lr=0.5), clip=clip_norm(0.25)),
    "torch_prelu": Torch(
        "real", 1, F.prelu, F.mse_loss,
        lambda w: torch.optim.SGD(w, lr=0.05, momentum=0.9), clip=clip_value(0.1),
        extra={"prelu1/slope": np.array([0.25])}),
    "keras_adam": Keras(
        "kind", 3, lambda x: keras.activations.gelu(x, approximate=True),
        lambda: kl.SparseCategoricalCrossentropy(from_logits=True),
        lambda: ko.Adam(ko.schedules.ExponentialDecay(0.03, 10, 0.5))),
    "keras_lion": Keras(
        "real", 1, "softsign", kl.LogCosh,
        lambda: ko.Lion(ko.schedules.InverseTimeDecay(0.01, 5, 0.5))),
    "keras_hinge": Keras(
        "sign", 1, "hard_silu", kl.Hinge,
        lambda: ko.SGD(ko.schedules.PolynomialDecay(0.2, STEPS, 0.01, 2.0))),
    "keras_probs": Keras(
        "binary", 1, "relu6", kl.BinaryCrossentropy,
        lambda: ko.Adamax(ko.schedules.CosineDecayRestarts(0.05, 6, 2.0, 0.5, 0.1)),
        last="sigmoid"),
    "keras_divergence": Keras(
        "share", 3, "hard_sigmoid", kl.KLDivergence,
        lambda: ko.SGD(0.2, global_clipnorm=0.3), last="softmax"),
    "keras_penalty": Keras(
        "real", 1, "relu", kl.MeanSquaredError,
        lambda: ko.SGD(0.05, momentum=0.9, clipnorm=1.0), l2=0.01),
    "keras_weights": Keras(
        "kind", 3, "selu", lambda: kl.SparseCategoricalCrossentropy(from_logits=True),
        lambda: ko.AdamW(ko.schedules.CosineDecay(0.0, 16, 0.1, warmup_target=0.02,
                                                  warmup_steps=4), weight_decay=0.1),
        class_weight={0: 0.5, 1: 2.0, 2: 1.0}),
    "torch_plateau": Torch(
        "kind", 3, torch.tanh, F.cross_entropy,
        lambda w: torch.optim.SGD(w, lr=1.5, momentum=0.5),
        plateau=lambda o: schedule.ReduceLROnPlateau(o, factor=0.4, patience=0, threshold=0.3,
                                                     threshold_mode="abs", min_lr=0.1)),
    "torch_two": Torch(
        "real", 1, torch.tanh, F.mse_loss,
        lambda w: Pair(w, 2, lambda v: torch.optim.Adam(v, lr=0.01, weight_decay=0.01),
                       lambda v: torch.optim.SGD(v, lr=0.1, momentum=0.9))),
    "torch_frozen": Torch(
        "kind", 3, F.relu, F.cross_entropy,
        lambda w: torch.optim.Adam(w, lr=0.02), clip=clip_norm(0.25), frozen="hidden"),
    "torch_norms": Torch(
        "kind", 3, norms, F.cross_entropy, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9),
        extra={"batch_norm1/affine/scale": np.linspace(0.5, 1.5, HIDDEN),
               "batch_norm1/affine/shift": np.linspace(0.25, -0.25, HIDDEN),
               "layer_norm1/affine/scale": np.linspace(1.5, 0.5, HIDDEN),
               "layer_norm1/affine/shift": np.linspace(-0.25, 0.25, HIDDEN),
               "rms_norm1/affine/scale": np.linspace(0.75, 1.25, HIDDEN)},
        buffers={"batch_norm1/running_mean": np.zeros(HIDDEN),
                 "batch_norm1/running_variance": np.ones(HIDDEN)}),
    "torch_groups": Torch(
        "kind", 3, groups, F.cross_entropy, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9),
        extra={"group_norm1/affine/scale": np.linspace(0.5, 1.5, 4),
               "group_norm1/affine/shift": np.linspace(0.25, -0.25, 4),
               "instance_norm1/affine/scale": np.array([1.25, 0.75]),
               "instance_norm1/affine/shift": np.array([-0.5, 0.25]),
               "mix": np.sin(np.arange(1, 1 + HIDDEN * HIDDEN)).reshape(HIDDEN, HIDDEN)}),
    "torch_pixels": Torch(
        "kind", 3, pixels, F.cross_entropy, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9)),
    "keras_focal": Torch(
        "kind", 3, F.relu, focal_and_nll, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9)),
    "keras_binary_focal": Torch(
        "binary", 1, F.relu, binary_focal, lambda w: torch.optim.SGD(w, lr=0.5, momentum=0.9)),
    "keras_overlaps": Torch(
        "share", 3, torch.tanh, overlaps, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9)),
    "torch_distances": Torch(
        "binary", 6, torch.tanh, distances, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9)),
    "torch_resize": Torch(
        "kind", 3, resized, F.cross_entropy, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9)),
    "torch_frames": Torch(
        "kind", 3, frames, F.cross_entropy, lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.9)),
}


def fields(target):
    y = {"share": ["p0", "p1", "p2"], "sign": ["binary"]}.get(target, [target])
    return {"x": {"columns": [f"x{i}" for i in range(INPUTS)]}, "y": {"columns": y}}


def write_case(name, case):
    weights = initial_weights(1 + list(CASES).index(name), case.outputs,
                              {**case.extra, **case.buffers})
    safetensors.numpy.save_file(weights, HERE / f"{name}.init.safetensors")
    with open(HERE / f"{name}.init.fields.json", "w") as file:
        print(json.dumps({"fields": fields(case.target)}), file=file)
    losses32, final32 = case.record(weights, np.float32)
    losses64, final64 = case.record(weights, np.float64)
    with open(HERE / f"{name}.expected", "w") as file:
        for step, pair in enumerate(zip(losses32, losses64)):
            print("loss", step, *[float(v).hex() for v in pair], file=file)
        for path in sorted(final64):
            print("tensor", path, final64[path].size, file=file)
            for pair in zip(final32[path].flat, final64[path].flat):
                print(*[float(v).hex() for v in pair], file=file)
    error = max(np.linalg.norm(final32[p] - final64[p]) / np.linalg.norm(final64[p])
                for p in final64)
    print(f"{name}: loss {losses64[0]:.6f} to {losses64[-1]:.6f}, binary32 weights off by {error:.1e}")


if __name__ == "__main__":
    wanted = sys.argv[1:]
    if "--data" in wanted:
        wanted.remove("--data")
        write_data()
    torch.set_num_threads(1)
    for name in wanted or CASES:
        write_case(name, CASES[name])
