@each trained
"""${package}: predictions of model ${model}, trained; written by ${compiler}.

    from ${package} import predict
    ${first} = predict(${arguments})

@end
@each trains
"""${package}: trains model ${model} on arrays, and predicts; written by ${compiler}.

    import ${package}
    model = ${package}.train(${takes}, epochs=5)
    ${first} = model.predict(${arguments})
    model.save("weights.safetensors")

Given the same arrays, options and seed, model.hash is what a trainer of the model prints that reads
the same rows from files: on any machine, with any number of threads.
@end
An input is an array of rows: of NumPy, anything else with a buffer (array.array, memoryview), or
lists in lists; a class may be given by its number or its name, those of a text as a text.  Cells
are as in a data file, before what the model file makes of them.  Outputs are NumPy arrays where an
input is one, else memoryviews (tolist() makes lists of them).  The bits are those of the trainer's own --predict for any number of
rows, and any number of threads may predict at a time.
"""
from __future__ import annotations

import array as _array
import ctypes as _c
import json as _json
import os as _os
import sys as _sys
import threading as _threading
@each trains
import warnings as _warnings
@end
@each trained
from typing import Any, NamedTuple, Optional, Sequence, Union

__all__ = ["Model", "Prediction", "Rows", "about", "names", "predict"]
@end
@each trains
from typing import Any, Callable, NamedTuple, Optional, Sequence, Union

__all__ = ["Model", "Prediction", "Rows", "about", "train"]
@end
__version__ = "${python_version}"

#: What an input may be: an array of rows, or lists in lists.
Rows = Union[Sequence[Any], Any]


class Prediction(NamedTuple):
    """The outputs, in the order of the model."""

@each out
    ${output}: Any
@end


_TYPES: Any = {"f32": "f", "i32": "i", "bool": "?", "i64": "q"}
_library = _c.CDLL(_os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "lib${name}.so"))
_open = _library.${symbol}_open
_open.argtypes = [_c.c_char_p, _c.c_char_p, _c.c_size_t]
_open.restype = _c.c_void_p
_predict = _library.${symbol}_predict
_predict.argtypes = [_c.c_void_p, _c.c_int64, _c.POINTER(_c.c_void_p), _c.POINTER(_c.c_void_p),
                     _c.c_char_p, _c.c_size_t]
_predict.restype = _c.c_int
_describe = _library.${symbol}_describe
_describe.argtypes = [_c.c_void_p]
_describe.restype = _c.c_char_p
@each trains
_TELL = _c.CFUNCTYPE(_c.c_int, _c.c_void_p, _c.c_char_p)
_train = _library.${symbol}_train
_train.argtypes = [_c.c_void_p, _c.POINTER(_c.c_char_p), _TELL, _c.c_void_p, _c.c_char_p,
                   _c.c_size_t]
_train.restype = _c.c_void_p
_save = _library.${symbol}_save
_save.argtypes = [_c.c_void_p, _c.c_char_p, _c.c_char_p, _c.c_size_t]
_save.restype = _c.c_int
_hash = _library.${symbol}_hash
_hash.argtypes = [_c.c_void_p]
_hash.restype = _c.c_char_p
@end
_close = _library.${symbol}_close
_close.argtypes = [_c.c_void_p]
_close.restype = None


def _count(shape: Sequence[int]) -> int:
    count = 1
    for extent in shape:
        count *= extent
    return count


def _is_numpy(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "numpy" and hasattr(value, "dtype")


def _has_order(values: Any) -> bool:
    """Whether it is a sequence: the items of a set have no order, those of a dict are its keys."""
    return hasattr(values, "__len__") and hasattr(values, "__getitem__") and \
        not isinstance(values, dict)


def _number(end: dict[str, Any], value: Any) -> Any:
    """A class by its number, where it is given by its name."""
    if value is None and end["dtype"] != "f32":
        raise ValueError(f"{end['name']}: None is no class")
    if not isinstance(value, str):
        return float("nan") if value is None else value
    try:
        return end["names"].index(value)
    except (KeyError, ValueError):
        raise ValueError(f"{end['name']}: there is no class {value!r}") from None


def _flatten(end: dict[str, Any], values: Any, shape: Sequence[int], into: Any) -> None:
    if not shape:
        try:
            into.append(_number(end, values))
        except (TypeError, OverflowError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{end['name']}: {values!r:.80}: {error}") from None
        return
    if isinstance(values, (bytes, bytearray)) and "names" in end:
        raise TypeError(f"{end['name']}: bytes may be characters or numbers; give a str or a list")
    if isinstance(values, str) and len(shape) == 1 and "names" in end:
        values = list(values)           # the classes of its characters
    if isinstance(values, str) or not _has_order(values) or len(values) != shape[0]:
        raise ValueError(f"{end['name']}: a row has the shape {tuple(end['shape'])}")
    for value in values:
        _flatten(end, value, shape[1:], into)


def _from_lists(end: dict[str, Any], values: Any) -> Any:
    into: Any = _array.array(_TYPES[end["dtype"]])
    if isinstance(values, str) or not _has_order(values):
        raise TypeError(f"{end['name']}: an array of rows expected")
    for row in values:
        _flatten(end, row, end["shape"], into)
    return into


def _from_buffer(end: dict[str, Any], view: Any) -> Any:
    """The view itself where it is as the library wants it; one axis is all cells, end to end."""
    shape, kind = end["shape"], _TYPES[end["dtype"]]
    flat = view.ndim == 1
    if view.shape[0] % _count(shape) if flat else tuple(view.shape[1:]) != tuple(shape):
        raise ValueError(f"{end['name']}: a row has the shape {tuple(shape)}")
    if view.format == kind and view.c_contiguous:
        return view
    if view.format == "<" + kind and view.c_contiguous and _sys.byteorder == "little":
        return view.cast("B").cast(kind)
    if len(view.format) != 1:
        raise TypeError(f"{end['name']}: a buffer of format {view.format} is not understood; give "
                        "an array.array, one of NumPy, or lists")
    if not flat:
        return _from_lists(end, view.tolist())
    try:
        return _array.array(kind, view.tolist())
    except (TypeError, OverflowError) as error:
        raise ValueError(f"{end['name']}: {error}") from None


def _is_frame(values: Any) -> bool:
    return hasattr(values, "columns") and hasattr(values, "to_numpy")


def _ordered(end: dict[str, Any], frame: Any) -> Any:
    """A table whose columns are in the order of those that the model knows by names."""
    wanted, given = end.get("columns"), [str(name) for name in frame.columns]
    if wanted is None or given == wanted:
        return frame
    lacking = [name for name in wanted if name not in given]
    unknown = [name for name in given if name not in wanted]
    if lacking or unknown or len(given) != len(wanted):
        raise ValueError(f"{end['name']}: columns of a table must be those of the model, "
                         f"{', '.join(wanted)}: " + "; ".join(
                             f"{what} {', '.join(names)}" for what, names in
                             (("it lacks", lacking), ("it has besides", unknown)) if names)
                         if lacking or unknown else
                         f"{end['name']}: a column of the table is there more than once")
    return frame[[frame.columns[given.index(name)] for name in wanted]]


def _cells_of_frame(end: dict[str, Any], frame: Any) -> Any:
    """Its cells; what is wrong with them names the columns."""
    try:
        return _cells(end, frame.to_numpy())
    except (TypeError, ValueError) as error:
        names, wrong = list(frame.columns), []
        for name in names if len(names) == _count(end["shape"]) else []:
            try:
                _cells(dict(end, shape=[1]), frame[[name]].to_numpy())
            except (TypeError, ValueError):
                wrong.append(name)
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{error}; the table's columns: "
                   f"{', '.join(map(str, wrong or names))}") from None


def _cells(end: dict[str, Any], values: Any) -> Any:
    """An object with a buffer of the type that the library wants, its rows dense."""
    if _is_numpy(values):
        import numpy
        if values.dtype.kind in "UO":
            return _from_lists(end, values.tolist())
        if values.dtype.kind not in ("fiub" if end["dtype"] == "f32" else "iub"):
            kinds = "numbers" if end["dtype"] == "f32" else "whole numbers"
            raise TypeError(f"{end['name']}: {kinds} expected, not {values.dtype}")
        if numpy.ma.is_masked(values):
            if end["dtype"] != "f32":
                raise TypeError(f"{end['name']}: a masked class has no value")
            values = values.astype("f").filled(numpy.nan)
        if tuple(values.shape[1:]) != tuple(end["shape"]):
            raise ValueError(f"{end['name']}: a row has the shape {tuple(end['shape'])}, "
                             f"not {tuple(values.shape[1:])}")
        cells = numpy.ascontiguousarray(values, _TYPES[end["dtype"]])
        if end["dtype"] != "f32" and not numpy.array_equal(cells, values):
            raise ValueError(f"{end['name']}: a number is too large for 32 bits")
        return cells
    if isinstance(values, (bytes, bytearray)) and "names" in end:
        raise TypeError(f"{end['name']}: bytes may be characters or numbers; give a str or a list")
    if _is_frame(values):
        return _cells_of_frame(end, _ordered(end, values))
    try:
        view: Any = memoryview(values)
    except TypeError:
        return _from_lists(end, values)
    return _from_buffer(end, view)


def _address(cells: Any) -> Any:
    """Where its bytes lie, and what keeps them there."""
    if _is_numpy(cells):
        return _c.c_void_p(cells.ctypes.data), cells
    view = memoryview(cells)
    if view.nbytes == 0:
        return _c.c_void_p(None), view
    if not view.readonly:
        keeper = (_c.c_char * view.nbytes).from_buffer(view)
        return _c.c_void_p(_c.addressof(keeper)), keeper
    keeper = _c.create_string_buffer(view.tobytes(), view.nbytes)
    return _c.c_void_p(_c.addressof(keeper)), keeper


def _text(error: Any) -> str:
    return str(error.value.decode("utf-8", "replace"))


class Model:
@each trained
    """The model with the weights inside, or those of a file that its trainer wrote."""

    def __init__(self, weights: Optional[Union[str, "_os.PathLike[str]"]] = None) -> None:
        error = _c.create_string_buffer(1024)
        path = None if weights is None else _os.fsencode(weights)
        self._handle = _open(path, error, len(error))
        if not self._handle:
            raise ValueError(_text(error))
@end
@each trains
    """The model that train() trained, or with the weights of a file that was written of one."""

    def __init__(self, weights: Union[str, "_os.PathLike[str]"]) -> None:
        error = _c.create_string_buffer(1024)
        self._begin(_open(_os.fsencode(weights), error, len(error)), error, [])

    def _begin(self, handle: Any, error: Any, log: list[Any]) -> None:
        self._handle = handle
        if not handle:
            raise ValueError(_text(error))
        #: What the trainer's log has: the settings, then a line for each epoch, then the test.
        self.log: list[dict[str, Any]] = log
        #: The lines of the epochs: {"epoch": 1, "loss": ...}.
        self.history: list[dict[str, Any]] = [line for line in log if "epoch" in line]
        #: SHA-256 of the weights as save() writes them.
        self.hash: str = _hash(handle).decode()
@end
        #: Inputs and outputs with names, shapes, columns and classes.
        self.about: dict[str, Any] = _json.loads(_describe(self._handle).decode())
        #: Of each output that stands for classes, their names.
        self.names: dict[str, Any] = {end["name"]: end["names"] for end in self.about["outputs"]
                            if "names" in end}

    def __reduce__(self) -> Any:
        raise TypeError("a Model cannot be copied or pickled; open another: Model(...)")

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            _close(self._handle)

    def predict(self, ${signature}) -> ${result}:
        """The outputs of all rows."""
        return self._answer([${arguments}])${only}

    def _answer(self, given: list[Any]) -> Prediction:
        ends = self.about["inputs"]
        cells = [_cells(end, values) for end, values in zip(ends, given)]
        counts = [memoryview(c).nbytes // (4 * _count(end["shape"]))
                  for c, end in zip(cells, ends)]
        if len(set(counts)) > 1:
            raise ValueError("inputs have different numbers of rows: " + ", ".join(
                f"{end['name']} {count}" for end, count in zip(ends, counts)))
        outputs = [_array.array("B" if end["dtype"] == "bool" else _TYPES[end["dtype"]], [0]) *
                   (counts[0] * _count(end["shape"])) for end in self.about["outputs"]]
        into = [_address(c) for c in cells]
        out = [_address(c) for c in outputs]
        error = _c.create_string_buffer(1024)
        status = _predict(self._handle, counts[0],
                          (_c.c_void_p * len(into))(*[a.value for a, _ in into]),
                          (_c.c_void_p * len(out))(*[a.value for a, _ in out]), error, len(error))
        if status:
            raise ValueError(_text(error))
        del out
        results = Prediction(*[self._shaped(end, o, counts[0], any(map(_is_numpy, given)))
                               for end, o in zip(self.about["outputs"], outputs)])
        return results

    @staticmethod
    def _shaped(end: dict[str, Any], values: Any, rows: int, as_numpy: bool) -> Any:
        shape = [rows] + end["shape"]
        if as_numpy:
            import numpy
            kind = "?" if end["dtype"] == "bool" else _TYPES[end["dtype"]]
            return numpy.frombuffer(values, kind).reshape(shape)
        view: Any = memoryview(values)
        return view.cast("B").cast(_TYPES[end["dtype"]], shape) if rows else view


@each trains
    def save(self, weights: Union[str, "_os.PathLike[str]"]) -> None:
        """Writes the weights (safetensors) and the names beside them, as a trainer does."""
        error = _c.create_string_buffer(1024)
        if _save(self._handle, _os.fsencode(weights), error, len(error)):
            raise ValueError(_text(error))


def _training() -> dict[str, Any]:
    text = _describe(None)
    if text is not None:
        return dict(_json.loads(text.decode()))
    error = _c.create_string_buffer(1024)
    _open(None, error, len(error))      # says why
    raise ImportError(_text(error))


#: What training takes and predicting gives: shapes, types, classes.
about: dict[str, Any] = _training()
_FIELDS: list[dict[str, Any]] = about["fields"]
_PARTS: list[str] = about["parts"]


class _Data(_c.Structure):
    _fields_ = [("rows", _c.c_int64 * len(_PARTS)),
                ("field", _c.c_void_p * len(_FIELDS) * len(_PARTS)),
                ("names", _c.c_void_p * len(_FIELDS))]


class _Told:
    """What a training says, and whether it is to go on."""

    def __init__(self, progress: Optional[Callable[[dict[str, Any]], Any]]) -> None:
        self.progress = progress
        self.log: list[dict[str, Any]] = []
        self.error: Optional[BaseException] = None

    def tell(self, _state: Any, line: Optional[bytes]) -> int:
        try:
            if line is not None:
                self.log.append(_json.loads(line.decode()))
            if line is not None and self.progress and self.error is None:
                self.progress(self.log[-1])
        except BaseException as error:  # of progress(): train() raises it
            self.error = error
        return self.error is not None


def _texts(values: Any, into: set[str]) -> None:
    if isinstance(values, str):
        into.add(values)
    elif _is_numpy(values) or hasattr(values, "to_numpy"):
        _texts(values.tolist() if _is_numpy(values) else values.to_numpy().tolist(), into)
    elif _has_order(values):
        for value in values:
            _texts(value, into)


def _names_of(end: dict[str, Any], given: list[Any], names: dict[str, Sequence[str]]) -> Any:
    """The names that a field wants: as given, as texts are among its cells, as a table has them."""
    wants = end.get("wants")
    if wants is None:
        return None
    if end["name"] in names:
        return list(names[end["name"]])
    if wants == "columns" and hasattr(given[0], "columns"):
        return [str(name) for name in given[0].columns]
    found: set[str] = set()
    for values in given if wants == "classes" else []:
        _texts(values, found)
    if not found:
        raise ValueError(f"{end['name']}: the names of its {wants} are wanted: "
                         f"names={{{end['name']!r}: [...]}}" +
                         (", or give texts" if wants == "classes" else ""))
    return sorted(found, key=lambda name: name.encode())


def _check_names(names: dict[str, Sequence[str]]) -> None:
    if not isinstance(names, dict):
        raise TypeError("names: lists of texts by field expected, {'field': [...]}, not " +
                        type(names).__name__)
    wants = [end["name"] for end in _FIELDS if "wants" in end]
    for name, own in names.items():
        if name not in wants:
            raise ValueError(f"names: {name!r} is no field that wants names; those are: " +
                             (", ".join(wants) or "none"))
        if isinstance(own, (str, bytes)) or not all(isinstance(one, str) for one in own):
            raise TypeError(f"names of {name}: a list of texts expected")
        for one in own:
            if not one or "\0" in one or list(own).count(one) > 1:
                raise ValueError(f"names of {name}: {one!r} is empty, has a zero byte, or is there "
                                 "more than once")


def _words(options: dict[str, Any]) -> list[bytes]:
    words = []
    for name, value in options.items():
        if isinstance(value, bool) and name in ("epochs", "steps", "seed", "threads"):
            raise TypeError(f"{name}: a whole number expected, not {value}")
        if value is None or value is False:
            continue
        words.append(b"--" + name.replace("_", "-").encode())
        if value is not True:
            words.append(_os.fsencode(value) if isinstance(value, (str, _os.PathLike))
                         else str(value).encode())
    return words


def _await(work: Callable[[], None], told: _Told) -> None:
    """Does the work in another thread, so that this one hears of signals (Ctrl-C)."""
    done = _threading.Event()  # a join that a signal interrupts may take the thread for ended

    def whole() -> None:
        try:
            work()
        finally:
            done.set()

    _threading.Thread(target=whole).start()
    while True:
        try:
            while not done.wait(0.05):
                pass
            return
        except BaseException as error:
            told.error = error


def _run(parts: list[list[Any]], names: dict[str, Sequence[str]],
         progress: Optional[Callable[[dict[str, Any]], Any]], options: dict[str, Any]) -> Model:
    data, told, keep = _Data(), _Told(progress), []
    _check_names(names)
    if any(len(given) != len(_FIELDS) for given in parts):
        raise ValueError("rows of a part are " + ", ".join(end["name"] for end in _FIELDS))
    for f, end in enumerate(_FIELDS):
        own = _names_of(end, [given[f] for given in parts], names)
        if own is not None:
            texts = (_c.c_char_p * (len(own) + 1))(*[name.encode() for name in own], None)
            data.names[f] = _c.cast(texts, _c.c_void_p)
            keep.append(texts)
            end = dict(end, **{"names" if end["wants"] == "classes" else "columns": own})
        for p, given in enumerate(parts):
            cells = _cells(end, given[f])
            count = memoryview(cells).nbytes // (4 * _count(end["shape"]))
            if f > 0 and count != data.rows[p]:
                raise ValueError(f"{end['name']}: {count} rows, and {_FIELDS[0]['name']} has "
                                 f"{data.rows[p]}")
            data.rows[p] = count
            address = _address(cells)
            data.field[p][f] = address[0]
            keep.append((cells, address))
    words = _words(options)
    error, handles = _c.create_string_buffer(4096), []
    tell = _TELL(told.tell)
    _await(lambda: handles.append(_train(
        _c.byref(data), (_c.c_char_p * (len(words) + 1))(*words, None), tell, None, error,
        len(error))), told)
    del keep
    if told.error is not None:
        if handles and handles[0]:
            _close(handles[0])
        raise told.error
    for line in told.log:
        if "note" in line:
            _warnings.warn(line["note"], stacklevel=3)
    model = Model.__new__(Model)
    model._begin(handles[0], error, told.log)
    return model


def train(${train_signature}, *, epochs: Optional[int] = None, steps: Optional[int] = None,
          seed: Optional[int] = None, threads: Optional[int] = None,
          progress: Optional[Callable[[dict[str, Any]], Any]] = None,
          names: Optional[dict[str, Sequence[str]]] = None, **options: Any) -> Model:
    """Trains the model on these rows.

    progress: gets each line of the log as it comes; what it raises ends the training and is raised
    here.  names: of fields that want some and are given as numbers, of the classes in byte order,
    or of the columns.  options: as of a trainer, with _ for -: init="w.safetensors",
    on_nan="skip", checkpoint="c.safetensors", log_every=10.
    """
    given = dict(options, epochs=epochs, steps=steps, seed=seed, threads=threads)
    return _run([${train_parts}], names or {}, progress, given)
@end
@each trained
_default: Optional[Model] = None
_lock = _threading.Lock()


def _model() -> Model:
    global _default
    with _lock:
        if _default is None:
            _default = Model()
        return _default


def predict(${signature}) -> ${result}:
    """The outputs of all rows by the weights inside."""
    return _model().predict(${arguments})


def __getattr__(name: str) -> Any:
    if name in ("about", "names"):
        return getattr(_model(), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
@end
