"""conform.py INVAR FOLDER [--all | NAME...] [-v] [--made MADE] [--import]: the ONNX project's own tests, as
Debian's libonnx-testdata has them, else the package onnx; with --made those that the package makes of each
operator, which are written to the folder MADE unless they are there: many more, of newer opsets.  Each model is imported, and what invar predicts with
the result must be what is recorded, within that project's tolerance; or it is refused, with a reason,
which -v prints.  Without --all a sample.  With --import nothing is predicted: what is refused, and why.

Inputs behind the first are constants where a model file needs to know them.
"""
import collections
import csv
import json
import pathlib
import re
import struct
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper

DATA = pathlib.Path("/usr/share/libonnx-testdata/data")
if not DATA.is_dir():
    DATA = pathlib.Path(onnx.__file__).parent / "backend/test/data"
KINDS = ["node", "pytorch-converted", "pytorch-operator", "simple"]
RTOL, ATOL = 1e-3, 1e-7
SAMPLE = 29                             # every so many-th of them


def make(folder):
    """The tests that the package makes, as files like those of its data."""
    from onnx.backend.test.case.node import collect_testcases
    for case in collect_testcases(None):
        data = folder / "node" / case.name / "test_data_set_0"
        data.mkdir(parents=True)
        (data.parent / "model.onnx").write_bytes(case.model.SerializeToString())
        for word, arrays in zip(("input", "output"), case.data_sets[0]):
            for i, array in enumerate(arrays):
                if isinstance(array, (np.ndarray, np.generic)):
                    array = numpy_helper.from_array(np.asarray(array))
                if isinstance(array, onnx.TensorProto):
                    (data / f"{word}_{i}.pb").write_bytes(array.SerializeToString())


class Refused(Exception):
    pass


def arrays(folder, word):
    paths = sorted(folder.glob(f"{word}_*.pb"), key=lambda p: int(p.stem.split("_")[1]))
    found = []
    for path in paths:
        tensor = onnx.TensorProto()
        tensor.ParseFromString(path.read_bytes())
        found.append(numpy_helper.to_array(tensor))
    return found


def widened(array, info):
    """Tests of bfloat16 hold its bits as uint16."""
    bits = info.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16 and array.dtype == np.uint16
    return (array.astype(np.uint32) << 16).view(np.float32) if bits else array


def write_safetensors(path, tensors):
    header, blobs, at = {}, [], 0
    for name, array in tensors.items():
        data = np.ascontiguousarray(array, np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [at, at + len(data)]}
        blobs.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


