"""export.py INVAR FOLDER [NAME...]: examples, trained for a few steps, as ONNX: the checker of package onnx
takes them, and ONNX Runtime and the package's reference evaluator compute what invar predicts, within
1e-5 of the largest number there is."""
import gzip
import json
import pathlib
import struct
import subprocess
import sys

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = 64
BOUND = 1e-5


def table(path, columns, header):
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else open(path)
    with opened as file:
        lines = [line.strip().split(",") for line in file][header:]
    return np.array([[float(cell) for cell in line[:columns]] for line in lines], np.float32)


def digits(folder):
    return table(ROOT / "examples/digits/digits.csv.gz", 64, 0)


def iris(folder):
    return table(ROOT / "examples/iris/iris.csv", 4, 1)


def tones(folder):
    return table(ROOT / "examples/keyword_gru/tones.csv", 72, 0)


def images(folder):
    """Noise in the place of MNIST: what is compared does not depend on it."""
    draw = np.random.default_rng(1)
    pixels = draw.integers(0, 256, (256, 28, 28), dtype=np.uint8)
    labels = draw.integers(0, 10, 256).astype(np.uint8)
    for name, array, magic in (("t10k-images-idx3-ubyte", pixels, 0x803),
                               ("t10k-labels-idx1-ubyte", labels, 0x801)):
        header = struct.pack(f">{1 + array.ndim}I", magic, *array.shape)
        with gzip.open(folder / f"{name}.gz", "wb") as file:
            file.write(header + array.tobytes())
    return pixels.astype(np.float32)


# Example, what it reads, where its data lie (None: with it).
EXAMPLES = [("digits", digits, None), ("iris", iris, None), ("custom_step", digits, None),
            ("autoencoder", digits, None), ("augment", digits, None), ("keyword_gru", tones, None),
            ("lenet", images, "here"),
            ("resnet8", images, "here")]


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[1]}: exit status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def predicted(invar, model, weights, data):
    """The outputs by name, of all rows."""
    lines = run(invar, "predict", model, "--weights", weights, "--data", data, "--format", "jsonl",
                "--quiet").splitlines()
    rows = [json.loads(line) for line in lines]
    cells = lambda value: list(value.values()) if isinstance(value, dict) else value
    return {name: np.array([cells(row[name]) for row in rows], np.float32) for name in rows[0]
            if name not in ("row", "part")}


def differences(path, cells, expected, chosen=("reference", "runtime")):
    """The largest difference of each evaluator, by name."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    name, kind = model.graph.input[0].name, model.graph.input[0].type.tensor_type
    dims = [d.dim_value for d in kind.shape.dim[1:]]
    given = {name: cells.reshape(len(cells), *dims)}
    evaluators = {"reference": lambda: ReferenceEvaluator(model).run(None, given)}
    if onnxruntime:
        evaluators["runtime"] = lambda: onnxruntime.InferenceSession(
            str(path), providers=["CPUExecutionProvider"]).run(None, given)
    for evaluator in (name for name in chosen if name in evaluators):
        for output, value in zip(model.graph.output, evaluators[evaluator]()):
            truth = expected[output.name].reshape(value.shape)
            yield evaluator, output.name, float(np.abs(value - truth).max() / max(1, np.abs(truth).max()))


def check(invar, folder, name, read, here):
    model = ROOT / "examples" / name / f"{name}.inv"
    cells = read(folder)[:ROWS]
    data = folder if here else model.parent
    weights, out = folder / f"{name}.safetensors", folder / f"{name}.onnx"
    run(invar, "run", model, "--data", data, "--steps", 20, "--weights", weights, "--quiet")
    run(invar, "export", model, "--weights", weights, "-o", out)
    every = predicted(invar, model, weights, data)
    expected = {key: value[:ROWS] for key, value in every.items()}
    for evaluator, output, difference in differences(out, cells, expected):
        if difference > BOUND or "-v" in sys.argv:
            print(f"{name}: {output} by the {evaluator}: {difference:.2g} from what invar predicts")
        if difference > BOUND:
            return False
    return True


def main():
    invar, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    chosen = [a for a in sys.argv[3:] if a != "-v"]
    passed = failed = 0
    for name, read, here in EXAMPLES:
        if chosen and name not in chosen:
            continue
        try:
            good = check(invar, folder, name, read, here)
        except Exception as error:
            print(f"{name}: {error}")
            good = False
        passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
