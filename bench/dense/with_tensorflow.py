"""Dense models in TensorFlow without Keras: all epochs are one tf.function compiled by XLA, the
optimizers TensorFlow's own fused kernels."""
import os
import sys

import tensorflow as tf

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from peer import run
from workloads import BETA1, BETA2, DECAY, EPSILON, MOMENTUM


class TensorFlow:
    by_xla = True

    def __init__(self, task, threads):
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        self.task, self.work = task, task.workload
        self.x, self.y = tf.constant(task.x), tf.constant(task.y)
        self.start = [tf.constant(part) for layer in task.layers for part in layer]
        self.parameters = [tf.Variable(part) for part in self.start]
        self.first = [tf.Variable(tf.zeros_like(part)) for part in self.start]
        self.second = [tf.Variable(tf.zeros_like(part)) for part in self.start]
        self.steps = tf.Variable(0.0)
        self.compiled = tf.function(self.all_epochs, jit_compile=self.by_xla)

    def reset(self):
        tf.random.set_seed(7)
        for variable, start in zip(self.parameters, self.start):
            variable.assign(start)
        for variable in self.first + self.second + [self.steps]:
            variable.assign(tf.zeros_like(variable))

    def train(self):
        loss, hits = self.compiled()
        return float(loss) / self.work.rows, float(hits) / self.work.rows

    def save(self, path):
        with open(path, "wb") as out:
            for variable in self.parameters:
                out.write(tf.io.serialize_tensor(variable).numpy())

    def all_epochs(self):
        work, loss, hits = self.work, tf.constant(0.0), tf.constant(0.0)
        full = work.rows // work.batch
        for _ in tf.range(work.epochs):
            loss, hits = tf.constant(0.0), tf.constant(0.0)
            order = tf.range(work.rows)
            if work.shuffle:
                order = tf.argsort(tf.random.uniform([work.rows]))
            for i in tf.range(full):
                more_loss, more_hits = self.step(tf.slice(order, [i * work.batch], [work.batch]))
                loss, hits = loss + more_loss, hits + more_hits
            if work.rows % work.batch:
                more_loss, more_hits = self.step(order[full * work.batch:])
                loss, hits = loss + more_loss, hits + more_hits
        return loss, hits

    def step(self, rows):
        """One batch; gives the sum of its losses and the rows that are right."""
        x, y = tf.gather(self.x, rows), tf.gather(self.y, rows)
        count = tf.cast(tf.size(rows), tf.float32)
        with tf.GradientTape() as tape:
            out = self.forward(x)
            total = self.sum_of_losses(out, y)
            mean = total / count
        self.update(tape.gradient(mean, self.parameters))
        if not self.work.accuracy:
            return total, 0.0
        classes = self.work.loss == "cross_entropy"
        guess = tf.argmax(out, 1) if classes else tf.cast(out > 0, y.dtype)
        return total, tf.reduce_sum(tf.cast(guess == y, tf.float32))

    def forward(self, x):
        for i in range(0, len(self.parameters) - 2, 2):
            x = tf.nn.relu(tf.nn.bias_add(x @ self.parameters[i], self.parameters[i + 1]))
        return tf.nn.bias_add(x @ self.parameters[-2], self.parameters[-1])

    def sum_of_losses(self, out, y):
        if self.work.loss == "cross_entropy":
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=out)
        elif self.work.loss == "binary_cross_entropy":
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=out)
        else:
            losses = tf.math.squared_difference(out, y)
        return tf.reduce_sum(losses)

    def update(self, grads):
        self.steps.assign_add(1.0)
        rate, step = self.work.rate, self.steps.read_value()
        for w, g, m, v in zip(self.parameters, grads, self.first, self.second):
            if self.work.optimizer == "sgd":
                tf.raw_ops.ResourceApplyMomentum(var=w.handle, accum=m.handle, lr=rate, grad=g,
                                                 momentum=MOMENTUM)
                continue
            if self.work.optimizer == "adamw":
                w.assign(w * (1 - rate * DECAY))
            tf.raw_ops.ResourceApplyAdam(
                var=w.handle, m=m.handle, v=v.handle, beta1_power=BETA1 ** step,
                beta2_power=BETA2 ** step, lr=rate, beta1=BETA1, beta2=BETA2, epsilon=EPSILON,
                grad=g)


if __name__ == "__main__":
    run(TensorFlow)
