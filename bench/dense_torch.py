"""The models of mlp.inv, mlp_wide.inv, tabular.inv in PyTorch: python dense_torch.py NAME THREADS
[eager|compile].  Prints the seconds of the training loop after two warm steps, and its CPU seconds."""
import sys
import time

import torch
from torch import nn

# widths, rows, batch, steps (None: one epoch), optimizer
MODELS = {
    "mlp": ([784, 256, 128, 10], 60000, 64, None,
            lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9)),
    "mlp_wide": ([1024, 4096, 4096, 1000], 5120, 256, 20,
                 lambda p: torch.optim.AdamW(p, lr=1e-3, fused=True)),
    "tabular": ([100, 64, 64, 64, 64, 64, 64, 1], 20000, 32, None,
                lambda p: torch.optim.Adam(p, lr=1e-3, fused=True)),
}

name, threads = sys.argv[1], int(sys.argv[2])
widths, rows, batch, steps, optimizer_of = MODELS[name]
torch.set_num_threads(threads)
torch.manual_seed(42)
x = torch.rand(rows, widths[0])
y = torch.rand(rows, 1) if widths[-1] == 1 else torch.randint(0, widths[-1], (rows,))
layers = []
for a, b in zip(widths, widths[1:]):
    layers += [nn.Linear(a, b), nn.ReLU()]
model = nn.Sequential(*layers[:-1])
optimizer = optimizer_of(model.parameters())
criterion = nn.MSELoss() if widths[-1] == 1 else nn.CrossEntropyLoss()
forward = torch.compile(model) if sys.argv[3:] == ["compile"] else model


def step(rows_of_batch):
    loss = criterion(forward(x[rows_of_batch]), y[rows_of_batch])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss


batches = torch.randperm(rows).split(batch)[:steps]
for warm in batches[:2]:
    step(warm)
start, cpu = time.perf_counter(), time.process_time()
total = torch.zeros(())
for rows_of_batch in batches:
    total += step(rows_of_batch).detach()
print(f"{name} {threads} threads: {time.perf_counter() - start:.3f} s, CPU "
      f"{time.process_time() - cpu:.3f} s, loss {total.item() / len(batches):.4f}")
