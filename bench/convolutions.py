"""convolutions.py INVAR [--rounds N] [--threads N] [SHAPE...]: convolutions alone beside oneDNN, as PyTorch
calls it (channels last): the output, the gradient of the input and that of the filters, each by itself.

Run by a Python that has PyTorch, on a machine with nothing else to do. Invar's times are those of a trainer's
--profile: of the groups that hold the products, with what is fused into them (the loss's square, a factor a
channel, the step of sgd), and of copies and sums over taps, which count with the input's gradient. In each round both run in turn; printed are medians
of the rounds, GFLOP/s of multiply-adds whatever the padding, and how many times as fast as oneDNN Invar is.
"""
import argparse
import math
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# name: rows, pixels a side, channels, size, filters, stride, dilation, groups ("same" padding)
SHAPES = {
    "28x28x1 by 3x3x32": (32, 28, 1, 3, 32, 1, 1, 1),
    "32x32x3 by 3x3x16": (32, 32, 3, 3, 16, 1, 1, 1),
    "32x32x16 by 3x3x16": (32, 32, 16, 3, 16, 1, 1, 1),
    "16x16x32 by 3x3x32": (32, 16, 32, 3, 32, 1, 1, 1),
    "8x8x64 by 3x3x64": (32, 8, 64, 3, 64, 1, 1, 1),
    "56x56x64 by 3x3x64": (1, 56, 64, 3, 64, 1, 1, 1),
    "28x28x128 by 3x3x128": (1, 28, 128, 3, 128, 1, 1, 1),
    "14x14x256 by 3x3x256": (1, 14, 256, 3, 256, 1, 1, 1),
    "224x224x3 by 7x7x64, stride 2": (1, 224, 3, 7, 64, 2, 1, 1),
    "32x32x16 by 3x3x32, stride 2": (32, 32, 16, 3, 32, 2, 1, 1),
    "56x56x64 by 1x1x128": (1, 56, 64, 1, 128, 1, 1, 1),
    "14x14x256 by 1x1x256": (32, 14, 256, 1, 256, 1, 1, 1),
    "48x48x64 by 3x3, depthwise": (1, 48, 64, 3, 64, 1, 1, 64),
    "14x14x128 by 3x3, depthwise": (32, 14, 128, 3, 128, 1, 1, 128),
    "28x28x64 by 3x3x64, dilation 2": (1, 28, 64, 3, 64, 1, 2, 1),
    "28x28x64 by 3x3x64, 4 groups": (32, 28, 64, 3, 64, 1, 1, 4),
}
PASSES = ["output", "input", "filters"]
SECONDS = 0.5

MODEL = """invar 1
data d = random({rows}) {{
  input x: f32[{side}, {side}, {c}] = random_normal([{side}, {side}, {c}])
}}
block scaled(x: f32[h, w, c]) {{
  param s: f32[c] = ones
  return x * s
}}
model conv(x: f32[{side}, {side}, {c}]) {{
  y = x -> scaled -> {layer}
  loss mean(y * y)
}}
train conv on d {{
  seed 1
  epochs 1
  batch {rows}
  optimizer sgd(lr = 1e-6)
}}
"""


def layer(side, c, size, filters, stride, dilation, groups):
    """The layer in Invar's language."""
    more = f"stride = {stride}, pad = same, dilation = {dilation}, with_bias = false"
    if groups == c and groups > 1:
        return f"depthwise_conv2d({size}, {more})"
    return f"conv2d({filters}, {size}, {more}, groups = {groups})"


