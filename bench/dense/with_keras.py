"""Dense models in Keras on TensorFlow: fit(), several steps for each call of the compiled
function."""
import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import tensorflow as tf

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from peer import run
from workloads import BETA1, BETA2, DECAY, EPSILON, MOMENTUM


class Keras:
    compiled = "auto"  # by XLA, if all layers can be

    def __init__(self, task, threads):
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self.task, self.work = task, task.workload
        self.model = self.new_model()
        steps = -(-self.work.rows // self.work.batch)
        self.model.compile(optimizer=self.new_optimizer(), loss=self.new_loss(),
                           metrics=self.metrics(), steps_per_execution=min(steps, 32),
                           jit_compile=self.compiled)
        self.optimizer = self.model.optimizer

    def new_model(self):
        units = self.work.widths[1:]
        layers = [keras.layers.Dense(n, activation="relu") for n in units[:-1]]
        layers.append(keras.layers.Dense(units[-1]))
        return keras.Sequential([keras.Input(self.work.widths[:1])] + layers)

    def set_start(self):
        self.model.set_weights([part for layer in self.task.layers for part in layer])

    def new_optimizer(self):
        rate, adam = self.work.rate, {"beta_1": BETA1, "beta_2": BETA2, "epsilon": EPSILON}
        if self.work.optimizer == "sgd":
            return keras.optimizers.SGD(rate, momentum=MOMENTUM)
        if self.work.optimizer == "adam":
            return keras.optimizers.Adam(rate, **adam)
        return keras.optimizers.AdamW(rate, weight_decay=DECAY, **adam)

    def new_loss(self):
        if self.work.loss == "cross_entropy":
            return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if self.work.loss == "binary_cross_entropy":
            return keras.losses.BinaryCrossentropy(from_logits=True)
        return keras.losses.MeanSquaredError()

    def metrics(self):
        if not self.work.accuracy:
            return None
        if self.work.loss == "cross_entropy":
            return [keras.metrics.SparseCategoricalAccuracy()]
        return [keras.metrics.BinaryAccuracy(threshold=0.0)]

    def reset(self):
        keras.utils.set_random_seed(7)
        self.set_start()
        for variable in self.optimizer.variables:
            if variable.path.split("/")[-1] != "learning_rate":
                variable.assign(keras.ops.zeros_like(variable))

    def train(self):
        past = self.model.fit(self.task.x, self.task.y, batch_size=self.work.batch,
                              epochs=self.work.epochs, shuffle=self.work.shuffle, verbose=0)
        values = [history[-1] for history in past.history.values()]
        by_name = dict(zip(past.history, values))
        loss = by_name.pop("loss")
        return loss, next(iter(by_name.values()), None)

    def save(self, path):
        self.model.save_weights(path + ".weights.h5")


if __name__ == "__main__":
    run(Keras)
