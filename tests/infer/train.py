"""train.py hash: trains mixed on the rows of mixed_rows.csv by the installed package and prints the
hash; train.py parts: parts with rows of their own; train.py refuse: bad arguments, ok where each is
refused, and says why."""
import array
import csv
import json
import os
import sys
import threading
import warnings


def rows_of(path):
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            cells = [row["height"], row["width"], row["weight"]]
            yield [float(cell) if cell else None for cell in cells], row["soil"], row["kind"]


def columns_of(path):
    return [list(column) for column in zip(*rows_of(path))]


class Frame:
    """What is asked of a table of pandas or polars."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns

    def __getitem__(self, names):
        at = [self.columns.index(name) for name in names]
        return Frame([[row[i] for i in at] for row in self.rows], names)

    def __len__(self):
        return len(self.rows)

    def to_numpy(self):
        return self.rows


NAMES = {"size": ["height", "width", "weight"]}


def hashes(path):
    import mixed
    size, soil, kind = columns_of(path)
    lines = []
    model = mixed.train(size, soil, kind, epochs=2, names=NAMES, progress=lines.append)
    assert [line["epoch"] for line in model.history] == [1, 2] and model.log == lines
    model.save("mixed.safetensors")
    again = mixed.Model("mixed.safetensors")
    assert again.hash == model.hash and again.names == model.names
    scores = model.predict(size, soil).scores.tolist()
    assert scores == again.predict(size, soil).scores.tolist()
    assert scores[5] == model.predict(size[5:6], soil[5:6]).scores.tolist()[0]
    turned = Frame(size, NAMES["size"])[["weight", "height", "width"]]
    assert model.predict(turned, soil).scores.tolist() == scores
    assert mixed.train(turned, soil, kind, epochs=2, names=NAMES).hash == model.hash
    assert mixed.train(Frame(size, NAMES["size"]), soil, kind, epochs=2).hash == model.hash
    kept = dict(epochs=3, names=NAMES, checkpoint="mixed.checkpoint", resume="auto",
                checkpoint_every="1steps")

    def stop(line):
        if "steps" in line and "epoch" in line:
            raise InterruptedError

    try:
        mixed.train(size, soil, kind, progress=stop, **kept)
    except InterruptedError:
        whole = mixed.train(size, soil, kind, epochs=3, names=NAMES)
        rest = mixed.train(size, soil, kind, **kept)
        assert rest.hash == whole.hash and rest.log[1]["resumed_step"] == 6, rest.log
    def within(line):
        """Calls the library from a call, and takes the folder of checkpoints away."""
        if line.get("epoch") == 1:
            os.rmdir("away")
        try:
            mixed.train(size, soil, kind, epochs=0, names=NAMES)
        except ValueError:
            mixed.Model("mixed.safetensors").predict(size[:2], soil[:2])

    os.mkdir("away")
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        lost = mixed.train(size, soil, kind, epochs=2, names=NAMES, progress=within,
                           checkpoint="away/c", checkpoint_every="12steps")
    assert lost.hash == model.hash
    notes = [line["note"] for line in lost.log if "note" in line]
    assert any("away/c" in note and "cannot" in note for note in notes), notes
    assert "there is no checkpoint yet" in notes and len(noted) == len(notes), notes
    soils, kinds = sorted(set(soil)), sorted(set(kind))
    numbers = dict(NAMES, soil=soils, kind=kinds)
    flat = array.array("f", [float("nan") if x is None else x for row in size for x in row])
    found = [None] * 3

    def other(i):
        found[i] = mixed.train(flat, [soils.index(s) for s in soil],
                               array.array("b", [kinds.index(k) for k in kind]),
                               epochs=2, threads=i + 1, names=numbers).hash

    workers = [threading.Thread(target=other, args=(i,)) for i in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [model.hash] * 3, found
    print(model.hash)


def parts():
    import parts
    numbers = [[float(i * k % 11) for k in (3, 5)] for i in range(50)]
    classes = [i % 3 for i in range(50)]
    model = parts.train(numbers[:30], classes[:30], val=(numbers[30:40], classes[30:40]),
                        test=(numbers[40:], classes[40:]))
    assert model.log[0]["train_rows"] == 30 and model.log[0]["val_rows"] == 10
    assert "val.accuracy" in model.history[0] and "test.accuracy" in model.log[-1]
    assert any("kept_epoch" in line for line in model.log)
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        parts.train(numbers[:30], [0] * 30, val=(numbers[30:40], classes[30:40]),
                    test=(numbers[40:], classes[40:]), epochs=1)
    assert "class" in str(noted[0].message), noted
    try:
        print("not refused:", parts.train(numbers[:30], classes[:30], val=(numbers[30:40],),
                                          test=(numbers[40:], classes[40:])))
    except ValueError as error:
        assert "rows of a part are x, y" in str(error), error
    print(model.hash)


def refuse(path):
    import mixed
    size, soil, kind = columns_of(path)
    good, one = dict(size=size, soil=soil, kind=kind, names=NAMES), [size[0][:2] + [float("inf")]]
    cases = [(dict(names=None), "size: the names of its columns are wanted"),
             (dict(names=dict(NAMES, size=["a"])), "1 names are given; give those of all"),
             (dict(names=dict(NAMES, size=NAMES["size"][::-1])), "in the model file, and those given"),
             (dict(names=["a"]), "names: lists of texts by field expected"),
             (dict(names=dict(NAMES, kind=["moss", "fern"])), "must be in byte order"),
             (dict(soil=["sand"] * len(size)), "is class[3] of texts, and 1 names"),
             (dict(soil=[0] * len(size)), "soil: the names of its classes are wanted"),
             (dict(kind=kind[1:]), "kind: 59 rows, and size has 60"),
             (dict(kind=kind[1:] + [None]), "kind: None is no class"),
             (dict(size=one + size[1:]), "row 0: element 2 of size (column weight) is not finite"),
             (dict(size=[row[:2] for row in size]), "a row has the shape (3,)"),
             (dict(size=[], soil=[], kind=[], names=dict(NAMES, soil=["a", "b", "c"],
                                                         kind=["a", "b"])), "0 rows are given"),
             (dict(names=dict(NAMES, sise=["a"])), "'sise' is no field that wants names"),
             (dict(names=dict(NAMES, size=["height", "", "weight"])), "'' is empty"),
             (dict(names=dict(NAMES, size=["a", "b", "a"])), "'a' is empty, has a zero byte, or"),
             (dict(names=dict(NAMES, size="abc")), "names of size: a list of texts expected"),
             (dict(names=dict(NAMES, size=["a\0", "b", "c"])), "is empty, has a zero byte, or"),
             (dict(names=dict(NAMES, size=[1, 2, 3])), "names of size: a list of texts expected"),
             (dict(epochs=True), "epochs: a whole number expected, not True"),
             (dict(steps=True), "steps: a whole number expected, not True"),
             (dict(seed=False), "seed: a whole number expected, not False"),
             (dict(threads=True), "threads: a whole number expected, not True"),
             (dict(kind=[2**40] * len(size), names=dict(NAMES, kind=["a", "b"])), "kind: 10995"),
             (dict(size=Frame(size, ["height", "width", "mass"])),
              "it lacks weight; it has besides mass"),
             (dict(size=Frame([[row[0], "tall", row[2]] for row in size], NAMES["size"])),
              "; the table's columns: width"),
             (dict(size=Frame(size, NAMES["size"])[["height", "weight"]]),
              "it lacks width"),
             (dict(epochs=0), "--epochs 0"), (dict(batch=3), "unknown option --batch; there are --ep"),
             (dict(progress=lambda line: line["none"]), "none"),
             (dict(weights="no/such/file"), "no/such/file: cannot write")]
    for wrong, why in cases:
        try:
            print("not refused:", mixed.train(**dict(good, **wrong)), wrong)
        except (TypeError, ValueError, KeyError) as error:
            if why not in str(error):
                print(f"{error!r} does not say {why!r}")
    assert json.dumps(mixed.about["fields"][2]["label"]) == "true"
    assert not os.path.exists("plant.safetensors")
    print("ok")


{"hash": hashes, "refuse": refuse}[sys.argv[1]](sys.argv[2]) if len(sys.argv) > 2 else parts()
