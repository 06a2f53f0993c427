"""step_torch.py NAME...: training steps of bench/NAME.inv in PyTorch on the GPU, in FP32 without TF32:
milliseconds a step, the median of some passes over the data, for eager and for compiled code."""
import os
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../bench"))
from workloads import HALVE, MEAN, NORM, RELU, WORKLOADS, Conv, Dense, Residual, Units  # noqa: E402

PASSES = 12
BATCH = {"mlp": 64, "mlp_wide": 256, "cnn": 64, "resnet8": 32, "mobilenet": 16}


class Branches(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


class Mean(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def module_of(layer):
    if isinstance(layer, Conv):
        border = layer.size // 2 if layer.same else 0
        if not layer.filters:
            return Depthwise(layer.size, layer.stride, border)
        return nn.LazyConv2d(layer.filters, layer.size, layer.stride, border, bias=layer.bias)
    if isinstance(layer, Units):
        return nn.LazyLinear(layer.count)
    if isinstance(layer, Residual):
        return Branches(network(layer.layers), network(layer.shortcut))
    return {NORM: nn.LazyBatchNorm2d, RELU: nn.ReLU, MEAN: Mean, HALVE: lambda: nn.MaxPool2d(2)}.get(
        layer, nn.Flatten)()


class Depthwise(nn.Module):
    def __init__(self, size, stride, border):
        super().__init__()
        self.size, self.stride, self.border, self.conv = size, stride, border, None

    def forward(self, x):
        if self.conv is None:
            self.conv = nn.Conv2d(x.shape[1], x.shape[1], self.size, self.stride, self.border,
                                  groups=x.shape[1], bias=False).to(x.device)
        return self.conv(x)


def network(layers):
    return nn.Sequential(*map(module_of, layers))


def dense(widths):
    layers = []
    for width in widths[1:]:
        layers += [nn.LazyLinear(width), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def passes(step, rows, batch):
    times = []
    for _ in range(PASSES):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for order in torch.randperm(rows, device="cuda").split(batch):
            step(order)
        torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(times[2:]) / (rows // batch)


def measure(name):
    work, batch = WORKLOADS[name], BATCH[name]
    torch.manual_seed(42)
    image = () if isinstance(work, Dense) else work.image
    x = torch.rand(work.rows, *((image[2], image[0], image[1]) if image else work.widths[:1]),
                   device="cuda")
    y = torch.randint(work.widths[-1] if not image else work.classes, (work.rows,), device="cuda")
    model = (network(work.layers) if image else dense(work.widths)).cuda()
    model(x[:batch])
    optimizer = {"sgd": lambda p: torch.optim.SGD(p, lr=work.rate, momentum=0.9, fused=True),
                 "adam": lambda p: torch.optim.Adam(p, lr=work.rate, fused=True),
                 "adamw": lambda p: torch.optim.AdamW(p, lr=work.rate, fused=True),
                 }[work.optimizer](model.parameters())

    def loss_of(rows):
        return F.cross_entropy(model(x[rows]), y[rows])

    def step(loss):
        def one(rows):
            optimizer.zero_grad(set_to_none=True)
            loss(rows).backward()
            optimizer.step()
        return one

    print(f"{name}: PyTorch {torch.__version__}, eager: "
          f"{passes(step(loss_of), work.rows, batch):.3f} ms a step", flush=True)
    try:
        compiled = torch.compile(loss_of, mode="reduce-overhead")
        print(f"{name}: PyTorch {torch.__version__}, compiled: "
              f"{passes(step(compiled), work.rows, batch):.3f} ms a step", flush=True)
    except Exception as error:  # no compiler on this machine
        print(f"{name}: PyTorch compiled: {error}", file=sys.stderr)


def main():
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    for name in sys.argv[1:]:
        measure(name)


main()
