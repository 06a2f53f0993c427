"""What the peers' programs share: python with_LIBRARY.py WORKLOAD THREADS SECONDS RESULT [OPTION]

Each makes the same data, start values and orders of rows, trains once as a program would that was
just started, saves the weights, and then trains again from the start until SECONDS are spent in
warm loops.  RESULT is written as JSON.
"""
import json
import resource
import sys
import time

import numpy as np

from workloads import WORKLOADS


class Task:
    """Data and start values of a workload; every peer gets the same."""

    def __init__(self, name):
        self.workload = work = WORKLOADS[name]
        random = np.random.default_rng(42)
        self.x, self.y = work.inputs(random), work.truth(random)
        # (weights, bias): Glorot's uniform distribution, and 0; (scale, shift): 1 and 0
        self.layers = [tuple(start(random, shape, i == 0) for i, shape in enumerate(shapes))
                       for shapes in work.shapes]


def start(random, shape, first):
    if len(shape) == 1:
        return np.full(shape, first, np.float32)
    limit = (6 / (np.prod(shape[:-2], dtype=int) * sum(shape[-2:]))) ** 0.5
    return (random.random(shape, dtype=np.float32) * (2 * limit) - limit).astype(np.float32)


def run(make):
    """make(task, threads, option) gives an object with reset(), train() -> (loss, accuracy of the
    last epoch or None) and save(path)."""
    name, threads, seconds, result, *option = sys.argv[1:]
    peer = make(Task(name), int(threads), *option)
    peer.reset()
    peer.train()
    peer.save(result + ".weights")
    saved = time.clock_gettime(time.CLOCK_MONOTONIC)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    loops, cpu = [], []
    while not loops or (sum(loops) < float(seconds) and len(loops) < 200):
        peer.reset()
        cpu_start, start = time.process_time(), time.perf_counter()
        loss, accuracy = peer.train()
        loops.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    with open(result, "w") as out:
        json.dump({"saved": saved, "memory": memory * 1024, "loops": loops, "cpu": cpu,
                   "loss": float(loss)}, out)
