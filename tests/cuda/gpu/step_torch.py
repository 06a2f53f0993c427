"""A training step of bench/mlp_wide.inv in PyTorch on the GPU, in FP32 without TF32: prints
milliseconds a step, the median of passes of 20 steps, for eager and for compiled code."""
import statistics
import sys
import time

import torch
from torch import nn

ROWS, BATCH, PASSES = 5120, 256, 12


def passes(step):
    times = []
    for _ in range(PASSES):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for order in torch.randperm(ROWS, device="cuda").split(BATCH):
            step(order)
        torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    return 1e3 * statistics.median(times[2:]) / (ROWS // BATCH)


def main():
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(42)
    x = torch.rand(ROWS, 1024, device="cuda")
    y = torch.randint(1000, (ROWS,), device="cuda")
    model = nn.Sequential(nn.Linear(1024, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(),
                          nn.Linear(4096, 1000)).cuda()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def loss_of(rows):
        return nn.functional.cross_entropy(model(x[rows]), y[rows])

    def step(loss):
        def one(rows):
            optimizer.zero_grad(set_to_none=True)
            loss(rows).backward()
            optimizer.step()
        return one

    print(f"PyTorch {torch.__version__}, eager: {passes(step(loss_of)):.3f} ms a step")
    try:
        compiled = torch.compile(loss_of, mode="reduce-overhead")
        print(f"PyTorch {torch.__version__}, compiled: {passes(step(compiled)):.3f} ms a step")
    except Exception as error:  # no compiler on this machine
        print(f"PyTorch compiled: {error}", file=sys.stderr)


main()