def multiply_adds(shape):
    """Of one pass, those with padding among them."""
    rows, side, c, size, filters, stride, _, groups = shape
    out = math.ceil(side / stride)
    return rows * out * out * filters * size * size * (c // groups)


class Invar:
    """A trainer of the convolution, built once."""

    def __init__(self, invar, folder, shape, threads):
        rows, side, c = shape[:3]
        model = Path(folder) / "conv.inv"
        model.write_text(MODEL.format(rows=rows, side=side, c=c, layer=layer(side, c, *shape[3:])))
        self.trainer, self.threads = Path(folder) / "conv", threads
        subprocess.run([invar, "build", model, "-o", self.trainer], check=True, cwd=folder)
        self.steps = 3
        whole = sum(self.seconds().values())
        self.steps = max(3, int(SECONDS / whole))

    def seconds(self):
        """Of each pass, one step."""
        text = subprocess.run(
            [self.trainer, "--quiet", "--steps", str(self.steps), "--threads", str(self.threads),
             "--profile", "--weights", "/dev/null"],
            check=True, stdout=subprocess.PIPE, text=True, cwd=self.trainer.parent).stdout
        result, made = dict.fromkeys(PASSES, 0.0), []
        for micros, phase, number, what in re.findall(
                r"^ +[\d.]+% +[\d.]+ +([\d.]+) +\S+    (train|update) (\d+)  (.*)$", text, re.M):
            product = re.search(r"\b(contract|matmul)\b", what)
            if product and ": f32[b" not in what:
                result["filters"] += 1e-6 * float(micros)
            elif product:
                made.append((phase, int(number), 1e-6 * float(micros)))
            elif "chunks of the sums" in what:
                result["filters"] += 1e-6 * float(micros)
            elif "copy or index" in what or re.search(r"column_sum : f32\[b", what):
                result["input"] += 1e-6 * float(micros)
        output, *gradient = sorted(made)    # a step computes the one before the other
        result["output"] += output[2]
        result["input"] += sum(seconds for _, _, seconds in gradient)
        return result


class OneDnn:
    """PyTorch's convolution and its two gradients."""

    def __init__(self, shape, threads):
        import torch
        torch.set_num_threads(threads)
        rows, side, c, size, filters, self.stride, self.dilation, self.groups = shape
        out = math.ceil(side / self.stride)
        reach = (size - 1) * self.dilation + 1
        self.pad = max(0, (out - 1) * self.stride + reach - side + 1) // 2
        image = torch.channels_last
        self.torch = torch
        self.x = torch.randn(rows, c, side, side).to(memory_format=image)
        self.w = torch.randn(filters, c // self.groups, size, size).to(memory_format=image)
        self.dy = torch.randn_like(self.output())
        self.calls = {kind: max(1, int(SECONDS / 3 / self.time(kind, 1))) for kind in PASSES}

    def output(self):
        return self.torch.conv2d(self.x, self.w, None, self.stride, self.pad, self.dilation, self.groups)

    def gradient(self, which):
        return self.torch.ops.aten.convolution_backward(
            self.dy, self.x, self.w, None, [self.stride] * 2, [self.pad] * 2, [self.dilation] * 2, False,
            [0, 0], self.groups, [which == "input", which == "filters", False])

    def time(self, kind, calls):
        run = self.output if kind == "output" else lambda: self.gradient(kind)
        with self.torch.no_grad():
            run()
            start = time.perf_counter()
            for _ in range(calls):
                run()
            return (time.perf_counter() - start) / calls

    def seconds(self):
        return {kind: self.time(kind, self.calls[kind]) for kind in PASSES}


def measure(invar, shape, rounds, threads):
    """{pass: (Invar's seconds, oneDNN's)}, medians of the rounds."""
    with tempfile.TemporaryDirectory() as folder:
        programs = [Invar(invar, folder, shape, threads), OneDnn(shape, threads)]
        turns = [[program.seconds() for program in programs] for _ in range(rounds)]
    return {kind: tuple(statistics.median(turn[i][kind] for turn in turns) for i in range(2))
            for kind in PASSES}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("invar", type=Path, help="the compiler")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (3)")
    parser.add_argument("--threads", type=int, default=1, help="threads of each (1)")
    parser.add_argument("shape", nargs="*", help=f"parts of names (all of: {'; '.join(SHAPES)})")
    asked = parser.parse_intermixed_args()
    chosen = [n for n in SHAPES if not asked.shape or any(part in n for part in asked.shape)]
    if not chosen:
        sys.exit(f"convolutions.py: no shape is called that; there are: {'; '.join(SHAPES)}")
    ratios = {kind: [] for kind in PASSES}
    print("| convolution | rows | " + " | ".join(f"{kind}: Invar, oneDNN, ratio" for kind in PASSES) +
          " |\n| --- | ---: | " + "---: | " * len(PASSES))
    for name in chosen:
        shape, cells = SHAPES[name], []
        for kind, (own, peer) in measure(asked.invar.resolve(), shape, asked.rounds, asked.threads).items():
            speed = [2e-9 * multiply_adds(shape) / s for s in (own, peer)]
            ratios[kind].append(peer / own)
            cells.append(f"{speed[0]:.0f}, {speed[1]:.0f}, {peer / own:.2f}")
        print(f"| {name} | {shape[0]} | " + " | ".join(cells) + " |", flush=True)
    means = [f"{math.exp(statistics.fmean(map(math.log, r))):.2f}, least {min(r):.2f}" for r in ratios.values()]
    print("| geometric mean | | " + " | ".join(means) + " |")


if __name__ == "__main__":
    main()
