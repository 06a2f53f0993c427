"""ddp.py INVAR [--rounds N] [WORKLOAD...]: two processes of one thread, each on a processor of its own,
train a workload of this folder as `shards 2`: Invar's ranks under mpirun beside PyTorch's
DistributedDataParallel with gloo, eager, as it comes; and one process of each, on one processor.

Run by a Python that has NumPy and PyTorch, on a machine with two processors and nothing else to do.
Each process trains once as a program just started does; what it takes then is counted: seconds of a
second epoch. In each round everything runs once, in turn; printed are medians and extremes of the
rounds, and of the ratios within a round.
"""
import argparse
import importlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from workloads import WORKLOADS

HERE = Path(__file__).resolve().parent
PROCESSES = 2
CHOSEN = ["mlp_wide", "resnet8", "gpt"]


def worker(name, count, rank, port):
    """One process of DistributedDataParallel; prints the seconds of a warm epoch."""
    import torch
    from torch import distributed
    from torch.nn.parallel import DistributedDataParallel

    from peer import Task

    task = Task(name)
    module = importlib.import_module(f"{task.workload.kind}.with_torch")

    class Shared(module.Eager):
        def step(self, rows):
            return super().step(rows.chunk(count)[rank])

    os.sched_setaffinity(0, [sorted(os.sched_getaffinity(0))[rank]])
    peer = Shared(task, 1)
    if count > 1:
        distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}",
                                       rank=rank, world_size=count)
        peer.model = DistributedDataParallel(peer.model)
    peer.reset()
    peer.train()
    start = time.perf_counter()
    peer.train()
    print(time.perf_counter() - start)
    if count > 1:
        distributed.destroy_process_group()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def torch_seconds(name, count):
    port = free_port()
    ranks = [subprocess.Popen([sys.executable, __file__, "--worker", name, str(count), str(rank),
                               str(port)], stdout=subprocess.PIPE, text=True)
             for rank in range(count)]
    told = [rank.communicate()[0] for rank in ranks]
    if any(rank.returncode for rank in ranks):
        sys.exit(f"ddp.py: a process of PyTorch failed, {name}, {count} of them")
    return max(float(text) for text in told)


def trainer(invar, name, work):
    """A trainer for MPI of the workload's model with a shard for each process."""
    text = (HERE.parent / WORKLOADS[name].model).read_text()
    shared, lines = re.subn(r"(?m)^( *batch \d+)$", rf"\1\n  shards {PROCESSES}", text)
    if lines != 1:
        sys.exit(f"ddp.py: {WORKLOADS[name].model} has {lines} lines 'batch N', 1 expected")
    (work / f"{name}.inv").write_text(shared)
    subprocess.run([invar, "build", "--mpi", work / f"{name}.inv", "-o", work / name], check=True)
    return work / name


def invar_seconds(program, count, work):
    log, epochs = work / "log.jsonl", 2 * WORKLOADS[program.name].epochs
    command = ["mpirun", "--bind-to", "core", "-n", str(count), program, "--threads", "1",
               "--quiet", "--weights", work / "weights", "--log", log, "--epochs", str(epochs)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    seconds = [line["seconds"] for line in lines if "epoch" in line and "seconds" in line]
    return sum(seconds[len(seconds) // 2:])


def text(values, unit=""):
    return (f"{statistics.median(values):.3g}{unit} ({min(values):.3g} to {max(values):.3g})")


def compare(invar, name, rounds, work):
    program = trainer(invar, name, work)
    runs = {(who, count): [] for who in ("invar", "torch") for count in (1, PROCESSES)}
    for turn in range(rounds):
        for who, count in sorted(runs, reverse=turn % 2):
            runs[who, count].append(invar_seconds(program, count, work) if who == "invar" else
                                    torch_seconds(name, count))
    one, two = runs["invar", 1], runs["invar", PROCESSES]
    print(f"{name}: Invar {text(one, ' s')}, {PROCESSES} ranks {text(two, ' s')}, times as fast "
          f"{text([a / b for a, b in zip(one, two)])}")
    one, peer = runs["torch", 1], runs["torch", PROCESSES]
    print(f"{name}: PyTorch {text(one, ' s')}, DDP {text(peer, ' s')}, times as fast "
          f"{text([a / b for a, b in zip(one, peer)])}")
    print(f"{name}: {PROCESSES} ranks beside DDP, times as fast "
          f"{text([a / b for a, b in zip(peer, two)])}", flush=True)


def main():
    if sys.argv[1:2] == ["--worker"]:
        name, count, rank, port = sys.argv[2:]
        worker(name, int(count), int(rank), port)
        return
    parser = argparse.ArgumentParser(prog="bench/ddp.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("invar", help="the compiler, built with MPI at hand")
    parser.add_argument("workloads", metavar="WORKLOAD", nargs="*", default=CHOSEN,
                        help=f"of scripts/bench --list ({' '.join(CHOSEN)})")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every program (5)")
    chosen = parser.parse_intermixed_args()
    for name in chosen.workloads:
        if name not in WORKLOADS:
            parser.error(f"there is no workload '{name}'; take some of {', '.join(WORKLOADS)}")
    with tempfile.TemporaryDirectory() as work:
        for name in chosen.workloads:
            compare(chosen.invar, name, chosen.rounds, Path(work))


if __name__ == "__main__":
    main()
