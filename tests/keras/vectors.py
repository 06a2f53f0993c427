"""vectors.py FOLDER [NAME...]: writes the files of tests/cases/keras anew, or those of these models: small
models of Keras, rows for them, and what Keras predicts of these."""
import gzip
import pathlib
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import h5py
import keras
import models
import numpy as np
from keras import layers as L

CASE = pathlib.Path(__file__).resolve().parents[1] / "cases/keras"
models.ROWS = 4


@models.model(optimizer=keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(1e-3, 10, 0.9)),
              loss="sparse_categorical_crossentropy", metrics=["accuracy"], train=False)
def dense():
    return keras.Sequential([keras.Input((8,), name="cells"), L.Dense(6, activation="relu", name="hidden"),
                             L.Dropout(0.2), L.Dense(3, activation="softmax", name="probs")])


@models.model(optimizer="sgd", loss="binary_crossentropy", train=False)
def mixed():
    image, words = keras.Input((6, 6, 1), name="image"), keras.Input((5,), dtype="int32", name="words")
    inner = keras.Sequential([keras.Input((6, 6, 1)), L.Conv2D(3, 3, name="seen"), L.BatchNormalization(),
                              L.Flatten()], name="inner")
    twice = L.Dense(4, name="twice")
    a, b = twice(inner(image)), twice(inner(L.Rescaling(0.5)(image)))
    c = L.Reshape((4, 1))(L.Activation("tanh")(a))
    c = L.GRU(3)(L.MultiHeadAttention(2, 3)(c, c))
    d = L.Bidirectional(L.LSTM(2))(L.Embedding(20, 3)(words))
    return keras.Model([image, words], L.Dense(1, activation="sigmoid", name="yes")(
        L.Concatenate()([L.Add()([a, b]), c, d])))


@models.model(optimizer="adam", loss="mse", train=False)
def volume():
    return models.volume()


def packed(path):
    """The .keras file anew with its members deflated, and without times."""
    with zipfile.ZipFile(path) as given:
        members = [(n, given.read(n)) for n in given.namelist()]
    with zipfile.ZipFile(CASE / path.name, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for name, data in members:
            out.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)


def hostile(path):
    """A few hundred bytes that say to hold 40 GB."""
    with h5py.File(path, "w") as file:
        file.create_dataset("much", (10_000_000_000,), np.float32, chunks=(1_000_000,), compression="gzip")
    (CASE / "huge.h5.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


def main():
    folder = pathlib.Path(sys.argv[1])
    if not sys.argv[2:]:
        hostile(folder / "huge.h5")
    for name in sys.argv[2:] or ("dense", "mixed", "volume"):
        path, inputs, truths, guesses, _ = models.by_keras(name, folder)
        packed(path)
        model = keras.models.load_model(path)
        model.save(folder / f"{name}.h5")
        (CASE / f"{name}.h5.gz").write_bytes(gzip.compress((folder / f"{name}.h5").read_bytes(), 9, mtime=0))
        names = [t.name for t in model.inputs] + ["truth"]
        np.savez_compressed(CASE / f"{name}.npz", **dict(zip(names, inputs + truths, strict=True)))
        np.savetxt(CASE / f"{name}.csv", np.concatenate(guesses, 1), "%.9g", ",")
        if name == "dense":
            (CASE / "dense.json").write_text(model.to_json())


main()
