"""The pages of all processors: their names, and docs/benchmarks.md, which is made of them."""
import os
import re
import subprocess
import sys

from report import table
from workloads import SLOW

LEVELS = (("avx512f", "AVX-512"), ("avx2", "AVX2"))
MARKS = r"\((?:r|tm)\)|\bcpu\b|\bprocessor\b|@.*"  # of a model's name, that tell nothing apart


class Processor:
    """Of this machine, as lscpu calls it.  Virtual machines tell a maker rather than a model
    ("AMD EPYC"), so that family and model belong to the name."""

    def __init__(self, flags):
        done = subprocess.run(["lscpu"], capture_output=True, text=True, check=True,
                              env={**os.environ, "LC_ALL": "C"})
        said = dict(re.findall(r"^(.*?): +(.*)$", done.stdout, re.M))
        self.model = said.get("Model name") or said.get("Architecture", "unknown")
        self.vectors = next((name for flag, name in LEVELS if flag in flags),
                            "no AVX2")
        numbers = "".join(f", {word} {said[key]}" for word, key in (
            ("family", "CPU family"), ("model", "Model")) if said.get(key, "-") != "-")
        self.title = f"{self.model}{numbers}"
        words = f"{re.sub(MARKS, ' ', self.model.lower())}{numbers} {self.vectors.replace('-', '')}"
        self.name = "-".join(re.findall(r"[a-z0-9]+", words.lower()))


METHOD = f"""\
## What is measured

Every program does the same work: the same layers, loss, optimizer, batches and number of steps,
rows in a new order each epoch (`seeded_mlp`: always in the same), data in memory, the loss (and
accuracy, where the model has it) reported for each epoch. Data and start values are drawn from the
same distributions, and are the same numbers in all peers; so the peers' losses agree, and Invar's
is near.

- **Warm loop:** seconds of the training loop when everything is compiled, allocated and touched: in
  peers a second training in the same process, in Invar the second half of a run with twice the
  epochs, as the trainer's log says.
- **Epochs:** the least of each of the first 20 of as many runs as there are turns, or of more within
  five minutes while one seems over 1.05 times as long as the first: a virtual machine is slower for
  seconds at a time, what the numbers do to a step is there in every run.
- **Its CPU:** seconds of all processors in that loop (`-` where too short to be told).
- **Whole process:** from the start of the process until the weights are saved; for Invar until the
  process has ended. Python's end is not counted.
- **Peak MB:** resident memory at that point, a million bytes each.
- **Turns:** a peer that takes over {SLOW} times the best peer's time in a turn runs no more, and
  not with more threads either.

A program gets as many processors as threads (`sched_setaffinity`), and its library is told the
number; other settings of the libraries in the environment (`OPENBLAS_CORETYPE`, ...) are taken
out. What the peers are, as their manuals recommend for speed on CPUs:

- `numpy`: by hand, buffers made once, in-place operations, the optimizer in blocks within the
  cache;
- `jax`: all epochs are one `jit` with donated state, `lax.scan` over the steps;
- `pytorch`: eager, fused optimizers, `index_select` from a tensor instead of a DataLoader, images
  with channels last;
- `pytorch compiled`: forward, backward and optimizer as one graph, `torch.compile` with
  max-autotune;
- `tensorflow`: all epochs are one `tf.function` compiled by XLA (convolutional networks: not
  compiled), fused optimizer kernels;
- `keras`: `fit()` on TensorFlow, up to 32 steps an execution, no progress bar.

A new workload is a row in `bench/workloads.py`; another kind of model than dense ones is a folder
of programs `with_LIBRARY.py` beside `bench/dense`, and a peer without one is left out.
"""


def tables(text):
    """{first cell of the head: (head, rows)} of a page."""
    result = {}
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        head, _, *rows = [[cell.strip() for cell in line.strip().strip("|").split("|")]
                          for line in block.splitlines()]
        result.setdefault(head[0], (head, rows))
    return result


def column(found, key, name):
    """{first cell: cell under `name`} of the table whose head begins with `key`."""
    head, rows = found.get(key, ([], []))
    return {row[0]: row[head.index(name)] for row in rows} if name in head else {}


def said(pattern, text):
    found = re.search(pattern, text)
    return re.sub(r"\s+", " ", found[1]) if found else "-"


def figures(page):
    """{row of the overview: what a page says there}, in the order of its rows."""
    text, result = page.read_text(), {}
    found = tables(text)
    result["measured on"] = said(r"Written by `scripts/bench` on (\S+)", text)
    result["machine"] = said(r"\*\*Machine:\*\* ([^;]*), Linux", text)
    result["invar"] = said(r"\*\*Programs:\*\* invar ([^;]*);", text)
    peers = column(found, "workload, threads", "best peer's loop")
    faster = column(found, "workload, threads", "times faster")
    for place, own in column(found, "workload, threads", "Invar's loop").items():
        best = re.search(r"\((.*)\)", peers[place])
        beside = f", {faster[place]} ({best[1]})" if best else ""
        result[f"{place}: loop, times faster than the best peer"] = own + beside
    for level, threads, mean, least in re.findall(
            r"^- level (\w+), threads: (\d+): geometric mean ([\d.]+),[^;]*; least ([\d.]+)", text,
            re.M):
        result[f"contractions, {level}, {threads}: geometric mean, least"] = f"{mean}, {least}"
    result["fma ceiling of one core, GFLOP/s"] = said(r"at most ([\d.]+)\s+GFLOP/s", text)
    for workload, share in column(found, "workload", "share of the fma ceiling").items():
        result[f"{workload}, 1: share of the fma ceiling"] = share
    compiler = column(found, "layers", "C compiler")
    for layers, emit in column(found, "layers", "invar emit").items():
        result[f"{layers} layers: invar emit, C compiler"] = f"{emit}, {compiler[layers]}"
    return result


def overview(folder):
    """The text of benchmarks.md, of the pages in `folder`; a row that only some have keeps its
    place among their rows."""
    columns = {page.stem: figures(page) for page in sorted(folder.glob("*.md"))}
    names = []
    for column_figures in columns.values():
        at = 0
        for name in column_figures:
            at = names.index(name) + 1 if name in names else at + 1
            if name not in names:
                names.insert(at - 1, name)
    head = ["", *(f"[{stem}]({folder.name}/{stem}.md)" for stem in columns)]
    rows = [[name, *(one.get(name, "-") for one in columns.values())] for name in names]
    return f"""# Benchmarks

Invar beside NumPy, JAX, PyTorch, TensorFlow and Keras, a column a processor. `scripts/bench` writes
the page of the processor that it runs on, with every single run in the CSV file beside it, and makes
this one of the pages that are there (`scripts/bench --pages` does that alone). After a workload's
name stands the number of threads.

{table(head, rows)}
{METHOD}"""


def write_overview(docs):
    folder = docs / "benchmarks"
    if not folder.is_dir():
        sys.exit(f"scripts/bench: {folder} has no pages; scripts/bench writes this machine's")
    (docs / "benchmarks.md").write_text(overview(folder))
