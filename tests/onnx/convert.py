"""convert.py INVAR FOLDER: models of onnx/backend/test/data/pytorch-converted and pytorch-operator
with a convolution, pooling, padding or normalisation, as model files and weights in FOLDER; what
INVAR predicts with them must be what is recorded there, within that suite's own tolerance.

All tests of so many rows share one model file.  Values have channels last in it: inputs are turned
in the beginning, outputs in the end.
"""
import json
import pathlib
import struct
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

SUBJECT = {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool",
           "GlobalMaxPool", "Pad", "BatchNormalization", "InstanceNormalization", "LRN", "Upsample",
           "Resize"}


class Inexpressible(Exception):
    pass


def call(name, *positions, **options):
    said = [str(p) for p in positions] + [f"{k} = {v}" for k, v in options.items() if v is not None]
    return f"{name}({', '.join(said)})"


def equal(values):
    """The number that they all are, or None."""
    return values[0] if len(set(values)) == 1 else None


class Test:
    """One model: lines of its text, its parameters by path, its arrays by name."""

    def __init__(self, case):
        self.name = case.name.removeprefix("test_").lower()
        folder = pathlib.Path(case.model_dir)
        self.rtol, self.atol = case.rtol, case.atol
        self.graph = onnx.load(folder / "model.onnx").graph
        self.constants = {t.name: numpy_helper.to_array(t) for t in self.graph.initializer}
        self.lines, self.weights, self.inputs, self.values = [], {}, {}, {}
        free = [i.name for i in self.graph.input if i.name not in self.constants]
        read = lambda file: numpy_helper.to_array(onnx.load_tensor(file))
        data = folder / "test_data_set_0"
        given = {n: read(data / f"input_{k}.pb") for k, n in enumerate(free)}
        self.expected = read(data / "output_0.pb")
        parameters = {n for node in self.graph.node for n in node.input[1:]} & set(given)
        self.constants.update({n: given[n] for n in parameters})
        self.free = {n: a for n, a in given.items() if n not in parameters}

    def take(self, name, array):
        own = f"{self.name}_x{len(self.inputs)}"
        self.inputs[own] = array.astype(np.float32)
        self.let(name, turned(own, array.ndim - 1, [*range(1, array.ndim - 1), 0]), array.shape)

    def let(self, name, text, shape):
        """Gives a value of the graph a name of its own; shape: as in ONNX, rows first."""
        own = f"{self.name}_v{len(self.values)}"
        self.lines.append(f"  {own} = {text}")
        self.values[name] = own, tuple(shape)

    def convert(self):
        for name, array in self.free.items():
            self.take(name, array)
        for number, node in enumerate(self.graph.node):
            convert = globals().get("of_" + node.op_type)
            if not convert:
                raise Inexpressible(f"the operator {node.op_type} has no counterpart here")
            options = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            convert(self, node, f"{self.name}_c{number}", options)
        y, shape = self.values[self.graph.output[0].name]
        assert shape == self.expected.shape, f"{self.name}: shape {shape}, not {self.expected.shape}"
        back = turned(y, len(shape) - 1, [len(shape) - 2, *range(len(shape) - 2)])
        self.lines += [f"  output {self.name} = flatten({back})",
                       f"  loss l_{self.name} = sum(square({y}))"]


def turned(text, rank, order):
    return f"transpose({text}, {order})" if rank > 1 else text


