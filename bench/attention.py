"""attention.py INVAR [--rounds N] [--threads N] [LENGTH...]: training steps of causal attention,
8 heads of 64, beside PyTorch's scaled_dot_product_attention: forward, backward and a step of sgd of
three vectors that scale queries, keys and values, so that gradients flow to all three.

Run by a Python that has PyTorch, on a machine with nothing else to do. What a second epoch of STEPS
steps takes is counted; in each round each program runs once for each length, in turn. Printed are
medians of the rounds and their ratios, and the geometric mean of these.
"""
import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

HEADS, HEAD, STEPS = 8, 64, 20
PLACES = 1024  # of all rows of a batch
LENGTHS = [128, 256, 512, 1024]

MODEL = """invar 1

data noise = random({all}) {{
  input q: f32[{heads}, {n}, {head}] = random_normal([{heads}, {n}, {head}])
  input k: f32[{heads}, {n}, {head}] = random_normal([{heads}, {n}, {head}])
  input v: f32[{heads}, {n}, {head}] = random_normal([{heads}, {n}, {head}])
}}

model mixer(q: f32[{heads}, {n}, {head}], k: f32[{heads}, {n}, {head}],
            v: f32[{heads}, {n}, {head}]) {{
  param a: f32[{head}] = 1
  param b: f32[{head}] = 1
  param c: f32[{head}] = 1
  loss square(attention(a * q, b * k, c * v, causal = true))
}}

train mixer on noise {{
  seed 42
  epochs 2
  batch {rows}
  optimizer sgd(lr = 1e-3)
}}
"""


def rows_of(n):
    return max(1, PLACES // n)


def trainer(invar, n, work):
    path, rows = work / f"places{n}", rows_of(n)
    text = MODEL.format(n=n, heads=HEADS, head=HEAD, rows=rows, all=rows * STEPS)
    path.with_suffix(".inv").write_text(text)
    subprocess.run([invar, "build", path.with_suffix(".inv"), "-o", path], check=True)
    return path


def invar_seconds(program, threads, work):
    log = work / "log.jsonl"
    subprocess.run([program, "--threads", str(threads), "--quiet", "--weights", work / "weights",
                    "--log", log], check=True, stdout=subprocess.DEVNULL)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line["seconds"] for line in lines if "epoch" in line][1]


def torch_seconds(n, threads):
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    torch.set_num_threads(threads)
    torch.manual_seed(42)
    data = torch.randn(3, STEPS, rows_of(n), HEADS, n, HEAD)
    scale = [torch.ones(HEAD, requires_grad=True) for _ in range(3)]
    optimizer = torch.optim.SGD(scale, lr=1e-3)

    def epoch():
        for step in range(STEPS):
            q, k, v = (part * data[i, step] for i, part in enumerate(scale))
            optimizer.zero_grad()
            scaled_dot_product_attention(q, k, v, is_causal=True).square().mean().backward()
            optimizer.step()

    epoch()
    start = time.perf_counter()
    epoch()
    return time.perf_counter() - start


def compare(invar, lengths, rounds, threads, work):
    programs = {n: trainer(invar, n, work) for n in lengths}
    seconds = {n: ([], []) for n in lengths}
    for _ in range(rounds):
        for n, (own, peer) in seconds.items():
            own.append(invar_seconds(programs[n], threads, work))
            peer.append(torch_seconds(n, threads))
    ratios = []
    for n, times in seconds.items():
        own, peer = (statistics.median(values) for values in times)
        ratios.append(peer / own)
        print(f"{n} places, {rows_of(n)} rows: Invar {own:.3g} s, PyTorch {peer:.3g} s, "
              f"times as fast {peer / own:.2f}")
    print(f"geometric mean {statistics.geometric_mean(ratios):.2f}")


def main():
    parser = argparse.ArgumentParser(prog="bench/attention.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("invar", type=Path, help="the compiler")
    parser.add_argument("lengths", metavar="LENGTH", nargs="*", type=int, default=LENGTHS,
                        help=f"places ({' '.join(map(str, LENGTHS))})")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every program (5)")
    parser.add_argument("--threads", type=int, default=1, help="of each program (1)")
    chosen = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as work:
        compare(chosen.invar.resolve(), chosen.lengths, chosen.rounds, chosen.threads, Path(work))


if __name__ == "__main__":
    main()
