"""conform.py INVAR FOLDER [--all | NAME...] [-v] [--made MADE] [--import | --reference EVALUATE]: the ONNX
project's own tests, as Debian's libonnx-testdata has them, else the package onnx; with --made those that
the package makes of each operator, which are written to the folder MADE unless they are there: many more,
of newer opsets.  Each model is imported, and what invar predicts with the result must be what is recorded,
within that project's tolerance; or it is refused, with a reason, which -v prints.  Without --all a sample.
With --import nothing is predicted: what is refused, and why.  With --reference it is EVALUATE, the second
implementation of docs/numerics.md (tests/reference), that computes what the program of `invar check
--dump=program` predicts: nothing is compiled, so that all tests take minutes.

Inputs behind the first are constants where a model file needs to know them.  Tests whose data float32 does
not hold are computed with other data, by the package's own evaluator.
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
RTOL, ATOL = 1e-3, 1e-7                 # of that project's runner
SAMPLE = 29                             # every so many-th of them
VARIABLE = re.compile(r'^variable \d+ (\w+) "([^"]*)" .* : (\w+)(?:\[(.*)\])?$', re.M)


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


def read_safetensors(path):
    if not path.exists():
        return {}
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    return {name: np.frombuffer(data[8 + size:][slice(*array["data_offsets"])], np.float32)
            for name, array in header.items() if name != "__metadata__"}


def option(name):
    """The word behind an option, or None."""
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


class Case:
    def __init__(self, invar, folder, out):
        self.invar, self.folder, self.out = invar, folder, out
        self.model = onnx.load(folder / "model.onnx")
        self.widened = False            # import notes that types of fewer bits are float32
        self.special = ""               # what a test's data are that passes otherwise than the others
        values = [*self.model.graph.input, *self.model.graph.output]
        self.arrays = all(v.type.HasField("tensor_type") for v in values)
        if not self.arrays:
            return
        data = sorted(folder.glob("test_data_set_*"))[0]
        initial = {t.name for t in self.model.graph.initializer}
        inputs = [i for i in self.model.graph.input if i.name not in initial]
        self.given = {i.name: widened(a, i) for i, a in zip(inputs, arrays(data, "input"))}
        self.declared = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in inputs}
        outputs = list(zip(self.model.graph.output, arrays(data, "output")))
        self.cut = any(widened(a, o) is not a for o, a in outputs)
        self.expected = [widened(a, o) for o, a in outputs]

    def fields(self):
        """Which inputs are fields, all others constants: all, the first, those of as many rows."""
        names = list(self.given)
        shapes = [self.given[n].shape for n in names]
        rows = [n for n, s in zip(names, shapes) if s[:1] == shapes[0][:1]]
        forms = [names, names[:1], rows]
        return [f for i, f in enumerate(forms) if f not in forms[:i]]

    def predict(self, rows, free):
        """What invar makes of it with these inputs as fields, all others as constants."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        fields = {n: a for n, a in self.given.items() if n in free}
        for name in [n for n in self.given if n not in free]:
            model.graph.initializer.append(numpy_helper.from_array(self.given[name], name))
        for name, array in fields.items():
            if all(self.declared[name]) and list(array.shape) != self.declared[name]:
                raise Refused(f"the test's data of {name} have not the shape that it declares")
        path = self.out / "case.onnx"
        path.write_bytes(model.SerializeToString())
        for old in ("case.inv", "case.safetensors"):    # of the test before, not written over
            (self.out / old).unlink(missing_ok=True)
        status, _, said = run(self.invar, "import", path, "-o", self.out, "--rows", rows)
        if status == 1 and "error: " in said:
            raise Refused(said.split("error: ", 1)[1].splitlines()[0].split(": ", 1)[1])
        if status:
            raise RuntimeError(f"import: exit status {status}: {said}")
        self.widened |= "the model file computes in float32" in said
        return None if "--import" in sys.argv else self.compute(rows, fields)

    def compute(self, rows, fields):
        evaluate = option("--reference")
        return self.evaluate(evaluate, rows, fields) if evaluate else self.run(rows, fields)

    def evaluate(self, program, rows, fields):
        """By the second implementation: all variables of the program go in and come out, in order."""
        status, dump, said = run(self.invar, "check", self.out / "case.inv", "--dump=program")
        if status:
            raise RuntimeError(f"what came out does not compile: {said.strip()}")
        count = len(next(iter(fields.values()))) if rows == "first" else 1
        saved = read_safetensors(self.out / "case.safetensors")
        given = iter(fields.values())
        shape = {"b": count}
        before, at = [struct.pack("<qqqqqII", 1, count, 0, 1, 0, 0, 0)], 0
        places = []
        for kind, name, type, dims in VARIABLE.findall(dump):
            dims = [shape.get(d) or int(d) for d in dims.split(", ") if d]
            size, dtype = int(np.prod(dims)), {"f32": np.float32, "i64": np.int64}.get(type, np.int32)
            if kind == "input" and name in self.labels():
                array = np.zeros(size, dtype)
            elif kind == "input":
                array = next(given).astype(dtype)
            elif kind in ("param", "buffer") and name not in ("offset", *saved):
                raise RuntimeError(f"{kind} {name} has no saved numbers")
            else:
                array = saved.get(name, np.zeros(size, dtype)).astype(dtype)
            if array.size != size:
                raise RuntimeError(f"{kind} {name} has {size} elements, and {array.size} are given")
            before.append(array.tobytes())
            if kind == "output":
                places.append((at, size, dtype))
            at += size * np.dtype(dtype).itemsize
        (self.out / "dump.txt").write_text(dump)
        (self.out / "before").write_bytes(b"".join(before))
        status, _, said = run(program, "--case", self.out / "dump.txt", self.out / "before", self.out / "after")
        if status:
            raise RuntimeError(f"the second implementation: exit status {status}: {said.strip()}")
        after = (self.out / "after").read_bytes()
        found = [np.frombuffer(after, dtype, size, place).reshape(count, -1) for place, size, dtype in places]
        return np.concatenate([f.astype(np.float64) for f in found], axis=1)

    def labels(self):
        text = (self.out / "case.inv").read_text()
        return re.findall(r"^  label (\w+):", text, flags=re.M)

    def run(self, rows, fields):
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

    def agrees(self, values, rows, scale=0):
        """scale: what the largest number adds to what may differ."""
        at = 0
        count = len(values)
        for truth in self.expected:
            n = truth.size // count if rows == "first" else truth.size
            mine = values[:, at:at + n].reshape(-1)
            at += n
            if truth.dtype == object:
                return False
            truth = truth.astype(np.float64).reshape(-1)
            atol = ATOL + (scale * np.abs(truth).max() if scale else 0)
            if not np.allclose(mine, truth, RTOL, atol, equal_nan=True):
                return False
        return at == values.shape[1]

    def take_other_data(self):
        """Random data in the place of doubles beyond float32, and what the package computes of them."""
        from onnx.reference import ReferenceEvaluator
        rng = np.random.default_rng(1)
        self.given = {n: rng.standard_normal(a.shape) for n, a in self.given.items()}
        self.expected = ReferenceEvaluator(self.model).run(None, self.given)

    def put_rows_first(self):
        """The batch of a loop's input and outputs as their first axis, by transpositions around it; False: it
        is no loop over several rows."""
        graph = self.model.graph
        if len(graph.node) != 1 or graph.node[0].op_type not in ("LSTM", "GRU", "RNN") or \
                any(a.name == "layout" for a in graph.node[0].attribute):
            return False
        node, x = graph.node[0], graph.node[0].input[0]
        self.given[x + "/first"] = self.given.pop(x).transpose(1, 0, 2)
        self.given = dict(sorted(self.given.items(), key=lambda item: item[0] != x + "/first"))
        self.declared[x + "/first"] = list(self.given[x + "/first"].shape)
        info = next(i for i in graph.input if i.name == x)
        info.CopyFrom(onnx.helper.make_tensor_value_info(x + "/first", 1, self.declared[x + "/first"]))
        graph.node.insert(0, onnx.helper.make_node("Transpose", [x + "/first"], [x], perm=[1, 0, 2]))
        for i, out in enumerate(graph.output):
            perm = [2, 0, 1, 3] if out.name == node.output[0] else [1, 0, 2]
            self.expected[i] = self.expected[i].transpose(perm)
            graph.node.append(onnx.helper.make_node("Transpose", [out.name], [out.name + "/first"], perm=perm))
            shape = list(self.expected[i].shape)
            out.CopyFrom(onnx.helper.make_tensor_value_info(out.name + "/first", 1, shape))
        return True

    def tried(self, reasons, forms):
        """"passed", or why numbers differ, by the first form that is not refused; None: all are."""
        for rows, keep in forms:
            try:
                values = self.predict(rows, keep)
            except Refused as reason:
                reasons.append(str(reason))
                continue
            if values is None or self.agrees(values, rows):
                return "passed"
            if self.widened:
                return "its half precision is computed in float32, of which a note says so"
            if self.cut:
                return "its bfloat16 is cut off, where later versions of the standard round"
            if self.agrees(values, rows, scale=1e-7):
                return "float32 rounds it: its numbers are within 1e-7 of the largest, but not each of itself"
            raise RuntimeError(f"other numbers: --rows {rows}, with {', '.join(keep)} as fields")
        return None

    def check(self):
        """"passed", or why it was refused; an error is raised where it is wrong."""
        reasons = []
        if not self.arrays:
            status, _, said = run(self.invar, "import", self.folder / "model.onnx", "-o", self.out)
            if status != 1 or "error: " not in said:
                raise RuntimeError(f"sequences and optional values are not refused: {said}")
            return said.split("error: ", 1)[1].splitlines()[0].split(": ", 1)[1]
        with np.errstate(over="ignore"):
            finite = [np.isfinite(a.astype(np.float32)).all() for a in self.given.values()
                      if a.dtype.kind in "fV"]      # V: bfloat16
        wide = [a.dtype == np.float64 and np.isfinite(a).all() for a in self.given.values()]
        if not all(finite) and all(wide):
            self.take_other_data()
            self.special = "with other data, since float32 does not hold theirs"
        elif not all(finite) and not option("--reference"):
            return "its data are not finite, which trainers refuse"
        elif not all(finite):
            self.special = "of the graph alone, since trainers refuse data that are not finite"
        if any(a.dtype.kind in "iu" and (a != a.astype(np.float32).astype(a.dtype)).any()
               for a in self.given.values()):
            return "its data are whole numbers that float32, the type of inputs, does not hold"
        verdict = self.tried(reasons, [(rows, keep) for rows in ("first", "none") for keep in self.fields()])
        if not verdict and self.put_rows_first():
            verdict = self.tried(reasons, [("first", list(self.given)[:1])])
        if verdict:
            return verdict
        return reasons[-1] if reasons else "no form of it could be run"