class Windows:
    """Attributes of what slides: of each axis of places."""

    def __init__(self, options, places, size):
        axes = len(places)
        self.size, self.places = list(size), places
        self.stride = list(options.get("strides", [1] * axes))
        self.dilation = list(options.get("dilations", [1] * axes))
        pads = list(options.get("pads", [0] * 2 * axes))
        self.before, self.after = pads[:axes], pads[axes:]
        lacks = [max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0) for n, s, k, d in
                 zip(places, self.stride, self.size, self.dilation)]
        if options.get("auto_pad", b"NOTSET") == b"SAME_UPPER":
            self.before = [m // 2 for m in lacks]
            self.after = [m - m // 2 for m in lacks]
        elif options.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
            raise Inexpressible(f"auto_pad {options['auto_pad'].decode()}")
        if options.get("ceil_mode"):
            raise Inexpressible("ceil_mode: a last window that is not whole")

    def out(self):
        return [(n + b + a - (k - 1) * d - 1) // s + 1 for n, b, a, k, d, s in
                zip(self.places, self.before, self.after, self.size, self.dilation, self.stride)]

    def plain(self):
        """The same along all axes and on both sides, as layers of the library have it."""
        return (equal(self.stride) and equal(self.dilation)
                and equal(self.before + self.after) is not None)

    def own_sizes(self):
        """Of the axes behind the first, where they differ."""
        names = ["width"] if len(self.size) == 2 else ["height", "width"]
        return dict(zip(names, self.size[1:])) if len(set(self.size)) > 1 else {}

    def options(self):
        return {**self.own_sizes(), "stride": self.stride[0], "border": self.before[0]}

    def of(self, x, outside=None):
        return call("window", x, self.size, stride=self.stride, dilation=self.dilation,
                    before=self.before, after=self.after, outside=outside)


def contraction(test, name, windows, x, groups):
    """A convolution of the weights NAME/w and NAME/bias as products of windows, one for a group."""
    filters = np.split(test.weights.pop(f"{name}/w"), groups, axis=-1)
    bias = test.weights.pop(f"{name}/bias", None)
    each, axes, parts = filters[0].shape[-2], len(windows.size), []
    for g, w in enumerate(filters):
        test.weights[f"{name}_w{g}"] = w
        test.lines.append(f"  param {name}_w{g}: f32{list(w.shape)} = 0")
        seen = windows.of(f"{x}[..., {g * each}..{g * each + each - 1}]")
        parts.append(call("contract", seen, f"{name}_w{g}", axes + 1))
    text = call("concat", *parts, axis=axes) if groups > 1 else parts[0]
    if bias is not None:
        test.weights[f"{name}_bias"] = bias
        test.lines.append(f"  param {name}_bias: f32{list(bias.shape)} = 0")
        text += f" + {name}_bias"
    return text


def of_Conv(test, node, name, options):
    x, (rows, channels, *places) = test.values[node.input[0]]
    w = test.constants[node.input[1]]
    groups, axes = options.get("group", 1), len(places)
    windows = Windows(options, places, w.shape[2:])
    turned_w = np.moveaxis(w, (0, 1), (-1, -2))
    test.weights[f"{name}/w"] = turned_w
    bias = len(node.input) > 2
    if bias:
        test.weights[f"{name}/bias"] = test.constants[node.input[2]]
    if windows.plain() and (axes < 3 or groups == 1):
        more = {} if groups == 1 else {"groups": groups}
        text = call(f"conv{axes}d", x, w.shape[0], w.shape[2], **windows.options(), **more,
                    dilation=windows.dilation[0], with_bias=None if bias else "false")
        text = f"{text} as {name}"
    else:
        text = contraction(test, name, windows, x, groups)
    test.let(node.output[0], text, [rows, w.shape[0], *windows.out()])


def of_ConvTranspose(test, node, name, options):
    x, (rows, channels, *places) = test.values[node.input[0]]
    w, axes = test.constants[node.input[1]], len(places)
    groups, windows = options.get("group", 1), Windows(options, places, w.shape[2:])
    more = list(options.get("output_padding", [0] * axes))
    if "output_shape" in options:
        raise Inexpressible("output_shape")
    test.weights[f"{name}/w"] = np.moveaxis(w, (1, 0), (-2, -1))
    bias = len(node.input) > 2
    if bias:
        test.weights[f"{name}/bias"] = test.constants[node.input[2]]
    each = lambda values: values if axes > 1 else values[0]
    border = [n for pair in zip(windows.before, windows.after) for n in pair]
    text = call(f"conv{axes}d_transpose", x, w.shape[1] * groups, w.shape[2],
                **windows.own_sizes(), stride=each(windows.stride), border=border,
                output_padding=each(more), dilation=each(windows.dilation),
                groups=groups if groups > 1 else None, with_bias=None if bias else "false")
    out = [(n - 1) * s - b - a + d * (k - 1) + 1 + m for n, s, b, a, d, k, m in zip(
        places, windows.stride, windows.before, windows.after, windows.dilation, windows.size, more)]
    test.let(node.output[0], f"{text} as {name}", [rows, w.shape[1] * groups, *out])


def pool(test, node, options, kind):
    x, (rows, channels, *places) = test.values[node.input[0]]
    axes = len(places)
    windows = Windows(options, places, options["kernel_shape"])
    name = f"{kind}_pool" + ("" if axes == 2 else f"{axes}d")
    out = windows.out()
    whole = kind == "max" or not options.get("count_include_pad") or not any(windows.before)
    same_size = axes < 3 or equal(windows.size)
    if windows.plain() and equal(windows.dilation) == 1 and whole and same_size:
        text = call(name, x, windows.size[0], **windows.options())
    elif kind == "max":
        seen = windows.of(x, "-inf")
        text = f"reshape(max({seen}, axis = {list(range(axes, 2 * axes))}), {[*out, channels]})"
    elif not whole or not any(windows.before + windows.after):
        text = f"reshape(mean({windows.of(x)}, axis = {list(range(axes, 2 * axes))}), {[*out, channels]})"
    else:
        raise Inexpressible("a mean of what lies within, with other borders along each axis")
    test.let(node.output[0], text, [rows, channels, *out])


def of_MaxPool(test, node, name, options):
    pool(test, node, options, "max")


def of_AveragePool(test, node, name, options):
    pool(test, node, options, "avg")


def of_Pad(test, node, name, options):
    x, (rows, channels, *places) = test.values[node.input[0]]
    pads = list(options.get("pads") or test.constants[node.input[1]])
    pads = [int(p) for p in pads]
    axes = len(places)
    before, after = pads[2:2 + axes], pads[4 + axes:]
    if any(pads[:2] + pads[2 + axes:4 + axes]):
        raise Inexpressible("padding of rows or channels")
    mode = options.get("mode", b"constant").decode()
    value = float(options.get("value", 0))
    if len(node.input) > 2:
        value = float(test.constants[node.input[2]])
    shape = [rows, channels, *[n + b + a for n, b, a in zip(places, before, after)]]
    if mode == "constant" and (value or axes != 2):
        ones = [1] * axes
        seen = call("window", x, ones, before=before, after=after, outside=value)
        text = f"reshape({seen}, {[*shape[2:], channels]})"
    elif axes == 2:
        fill = {"constant": "zero", "edge": "replicate", "reflect": "reflect"}[mode]
        text = call("padding", x, before[0], after[0], before[1], after[1], fill)
    else:
        raise Inexpressible(f"padding by {mode} of {axes} axes")
    test.let(node.output[0], text, shape)


def of_BatchNormalization(test, node, name, options):
    x, shape = test.values[node.input[0]]
    paths = ["affine/scale", "affine/shift", "running_mean", "running_variance"]
    for path, value in zip(paths, node.input[1:]):
        test.weights[f"{name}/{path}"] = test.constants[value]
    test.let(node.output[0], call("batch_norm", x, eps=options.get("epsilon", 1e-5)) + f" as {name}",
             shape)


def of_InstanceNormalization(test, node, name, options):
    x, shape = test.values[node.input[0]]
    test.weights[f"{name}/affine/scale"] = test.constants[node.input[1]]
    test.weights[f"{name}/affine/shift"] = test.constants[node.input[2]]
    text = call("instance_norm", x, eps=options.get("epsilon", 1e-5), with_scale="true",
                with_shift="true")
    test.let(node.output[0], f"{text} as {name}", shape)


def of_Relu(test, node, name, options):
    x, shape = test.values[node.input[0]]
    test.let(node.output[0], f"relu({x})", shape)


def of_Unsqueeze(test, node, name, options):
    """Of places alone: a value keeps its channels where they are."""
    x, shape = test.values[node.input[0]]
    shape = list(shape)
    for axis in sorted(axes_of(test, node, options)):
        if axis < 2:
            raise Inexpressible("an axis before the channels")
        shape.insert(axis, 1)
    test.let(node.output[0], f"reshape({x}, {[*shape[2:], shape[1]]})", shape)


def of_Squeeze(test, node, name, options):
    x, shape = test.values[node.input[0]]
    gone = axes_of(test, node, options)
    if min(gone) < 2:
        raise Inexpressible("rows or channels as an axis that goes")
    shape = [n for axis, n in enumerate(shape) if axis not in gone]
    test.let(node.output[0], f"reshape({x}, {[*shape[2:], shape[1]]})", shape)


def axes_of(test, node, options):
    axes = options["axes"] if "axes" in options else test.constants[node.input[1]]
    return [int(a) for a in axes]


def of_Constant(test, node, name, options):
    test.constants[node.output[0]] = numpy_helper.to_array(options["value"])


# ---- files

def save(path, arrays):
    """A safetensors file of binary32."""
    header, at = {}, 0
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape),
                        "data_offsets": [at, at + 4 * array.size]}
        at += 4 * array.size
    text = json.dumps(header).encode()
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            out.write(np.ascontiguousarray(array, np.float32).tobytes())


