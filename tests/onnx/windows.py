"""windows.py INVAR FOLDER [SEED]: pools and convolutions, also transposed, of random sizes, strides,
borders and dilations, each an output of one model: as ONNX they give what invar predicts, within 1e-5 of
the largest number there is, by ONNX Runtime (the package's reference evaluator has no groups in
ConvTranspose)."""
import pathlib
import random
import sys

import numpy as np

import export

FORMS = ["max_pool", "avg_pool", "conv2d", "conv2d_transpose"] * 3
MODEL = """invar 1

data noise = npy(x = "windows.npy") {{
  input x: f32[11, 9, 4] = x
}}

model windows(x: f32[11, 9, 4]) {{
{lines}
  loss {loss}
}}

train windows on noise {{ seed 3  steps 2  batch 4  optimizer sgd(lr = 0.01) }}
"""


def call(draw, form):
    size, wide = draw.randint(2, 4), draw.randint(2, 4)
    stride = [draw.randint(1, 3), draw.randint(1, 3)]
    frame = [draw.randint(0, least // 2) for least in (size, size, wide, wide)]
    around = draw.choice([f"border = {frame}", "pad = same"])
    if form.endswith("pool"):
        return f"{form}(x, {size}, {wide}, stride = {stride}, {around})"
    dilation = [draw.randint(1, 2), draw.randint(1, 2)]
    more = [draw.randint(0, max(s, d) - 1) for s, d in zip(stride, dilation)]
    rest = f", output_padding = {more}" if form.endswith("transpose") else ""
    return (f"{form}(x, 6, {size}, {wide}, stride = {stride}, {around}, dilation = {dilation}, "
            f"groups = {draw.choice([1, 2])}{rest})")


def main():
    invar, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    draw = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    lines = [f"  y{i} = {call(draw, form)}" for i, form in enumerate(FORMS)]
    model, weights, out = (folder / f"windows.{end}" for end in ("inv", "safetensors", "onnx"))
    names = [f"y{i}" for i in range(len(FORMS))]
    model.write_text(MODEL.format(lines="\n".join(lines + [f"  output {name}" for name in names]),
                                  loss=" + ".join(f"mean({name})" for name in names)))
    cells = np.random.default_rng(1).standard_normal((8, 11, 9, 4), np.float32)
    np.save(folder / "windows.npy", cells)
    export.run(invar, "run", model, "--data", folder, "--weights", weights, "--quiet", "--cflags", "-O0")
    export.run(invar, "export", model, "--weights", weights, "-o", out)
    expected = export.predicted(invar, model, weights, folder)
    found = list(export.differences(out, cells, expected, ["runtime"]))
    wrong = [(name, far) for _, name, far in found if not far <= export.BOUND]
    for name, far in wrong:
        print(f"{lines[int(name[1:])].strip()}: {far:.2g} from what invar predicts")
    print(f"{len(found) - len(wrong)} passed, {len(wrong)} failed, {len(FORMS) - len(found)} skipped")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
