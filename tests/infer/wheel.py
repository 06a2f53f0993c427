"""wheel.py FILE: predictions of the installed package mixed for a table, as invar predict prints
them.  wheel.py: bad arguments; prints ok where each is refused, and says why."""
import array
import copy
import csv
import sys
import threading

import mixed


def rows_of(path):
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            cells = [row["height"], row["width"], row["weight"]]
            yield [float(cell) if cell else None for cell in cells], row["soil"]


def predict(path):
    rows = list(rows_of(path))
    size, soil = [row[0] for row in rows], [row[1] for row in rows]
    found = [None] * len(rows)

    def some(first, step):
        for i in range(first, len(rows), step):
            found[i] = mixed.predict([size[i]], [soil[i]])

    workers = [threading.Thread(target=some, args=(i, 3)) for i in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    together = mixed.predict(size, soil)
    assert together.scores.tolist() == [one.scores.tolist()[0] for one in found]
    cells = array.array("f", [float("nan") if x is None else x for row in size for x in row])
    kinds = mixed.about["inputs"][1]["names"]
    flat = mixed.predict(cells, array.array("b", [kinds.index(name) for name in soil]))
    assert flat.scores.tolist() == together.scores.tolist()
    names = mixed.names
    print(",".join(["scores." + name for name in names["scores"]] + ["best"]))
    for scores, best in zip(together.scores.tolist(), together.best.tolist()):
        print(",".join(["%.9g" % x for x in scores] + [names["best"][best]]))


def refuse():
    good, inf = [1, 2, 3], float("inf")
    cases = [([good[:2]], [1], "a row has the shape (3,)"), ("abc", [1], "an array of rows"),
             ([good], ["mud"], "there is no class 'mud'"),
             ([good], [1, 2], "different numbers of rows"),
             ([good], [7], "is 7, which is no class"), ([[1, 2, inf]], [1], "is not finite"),
             (array.array("f", good[:2]), [1], "a row has the shape (3,)"),
             (5, [1], "an array of rows"), ([{1, 2, 3}], [1], "a row has the shape (3,)"),
             ([{1: 2, 3: 4, 5: 6}], [1], "a row has the shape (3,)"),
             ({0: good}, [1], "an array of rows"), ([good], b"1", "bytes may be characters"),
             ([good], [1.5], "soil: 1.5"), ([good], [2**32], "soil: 4294967296")]
    for size, soil, why in cases:
        try:
            print("not refused:", mixed.predict(size, soil))
        except (TypeError, ValueError, OverflowError) as error:
            if why not in str(error):
                print(f"{error!r} does not say {why!r}")
    try:
        mixed.Model("no/such.safetensors")
    except ValueError as error:
        assert "no/such.safetensors" in str(error)
    try:
        copy.copy(mixed.Model())
    except TypeError as error:
        assert "cannot be copied" in str(error)
    assert mixed.predict([], []).scores.tolist() == []
    print("ok")


predict(sys.argv[1]) if len(sys.argv) > 1 else refuse()
