"""state_dict.py OUT [FORM]: a state dict as torch.save writes it, without PyTorch: a zip with
data.pkl and the bytes of storages.  FORMs are other ways to write, or files to be refused."""
import collections
import io
import pickle
import struct
import sys
import types
import warnings
import zipfile


def module(name, **members):
    made = types.ModuleType(name)
    for key, value in members.items():
        setattr(made, key, value)
        value.__module__ = name
    sys.modules[name] = made


def _rebuild_tensor_v2(*given):
    raise AssertionError("nothing is called while a file is written")


class FloatStorage:
    pass


class HalfStorage:
    pass


class LongStorage:
    pass


class ComplexFloatStorage:
    pass


module("torch", FloatStorage=FloatStorage, HalfStorage=HalfStorage, LongStorage=LongStorage,
       ComplexFloatStorage=ComplexFloatStorage)
module("torch._utils", _rebuild_tensor_v2=_rebuild_tensor_v2)
CODES = {FloatStorage: "f", HalfStorage: "e", LongStorage: "q", ComplexFloatStorage: "f"}


class Tensor:
    """values: of the storage; the tensor is a view of it."""

    def __init__(self, values, shape, stride=None, first=0, storage=FloatStorage):
        if stride is None:
            stride = [1] * len(shape)
            for i in range(len(shape) - 2, -1, -1):
                stride[i] = stride[i + 1] * shape[i + 1]
        self.values, self.storage = values, storage
        self.given = first, tuple(shape), tuple(stride)

    def __reduce__(self):
        first, shape, stride = self.given
        return _rebuild_tensor_v2, (self.Storage(self), first, shape, stride, False,
                                    collections.OrderedDict())

    class Storage:
        def __init__(self, tensor):
            self.tensor = tensor


class Pickler(pickle.Pickler):
    def __init__(self, *given):
        super().__init__(*given)
        self.members = {}

    def persistent_id(self, value):
        if not isinstance(value, Tensor.Storage):
            return None
        t, key = value.tensor, str(len(self.members))
        self.members[key] = struct.pack(f"<{len(t.values)}{CODES[t.storage]}", *t.values)
        return "storage", t.storage, key, "cpu", len(t.values)


class Calls:
    def __reduce__(self):
        import os
        return os.system, ("touch executed",)


class Pairs:
    """OrderedDict([[key, value], ...]) as Python 2 wrote it."""

    def __init__(self, state):
        self.state = state

    def __reduce__(self):
        return collections.OrderedDict, ([list(pair) for pair in self.state.items()],)


def dictionary(form):
    state = collections.OrderedDict()
    weight = [i / 8 - 3 for i in range(48)]                 # of 8 units and 6 inputs
    if form == "half":
        state["fc1.weight"] = Tensor(weight, (8, 6), storage=HalfStorage)
    elif form == "view":                                    # the transpose of what is stored
        turned = [weight[6 * (i % 8) + i // 8] for i in range(48)]
        state["fc1.weight"] = Tensor([0.0] + turned, (8, 6), (1, 8), 1)
    else:
        state["fc1.weight"] = Tensor(weight, (8, 6))
    state["fc1.bias"] = Tensor([float(i) for i in range(8)], (8,))
    state["fc2.weight"] = Tensor([i / 4 for i in range(16)], (2, 8))
    state["fc2.bias"] = Tensor([0.5, -0.5], (2,))
    if form == "rounded":               # the nearest is 2^60 + 2^37, and of the nearest binary64 not
        state["fc2.bias"] = Tensor([2**60 + 2**36 + 1, -2**53 - 1], (2,), storage=LongStorage)
    if form == "own":                                       # axes as in a model file, one square
        state["fc1.weight"] = Tensor(weight[:36], (6, 6))
        state["fc1.bias"] = Tensor([0.0] * 6, (6,))
        state["fc2.weight"] = Tensor(weight[:12], (6, 2))
    if form in ("zero", "line"):
        state["fc1.bias\0x" if form == "zero" else "x\nloaded"] = Tensor([1.0] * 8, (8,))
    if form == "pairs":
        return Pairs(state)
    state["steps"] = Tensor([7], (), storage=LongStorage)
    if form == "complex":
        state["phase"] = Tensor([0.0] * 16, (8,), storage=ComplexFloatStorage)
    if form == "evil":
        state["x"] = Calls()
    if form == "long":
        state["fc2.bias"] = Tensor([0.5, -0.5], (1000000,))
    if form == "list":
        return [state]
    return {"epoch": 3, "model": state} if form == "nested" else state


def write(path, form):
    text = io.BytesIO()
    pickler = Pickler(text, 4 if form == "fourth" else 2)    # the protocol
    pickler.dump(dictionary(form))
    method = zipfile.ZIP_DEFLATED if form == "deflated" else zipfile.ZIP_STORED
    warnings.simplefilter("ignore")                          # of members of one name
    with zipfile.ZipFile(path, "w", method) as out:
        out.writestr("archive/data.pkl", text.getvalue()[:-9 if form == "cut" else None])
        out.writestr("archive/byteorder", b"little")
        for key, data in pickler.members.items():
            if form != "lacking" or key != "1":
                out.writestr(f"archive/data/{key}", data)
        for name in {"twice": ["archive/data/1"], "two": ["b/data.pkl"]}.get(form, []):
            out.writestr(name, b"")
        out.writestr("archive/version", b"3\n")


write(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