def write(rows, tests, folder):
    name = f"rows_{rows}"
    inputs = {n: a for test in tests for n, a in test.inputs.items()}
    np.savez(folder / f"{name}.npz", **inputs)
    save(folder / f"{name}.safetensors", {p: w for test in tests for p, w in test.weights.items()})
    fields = [f"  input {n}: f32{list(a.shape[1:])} = {n}" for n, a in inputs.items()]
    arguments = ", ".join(f"{n}: f32{list(a.shape[1:])}" for n, a in inputs.items())
    text = ["invar 1", "", f'data d = npz("{name}.npz", {", ".join(inputs)}) {{', *fields,
            "  order fixed", "}", "", f"model {name}({arguments}) {{",
            *[line for test in tests for line in test.lines], "}", "", f"train {name} on d {{",
            "  steps 1", f"  batch {rows}", "  optimizer sgd()", "}", ""]
    (folder / f"{name}.inv").write_text("\n".join(text))
    return folder / name


def predicted(invar, stem):
    """Rows by the names of the outputs."""
    done = subprocess.run([invar, "run", f"{stem}.inv", "--init", f"{stem}.safetensors", "--predict",
                           "-o", f"{stem}.jsonl", "--quiet"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return [json.loads(line) for line in open(f"{stem}.jsonl")]


def main():
    invar, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    by_rows, left, passed, failed = {}, {}, 0, 0
    for kind in ("pytorch-converted", "pytorch-operator"):
        for case in sorted(load_model_tests(kind=kind), key=lambda c: c.name):
            test = Test(case)
            if not SUBJECT & {node.op_type for node in test.graph.node}:
                continue
            try:
                test.convert()
            except Inexpressible as reason:
                left[f"{kind}/{case.name}"] = reason
                continue
            by_rows.setdefault(test.expected.shape[0], []).append(test)
    for rows, tests in sorted(by_rows.items()):
        lines = predicted(invar, write(rows, tests, folder))
        for test in tests:
            got = np.array([line[test.name] for line in lines]).reshape(test.expected.shape)
            good = np.allclose(got, test.expected, rtol=test.rtol, atol=test.atol)
            off = np.abs(got - test.expected).max()
            print(f"{test.name}: {'passed' if good else 'FAILED'}, off by {off:.1e}")
            passed, failed = passed + good, failed + (not good)
    for name, reason in left.items():
        print(f"{name}: SKIPPED, cannot be expressed: {reason}")
    print(f"{passed} passed, {failed} failed, {len(left)} skipped")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