class Case:
    def __init__(self, invar, folder, out):
        self.invar, self.folder, self.out = invar, folder, out
        self.model = onnx.load(folder / "model.onnx")
        self.widened = False            # import notes that types of fewer bits are float32
        values = [*self.model.graph.input, *self.model.graph.output]
        self.arrays = all(v.type.HasField("tensor_type") for v in values)
        if not self.arrays:
            return
        data = sorted(folder.glob("test_data_set_*"))[0]
        initial = {t.name for t in self.model.graph.initializer}
        inputs = [i for i in self.model.graph.input if i.name not in initial]
        self.given = {i.name: widened(a, i) for i, a in zip(inputs, arrays(data, "input"))}
        self.declared = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in inputs}
        self.expected = [widened(a, o) for o, a in zip(self.model.graph.output, arrays(data, "output"))]

    def predict(self, rows, free):
        """What invar makes of it with the first `free` inputs as fields, all others as constants."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        fields = dict(list(self.given.items())[:free])
        for name in list(self.given)[free:]:
            model.graph.initializer.append(numpy_helper.from_array(self.given[name], name))
        for name, array in fields.items():
            if all(self.declared[name]) and list(array.shape) != self.declared[name]:
                raise Refused(f"the test's data of {name} have not the shape that it declares")
        path = self.out / "case.onnx"
        path.write_bytes(model.SerializeToString())
        status, _, said = run(self.invar, "import", path, "-o", self.out, "--rows", rows)
        if status == 1 and "error: " in said:
            raise Refused(said.split("error: ", 1)[1].splitlines()[0].split(": ", 1)[1])
        if status:
            raise RuntimeError(f"import: exit status {status}: {said}")
        self.widened |= "the model file computes in float32" in said
        return None if "--import" in sys.argv else self.compute(rows, fields)

    def compute(self, rows, fields):
        text = (self.out / "case.inv").read_text()
        count = len(next(iter(fields.values()))) if rows == "first" else 1
        tensors, lines = {}, iter(fields.items())
        def read(match):
            name, (_, array) = match[2], next(lines)
            shape = array.shape if rows == "first" else (1, *array.shape)
            tensors[name] = array.reshape(shape if len(shape) > 1 else (*shape, 1))
            return f"  input {name}: f32{match[3]} = {name}"

        text = re.sub(r"^  (input) (\w+): f32(\S*|\[[^\]]*\]) = random_\w+\(.*\)$", read, text, flags=re.M)
        label = re.search(r"^  label (\w+): f32(\[[^\]]*\])?", text, flags=re.M)
        if label:
            dims = [int(d) for d in (label[2] or "[1]")[1:-1].split(",") if d.strip()]
            tensors[label[1]] = np.zeros([count, *dims])
            text = re.sub(r"^(  label (\w+): f32.*) = random_\w+\(.*\)$", r"\1 = \2", text, flags=re.M)
        names = ", ".join(tensors)
        text = text.replace("random(64)", f'safetensors("in.safetensors", {names})', 1)
        (self.out / "case.inv").write_text(text)
        write_safetensors(self.out / "in.safetensors", tensors)
        answer = self.out / "answer.csv"
        status, _, said = run(self.invar, "predict", self.out / "case.inv", "--weights",
                              self.out / "case.safetensors", "--data", self.out, "-o", answer,
                              "--quiet", "--cflags", "-O0")
        if status:
            raise RuntimeError(f"what came out does not run: {said.strip()}")
        with open(answer, newline="") as file:
            lines = list(csv.reader(file))
        keep = [i for i, n in enumerate(lines[0]) if n not in ("row", "part")]
        return np.array([[float(line[i]) for i in keep] for line in lines[1:]])

    def agrees(self, values, rows):
        at = 0
        count = len(values)
        for truth in self.expected:
            n = truth.size // count if rows == "first" else truth.size
            mine = values[:, at:at + n].reshape(-1)
            at += n
            if truth.dtype == object or not np.allclose(mine, truth.astype(np.float64).reshape(-1), RTOL,
                                                        1e-6, equal_nan=True):
                return False
        return at == values.shape[1]

    def check(self):
        """"passed", or why it was refused; an error is raised where it is wrong."""
        reasons = []
        if not self.arrays:
            status, _, said = run(self.invar, "import", self.folder / "model.onnx", "-o", self.out)
            if status != 1 or "error: " not in said:
                raise RuntimeError(f"sequences and optional values are not refused: {said}")
            return said.split("error: ", 1)[1].splitlines()[0].split(": ", 1)[1]
        with np.errstate(over="ignore"):
            finite = all(np.isfinite(a.astype(np.float32)).all() for a in self.given.values()
                         if a.dtype.kind in "fV")   # V: bfloat16
        if not finite:
            return "its data are not finite in float32, which trainers refuse"
        free = len(self.given)
        kept = [free] if free < 2 else [free, 1]
        for rows in ("first", "none"):
            for keep in kept:
                try:
                    values = self.predict(rows, keep)
                except Refused as reason:
                    reasons.append(str(reason))
                    continue
                if values is None or self.agrees(values, rows):
                    return "passed"
                if self.widened:
                    return "its half precision is computed in float32, of which a note says so"
                raise RuntimeError(f"other numbers: --rows {rows}, {keep} of {free} inputs as fields")
        return reasons[-1] if reasons else "no form of it could be run"


def main():
    arguments = [a for a in sys.argv[3:] if not a.startswith("-")]
    every, tests = "--all" in sys.argv, DATA
    invar, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if "--made" in sys.argv:
        tests = pathlib.Path(sys.argv[sys.argv.index("--made") + 1])
        arguments.remove(str(tests))
        if not tests.is_dir():
            make(tests)
    out = folder / "conform"
    out.mkdir(exist_ok=True)
    counts, wrong = collections.Counter(), []
    for kind in KINDS:
        folders = sorted(p.parent for p in (tests / kind).glob("*/model.onnx"))
        for number, path in enumerate(folders):
            if arguments and path.name not in arguments:
                continue
            if not arguments and not every and number % SAMPLE:
                continue
            try:
                case = Case(invar, path, out)
                verdict = case.check()
            except Exception as error:
                wrong.append(f"{path.name}: {error}")
                counts[kind, "wrong"] += 1
                print(f"{kind} {path.name}: WRONG: {error}", flush=True)
                continue
            counts[kind, "passed" if verdict == "passed" else "refused"] += 1
            if verdict != "passed":
                if "-v" in sys.argv:
                    print(f"{kind} {path.name}: refused: {verdict}", flush=True)
    for kind in KINDS:
        print(kind, {v: counts[kind, v] for v in ("passed", "refused", "wrong")})
    passed = sum(n for (_, v), n in counts.items() if v == "passed")
    skipped = sum(n for (_, v), n in counts.items() if v == "refused")
    print(f"{passed} passed, {len(wrong)} failed, {skipped} skipped")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
