#!/usr/bin/env python3
"""Records what scikit-learn makes of the predictions of the models beside this file.

    python3 -m venv venv && venv/bin/pip install scikit-learn
    venv/bin/python record.py INVAR [--data] [NAME...]

INVAR (bin/invar of a build) trains each NAME.inv into NAME.init.safetensors (beside it
NAME.init.fields.json, which columns its fields stand for) and predicts all rows of its table; from
these predictions and the table's labels and weights scikit-learn computes every metric that the
model reports.  NAME.expected gets

    predictions SHA256                   of what `invar predict` writes
    metric NAME VALUE [VALUE...]         a matrix row by row

--data writes the tables anew (SOURCE.md says where they come from).
"""
import csv
import gzip
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from sklearn import datasets
from sklearn import metrics as sk

HERE = pathlib.Path(__file__).parent
warnings.simplefilter("error")


# ---- tables ----

def write(name, header, rows):
    with open(HERE / name, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def write_bundled():
    wine = datasets.load_wine()
    columns = [wine.feature_names.index(c) for c in ("alcohol", "malic_acid", "ash", "magnesium")]
    write("wine.csv", ["alcohol", "malic_acid", "ash", "magnesium", "cultivar"],
          [["%g" % v for v in x[columns]] + [y] for x, y in zip(wine.data, wine.target)])
    cancer = datasets.load_breast_cancer()
    columns = [list(cancer.feature_names).index("mean " + c)
               for c in ("texture", "smoothness", "symmetry")]
    write("cancer.csv", ["texture", "smoothness", "symmetry", "benign"],
          [["%g" % v for v in x[columns]] + [y] for x, y in zip(cancer.data, cancer.target)])
    diabetes = datasets.load_diabetes()
    write("diabetes.csv", diabetes.feature_names + ["progression"],
          [["%.6f" % v for v in x] + ["%g" % y]
           for x, y in zip(diabetes.data, diabetes.target)])


def with_gaps(random, values, share, text="%.4g"):
    return ["" if random.random() < share else text % v for v in values]


def write_patients(random, count=240):
    age, dose = random.normal(55, 15, count), random.exponential(2, count)
    ward = random.choice(["east", "north", "south", "west"], count, p=[.1, .2, .3, .4])
    well = random.random(count) < 1 / (1 + np.exp((age - 55) / 10 - dose + (ward == "north")))
    marker = random.normal(0, 1, count) + well
    weight = np.round(random.gamma(2, 1, count), 2) * (random.random(count) < 0.9)
    write("patients.csv", ["age", "dose", "marker", "ward", "well", "weight"],
          zip(with_gaps(random, age, 0.1, "%.0f"), with_gaps(random, dose, 0.2),
              with_gaps(random, marker, 0.3), ward, well.astype(int), map("{:g}".format, weight)))


def write_orders(random, count=300):
    price, items = random.lognormal(3, 1, count), random.poisson(3, count) + 1
    shop = random.choice(["market", "mill", "port"], count)
    day = random.integers(0, 7, count)
    score = np.stack([np.full(count, 1.5), np.log(price) - 3, items / 4 - 1,
                      (day > 4) - 2.0 + (shop == "port")], 1)
    kind = (score + random.gumbel(0, 1, score.shape)).argmax(1)
    outcome = np.array(["kept", "returned", "split", "lost"])[kind]
    write("orders.csv", ["price", "items", "shop", "day", "outcome", "weight"],
          zip(with_gaps(random, price, 0.15), with_gaps(random, items, 0.05, "%d"), shop, day,
              outcome, random.integers(0, 5, count) / 4))


def write_flats(random, count=200):
    area, year = random.normal(70, 20, count), random.integers(1900, 2020, count)
    town = random.choice(["Aar", "Bel", "Cham", "Dorf", "Ems"], count)
    price = 250000 + 12 * area + 3 * (year - 1960) + 200 * (town == "Bel")
    price += random.normal(0, 300, count)
    share = 1 / (1 + np.exp(-(area - 70) / 30)) + random.normal(0, 0.05, count)
    write("flats.csv", ["area", "rooms", "year", "town", "price", "share"],
          zip(with_gaps(random, area, 0.1), with_gaps(random, area / 25 + 1, 0.1, "%.0f"),
              with_gaps(random, year, 0.1, "%d"), town, map("{:.0f}".format, price),
              map("{:.4g}".format, share)))


# ---- predictions ----

class Case:
    """Labels, weights and predictions of all rows, as binary64 of what was binary32."""

    def __init__(self, invar, name):
        self.name, self.source = name, (HERE / f"{name}.inv").read_text()
        self.table = re.search(r'csv\("([^"]*)"', self.source)[1]
        with tempfile.TemporaryDirectory() as folder:
            self.run(invar, folder)

    def run(self, invar, folder):
        weights, out = f"{self.name}.init.safetensors", f"{folder}/predictions.csv"
        common = [f"{self.name}.inv", "--weights", weights, "--quiet"]
        subprocess.run([invar, "run", *common], cwd=HERE, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([invar, "predict", f"{self.name}.inv", self.table, "--weights", weights,
                        "-o", out], cwd=HERE, check=True)
        written = pathlib.Path(out).read_bytes()
        self.sha256 = hashlib.sha256(written).hexdigest()
        lines = list(csv.reader(written.decode().splitlines()))
        for output in ("z", "probs", "p", "guess"):
            places = [i for i, c in enumerate(lines[0]) if re.fullmatch(output + r"([.\[].*)?", c)]
            if places:
                cells = np.array([[np.float32(row[i]) for i in places] for row in lines[1:]])
                setattr(self, output, cells.astype(np.float64))
        self.read_labels()

    def read_labels(self):
        opened = gzip.open if self.table.endswith(".gz") else open
        with opened(HERE / self.table, "rt", newline="") as file:
            rows = list(csv.reader(file))
        header = "header = true" in self.source
        names, rows = (rows[0], rows[1:]) if header else (list(range(len(rows[0]))), rows)
        kind, columns = re.search(r"label y: (\S+(?:, .*\])?) = columns?\((.*?)(?:, text.*)?\)",
                                  self.source).groups()
        cells = [[row[names.index(c if header else int(c))] for row in rows]
                 for c in columns.replace('"', "").split(", ")]
        if kind.startswith("class") and not cells[0][0].isdigit():
            self.classes = sorted(set(cells[0]))
            self.y = np.array([self.classes.index(c) for c in cells[0]])
        elif kind.startswith("class"):
            self.y = np.array(cells[0], dtype=int)
        else:
            self.y = np.array(cells, dtype=np.float32).T.astype(np.float64)
        self.w = None
        if "weight w" in self.source:
            at = names.index("weight")
            self.w = np.array([row[at] for row in rows], dtype=np.float32).astype(np.float64)

    def flat(self):
        """Of one column of 0 and 1: truth, whether it is guessed, the score."""
        return self.y[:, 0].astype(int), (self.p[:, 0] > 0.5).astype(int), self.z[:, 0]

    def numbers(self):
        return self.y, self.guess if hasattr(self, "guess") else self.p


# ---- metrics, by the names of compiler/library/metrics.inv ----

def each_class(case, score):
    return np.mean([score(case.y == k, case.probs[:, k], sample_weight=case.w)
                    for k in range(case.probs.shape[1]) if (case.y == k).any()])


def of_classes(score, **options):
    return lambda c: score(c.y, c.z.argmax(1), sample_weight=c.w, **options)


def of_sides(score, **options):
    return lambda c: score(*c.flat()[:2], sample_weight=c.w, **options)


def of_scores(score):
    return lambda c: score(c.flat()[0], c.flat()[2], sample_weight=c.w)


def of_numbers(score, **options):
    return lambda c: score(*c.numbers(), sample_weight=c.w, **options)


def top_k(case):
    k = int(re.search(r"top_k\(z, y, k = (\d+)\)", case.source)[1])
    return sk.top_k_accuracy_score(case.y, case.z, k=k, sample_weight=case.w,
                                   labels=range(case.z.shape[1]))


def log_loss(case):
    """Of the logits, as probabilities in binary32 do not add up to 1 closely enough."""
    power = np.exp(case.z - case.z.max(1, keepdims=True))
    return sk.log_loss(case.y, power / power.sum(1, keepdims=True), sample_weight=case.w)


def binary_log_loss(case):
    truth, _, z = case.flat()
    return sk.log_loss(truth, 1 / (1 + np.exp(-z)), sample_weight=case.w)


def calibration_error(case, bins=10):
    """scikit-learn has none: by its definition."""
    w = np.ones(len(case.y)) if case.w is None else case.w
    p, hit = case.probs.max(1), case.z.argmax(1) == case.y
    place = np.clip(np.ceil(p * bins) - 1, 0, bins - 1)
    return sum(abs((w * (hit - p))[place == i].sum()) for i in range(bins)) / w.sum()


METRICS = {
    "accuracy": of_classes(sk.accuracy_score),
    "top_k": top_k,
    "precision": of_classes(sk.precision_score, average="macro", zero_division=0),
    "recall": of_classes(sk.recall_score, average="macro", zero_division=0),
    "f1": of_classes(sk.f1_score, average="macro", zero_division=0),
    "confusion": of_classes(sk.confusion_matrix),
    "auc": lambda c: each_class(c, sk.roc_auc_score),
    "average_precision": lambda c: each_class(c, sk.average_precision_score),
    "binary_accuracy": of_sides(sk.accuracy_score),
    "binary_precision": of_sides(sk.precision_score),
    "binary_recall": of_sides(sk.recall_score),
    "binary_f1": of_sides(sk.f1_score),
    "binary_auc": of_scores(sk.roc_auc_score),
    "binary_average_precision": of_scores(sk.average_precision_score),
    "mean_squared_error": of_numbers(sk.mean_squared_error),
    "mean_absolute_error": of_numbers(sk.mean_absolute_error),
    "r2": of_numbers(sk.r2_score),
    "mean_absolute_percentage_error": of_numbers(sk.mean_absolute_percentage_error),
    "pinball": of_numbers(sk.mean_pinball_loss, alpha=0.3),
    "log_loss": log_loss,
    "binary_log_loss": binary_log_loss,
    "matthews": of_classes(sk.matthews_corrcoef),
    "cohen_kappa": of_classes(sk.cohen_kappa_score),
    "calibration_error": calibration_error,
}


def record(invar, name):
    case = Case(invar, name)
    with open(HERE / f"{name}.expected", "w") as out:
        out.write(f"predictions {case.sha256}\n")
        for metric in re.findall(r"^  metric (\w+)\(", case.source, re.M):
            values = np.ravel(METRICS[metric](case))
            out.write(" ".join(["metric", metric, *("%.12g" % v for v in values)]) + "\n")


def main():
    invar, names = str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2:]
    if "--data" in names:
        names.remove("--data")
        write_bundled()
        random = np.random.default_rng(11)
        write_patients(random)
        write_orders(random)
        write_flats(random)
    for name in names or sorted(p.stem for p in HERE.glob("*.inv")):
        record(invar, name)


main()