def main():
    given = [option("--made"), option("--reference")]
    arguments = [a for a in sys.argv[3:] if not a.startswith("-") and a not in given]
    every, tests = "--all" in sys.argv, DATA
    invar, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if "--made" in sys.argv:
        tests = pathlib.Path(option("--made"))
        if not tests.is_dir():
            make(tests)
    out = folder / "conform"
    out.mkdir(exist_ok=True)
    counts, special, wrong = collections.Counter(), collections.Counter(), []
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
            if verdict == "passed" and case.special:
                special[case.special] += 1
            if verdict != "passed":
                if "-v" in sys.argv:
                    print(f"{kind} {path.name}: refused: {verdict}", flush=True)
    for kind in KINDS:
        print(kind, {v: counts[kind, v] for v in ("passed", "refused", "wrong")})
    for text, count in special.items():
        print(f"{count} of these pass {text}")
    passed = sum(n for (_, v), n in counts.items() if v == "passed")
    skipped = sum(n for (_, v), n in counts.items() if v == "refused")
    print(f"{passed} passed, {len(wrong)} failed, {skipped} skipped")
    few = not arguments and passed < 2 * skipped    # a fault may refuse all
    if few:
        print("FAILED: fewer than two thirds of the tests pass")
    return bool(wrong) or few


if __name__ == "__main__":
    sys.exit(main())
