#!/usr/bin/env python3
"""Records 20 steps of the examples lenet, resnet8 and ds_cnn (without dropout) by PyTorch: nets/NAME.npz,
the data, and nets/NAME.expected, written as record.py does; tensors of at most 128 numbers alone.

    python3 -m venv venv && venv/bin/pip install torch numpy safetensors
    venv/bin/python record_nets.py INVAR [NAME...]

nets/NAME.inv has the data and the training; run puts them in the place of the example's own.  The
initial weights are those that the trainer draws, which INVAR is asked for: where their bits change,
this is run anew.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import safetensors.numpy
import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
ROWS, BATCH, STEPS = 16, 4, 20


def pictures(shape):
    """By chance, but of lines that lie somewhere in one long one, so that they pack to little."""
    random = np.random.default_rng(17)
    line = random.integers(0, 256, 2 * shape[1] * shape[2])
    at = random.integers(0, shape[1] * shape[2], (ROWS, shape[0]))
    return line[at[..., None] + np.arange(shape[1] * shape[2])].reshape(ROWS, *shape).astype(np.uint8)


def labels(classes):
    return np.arange(ROWS) * 7 % classes


class Net:
    """Layers by their paths in the model file, channels first; batch_norm keeps its statistics."""

    def __init__(self, weights, width):
        self.w = {p: torch.tensor(v.astype(width), requires_grad="running" not in p)
                  for p, v in weights.items()}

    def trained(self):
        return [v for v in self.w.values() if v.requires_grad]

    def conv(self, x, path, stride=1, same=True, depthwise=False):
        w = self.w[f"{path}/w"]
        if same:
            lacks = [max((-(-n // stride) - 1) * stride + k - n, 0)
                     for n, k in zip(x.shape[2:], w.shape)]
            x = F.pad(x, (lacks[1] // 2, lacks[1] - lacks[1] // 2,
                          lacks[0] // 2, lacks[0] - lacks[0] // 2))
        w = w.permute(2, 3, 0, 1) if depthwise else w.permute(3, 2, 0, 1)
        return F.conv2d(x, w, self.w.get(f"{path}/bias"), stride,
                        groups=x.shape[1] if depthwise else 1)

    def norm(self, x, path):
        w = self.w
        return F.batch_norm(x, w[f"{path}/running_mean"], w[f"{path}/running_variance"],
                            w[f"{path}/affine/scale"], w[f"{path}/affine/shift"], True, 0.1)

    def dense(self, x, path):
        return x @ self.w[f"{path}/w"] + self.w[f"{path}/bias"]


def lenet(net, x):
    x = F.max_pool2d(F.relu(net.conv(x, "conv2d1")), 2)
    x = F.max_pool2d(F.relu(net.conv(x, "conv2d2", same=False)), 2)
    x = F.relu(net.dense(x.permute(0, 2, 3, 1).flatten(1), "dense1"))
    return net.dense(F.relu(net.dense(x, "dense2")), "dense3")


def resnet8(net, x):
    def normed(x, path, stride=1):
        return net.norm(net.conv(x, f"{path}/conv2d1", stride), f"{path}/batch_norm1")

    x = F.relu(normed(x, "normed1"))
    for i, stride in enumerate([1, 2, 2]):
        path = f"residual{i + 1}"
        y = normed(F.relu(normed(x, f"{path}/normed1", stride)), f"{path}/normed2")
        x = F.relu(y + (net.conv(x, f"{path}/shortcut", stride) if stride > 1 else x))
    return net.dense(x.mean((2, 3)), "dense1")


def separable(net, x, path, stride=1):
    x = net.conv(x, f"{path}/depthwise_conv2d1", stride, depthwise=True)
    x = net.conv(F.relu(net.norm(x, f"{path}/batch_norm1")), f"{path}/conv2d1")
    return F.relu(net.norm(x, f"{path}/batch_norm2"))


def ds_cnn(net, x):
    x = F.relu(net.norm(net.conv(x, "conv2d1", 2), "batch_norm1"))
    for i in range(4):
        x = separable(net, x, f"layer/{i}/separable1")
    return net.dense(x.mean((2, 3)), "dense1")


# Rates at which binary32 and binary64 stay together for 20 steps in PyTorch.  At those of the examples
# rounding grows too fast where there is batch_norm, and in mobilenet, 27 of them one upon the other,
# at any: PyTorch's own losses were then off by 1e-5 to 5e-5, and the trainer's by 3e-5 to 5e-5.
NETS = {"lenet": (lenet, (28, 28, 1), 10, 1e-3), "resnet8": (resnet8, (28, 28, 1), 10, 3e-5),
        "ds_cnn": (ds_cnn, (49, 10, 1), 12, 1e-5)}


def composed(name):
    """The model of the example with data and training of nets/NAME.inv."""
    example = (HERE / f"../../examples/{name}/{name}.inv").read_text()
    example = re.sub(r"(?ms)^(data|train) .*?^}\n", "", example)
    return re.sub(r"dropout\([0-9.]+\)", "dropout(0)", example) + (HERE / f"nets/{name}.inv").read_text()


def initial(invar, name):
    """Weights and buffers before the first step: what a step of rate 0 leaves, which changes
    statistics alone."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        text = re.sub(r"optimizer .*", "optimizer sgd(lr = 0)", composed(name))
        (folder / "net.inv").write_text(text)
        subprocess.run([invar, "run", folder / "net.inv", "--data", HERE / "nets", "--steps", "1",
                        "--quiet", "--weights", folder / "w"], check=True)
        weights = safetensors.numpy.load_file(folder / "w")
    for path in weights:
        if "running" in path:
            weights[path][:] = path.endswith("variance")
    return weights


def record(name, weights, width):
    function, shape, classes, rate = NETS[name]
    net = Net(weights, width)
    optimizer = torch.optim.Adam(net.trained(), lr=rate)
    images = torch.tensor(pictures(shape).astype(width) / 256).movedim(-1, 1).contiguous()
    truth = torch.tensor(labels(classes))
    losses = []
    for step in range(STEPS):
        part = slice(step * BATCH % ROWS, step * BATCH % ROWS + BATCH)
        loss = F.cross_entropy(function(net, images[part]), truth[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, {p: v.detach().numpy() for p, v in net.w.items() if v.numel() <= 128}


def main():
    torch.set_num_threads(1)
    for name in sys.argv[2:] or NETS:
        _, shape, classes, *_ = NETS[name]
        np.savez_compressed(HERE / f"nets/{name}.npz", images=pictures(shape), labels=labels(classes))
        weights = initial(sys.argv[1], name)
        narrow, wide = (record(name, weights, width) for width in (np.float32, np.float64))
        with open(HERE / f"nets/{name}.expected", "w") as out:
            for step, pair in enumerate(zip(narrow[0], wide[0])):
                print("loss", step, *[float(v).hex() for v in pair], file=out)
            # a bias before batch_norm changes nothing: its gradient is what rounding leaves
            for path in [p for p in sorted(wide[1]) if np.abs(wide[1][p]).max() > 1e-3]:
                print("tensor", path, wide[1][path].size, file=out)
                for pair in zip(narrow[1][path].flat, wide[1][path].flat):
                    print(*[float(v).hex() for v in pair], file=out)
        off = max(abs(a - b) / abs(b) for a, b in zip(narrow[0], wide[0]))
        print(f"{name}: loss {wide[0][0]:.6f} to {wide[0][-1]:.6f}, binary32 losses off by {off:.1e}")


if __name__ == "__main__":
    main()
