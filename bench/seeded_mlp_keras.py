"""examples/seeded_mlp in Keras: python seeded_mlp_keras.py WEIGHTS (NAME.weights.h5)"""
import sys

import keras
import numpy as np

keras.utils.set_random_seed(42)
random = np.random.default_rng(42)
x = random.random((100, 32), dtype=np.float32)
y = random.integers(0, 10, 100)
model = keras.Sequential([keras.Input((32,)), keras.layers.Dense(128, activation="relu"),
                          keras.layers.Dense(10, activation="softmax")])
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy",
              metrics=["accuracy"])
model.fit(x, y, epochs=10, batch_size=32, shuffle=False)
model.save_weights(sys.argv[1])
