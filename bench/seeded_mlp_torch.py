"""examples/seeded_mlp in PyTorch: python seeded_mlp_torch.py WEIGHTS"""
import sys

import torch
from torch import nn

torch.manual_seed(42)
x = torch.rand(100, 32)
y = torch.randint(0, 10, (100,))
model = nn.Sequential(nn.Linear(32, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(10):
    total, right = 0.0, 0
    for xb, yb in zip(x.split(32), y.split(32)):
        logits = model(xb)
        loss = criterion(logits, yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(yb)
        right += (logits.argmax(1) == yb).sum().item()
    print(f"epoch {epoch + 1}/10  loss {total / 100:.4f}  accuracy {right / 100:.4f}")
torch.save(model.state_dict(), sys.argv[1])
