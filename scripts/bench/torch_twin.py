"""The twins of networks.mjs in PyTorch: each line on standard input asks for a round of steps."""

import json
import resource
import sys
import time

import torch
from torch import nn

name, batch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)


def design():
    layers, channels = [], 1
    for block in ((32, 32), (64, 64)):
        for filters in block:
            layers += [nn.Conv2d(channels, filters, 3), nn.ReLU()]
            channels = filters
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 128), nn.ReLU(), nn.Linear(128, 10))


def digits_fast():
    def block(channels, filters, kernel, stride=1, padding=0, pool=False):
        pooling = [nn.MaxPool2d(2)] if pool else []
        return [nn.Conv2d(channels, filters, kernel, stride, padding, bias=False), nn.BatchNorm2d(filters), *pooling, nn.ReLU()]

    return nn.Sequential(
        *block(1, 16, 5, stride=2, padding=2),
        *block(16, 32, 3, padding=1, pool=True),
        *block(32, 64, 3, padding=1, pool=True),
        *block(64, 96, 3),
        nn.Flatten(),
        nn.Linear(96, 10),
    )


model = {"design": design, "digits-fast": digits_fast}[name]()
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
pixels = torch.randint(0, 256, (batch, 1, 28, 28), dtype=torch.uint8)
labels = torch.randint(0, 10, (batch,))


def step():
    optimiser.zero_grad()
    loss = nn.functional.cross_entropy(model(pixels.float().mul_(1 / 255)), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


for _ in range(5):
    step()
print(json.dumps({"ready": True, "version": torch.__version__}), flush=True)
for line in sys.stdin:
    times = []
    for _ in range(json.loads(line)["steps"]):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"times": times, "peakRssMiB": peak}), flush=True)
