"""The presets `paper` and `mini` of lib/graph/presets.ts in PyTorch: the same layers, shapes and function.

What differs is said here, and favours PyTorch: the input's padding (0 before and 3 after in `paper`) is in the data
already, dropout scales in training instead of at test time, and SGD keeps the momentum without the rate.

Two forms compute the same: `grouped` has one tower whose conv2, conv4 and conv5 have two groups; `towers` has two, as
the paper drew them, with dense convolutions, which meet before conv3 and fc6.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Convolution:
    name: str
    maps: int
    kernel: int
    stride: int
    padding: int
    groups: int
    lrn: bool
    pool: bool


@dataclass(frozen=True)
class Network:
    """The side of the padded input; `crop` and `store` are those of the images."""

    store: int
    crop: int
    side: int
    convolutions: tuple
    hidden: int

    def classes(self) -> int:
        return 1000


NETWORKS = {
    "paper": Network(
        256,
        224,
        227,
        (
            Convolution("conv1", 96, 11, 4, 0, 1, True, True),
            Convolution("conv2", 256, 5, 1, 2, 2, True, True),
            Convolution("conv3", 384, 3, 1, 1, 1, False, False),
            Convolution("conv4", 384, 3, 1, 1, 2, False, False),
            Convolution("conv5", 256, 3, 1, 1, 2, False, True),
        ),
        4096,
    ),
    "mini": Network(
        72,
        64,
        67,
        (
            Convolution("conv1", 32, 5, 2, 0, 1, True, True),
            Convolution("conv2", 96, 5, 1, 2, 2, True, True),
            Convolution("conv3", 128, 3, 1, 1, 1, False, False),
            Convolution("conv4", 128, 3, 1, 1, 2, False, False),
            Convolution("conv5", 96, 3, 1, 1, 2, False, True),
        ),
        256,
    ),
}

SIZE, ALPHA, BETA, K = 5, 1e-4, 0.75, 2.0


def lrn_library(x):
    """PyTorch divides the sum by its length: alpha on the plain sum is alpha times the length there."""
    return F.local_response_norm(x, SIZE, alpha=ALPHA * SIZE, beta=BETA, k=K)


def lrn_slices(x):
    """The same from elementary operations, which a compiler can make one kernel of."""
    channels = x.shape[1]
    padded = F.pad(x * x, (0, 0, 0, 0, SIZE // 2, SIZE // 2))
    total = padded[:, :channels]
    for i in range(1, SIZE):
        total = total + padded[:, i : i + channels]
    return x * (K + ALPHA * total) ** -BETA


LRN = {"library": lrn_library, "slices": lrn_slices}


def by_halves(lrn, x):
    """Each device's maps are normalised by themselves."""
    return torch.cat([lrn(half) for half in x.chunk(2, dim=1)], dim=1)


def pool(x):
    return F.max_pool2d(x, 3, 2)


class AlexNet(nn.Module):
    def __init__(self, network: Network, form: str, lrn: str):
        super().__init__()
        self.network, self.form, self.lrn = network, form, LRN[lrn]
        towers = 2 if form == "towers" else 1
        self.features = nn.ModuleList()
        channels, side = 3, network.side
        for c in network.convolutions:
            reads = channels // c.groups if towers == 2 else channels
            groups = 1 if towers == 2 else c.groups
            self.features.append(
                nn.ModuleList(
                    nn.Conv2d(reads, c.maps // towers, c.kernel, c.stride, c.padding, groups=groups)
                    for _ in range(towers)
                )
            )
            side = (side + 2 * c.padding - c.kernel) // c.stride + 1
            side = (side - 3) // 2 + 1 if c.pool else side
            channels = c.maps
        self.fc6 = nn.Linear(channels * side * side, network.hidden)
        self.fc7 = nn.Linear(network.hidden, network.hidden)
        self.fc8 = nn.Linear(network.hidden, network.classes())

    def forward(self, x):
        x = self.two_towers(x) if self.form == "towers" else self.one_tower(x)
        x = F.dropout(F.relu(self.fc6(x.flatten(1))), 0.5, self.training)
        x = F.dropout(F.relu(self.fc7(x)), 0.5, self.training)
        return self.fc8(x)

    def one_tower(self, x):
        for c, (convolution,) in zip(self.network.convolutions, self.features):
            x = F.relu(convolution(x))
            x = by_halves(self.lrn, x) if c.lrn else x
            x = pool(x) if c.pool else x
        return x

    def two_towers(self, x):
        halves = [x, x]
        for c, convolutions in zip(self.network.convolutions, self.features):
            if c.name == "conv3":
                halves = [torch.cat(halves, dim=1)] * 2
            halves = [F.relu(convolution(half)) for convolution, half in zip(convolutions, halves)]
            halves = [self.lrn(half) for half in halves] if c.lrn else halves
            halves = [pool(half) for half in halves] if c.pool else halves
        return torch.cat(halves, dim=1)


def optimiser(parameters, **how):
    """The recipe's: decay on weights only. A rate of 0: the same arithmetic, and weights that stay where they are."""
    parameters = list(parameters)
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": 0.0005},
        {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0},
    ]
    return torch.optim.SGD(groups, lr=0.0, momentum=0.9, **how)
