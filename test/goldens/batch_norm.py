"""Writes batch-norm.safetensors: batch normalisation over 50 random shapes as PyTorch computes it in float64.

    python3 test/goldens/batch_norm.py
"""

import json
import random
import struct
from pathlib import Path

import torch

CASES = 50


def shape_of(i):
    """One image, one channel and one position among them; six numbers a channel at least: of two, dx is 0 but for rounding."""
    while True:
        shape = (random.choice((1, 1, 2, 3, 8)), random.choice((1, 2, 3, 5, 8, 16, 17, 32)), *random.choices(range(1, 9), k=2))
        if i % 10 == 9:
            shape = (random.choice((6, 8, 31)), shape[1], 1, 1)
        numbers = shape[0] * shape[2] * shape[3]
        if 6 <= numbers and numbers * shape[1] <= 2000:
            return shape


def case(i):
    shape = shape_of(i)
    channels = shape[1]
    normal = lambda *size: torch.randn(*size, dtype=torch.float32)
    # Every fourth case lies far from zero: a sum of squares less the squared mean would lose most digits there.
    x = normal(*shape) * 3 + (30 if i % 4 == 3 else normal(1, channels, 1, 1))
    inputs = {
        "x": x,
        "gamma": normal(channels),
        "beta": normal(channels),
        "dy": normal(*shape),
        "running_mean": normal(channels),
        "running_var": normal(channels).abs() + 0.1,
    }
    parameters = {
        "op": "batch_norm",
        "epsilon": random.choice((1e-5, 1e-3)),
        "momentum": random.choice((0.1, 0.01, 1.0)),
    }
    layer = torch.nn.BatchNorm2d(channels, eps=parameters["epsilon"], momentum=parameters["momentum"]).double()
    with torch.no_grad():
        layer.weight.copy_(inputs["gamma"]), layer.bias.copy_(inputs["beta"])
        layer.running_mean.copy_(inputs["running_mean"]), layer.running_var.copy_(inputs["running_var"])
        inferred = layer.eval()(x.double())
    x = x.double().requires_grad_()
    y = layer.train()(x)
    y.backward(inputs["dy"].double())
    outputs = {
        "inferred": inferred,
        "y": y.detach(),
        "dx": x.grad,
        "dgamma": layer.weight.grad,
        "dbeta": layer.bias.grad,
        "new_running_mean": layer.running_mean,
        "new_running_var": layer.running_var,
    }
    return parameters, {**inputs, **outputs}


def main():
    random.seed(1)
    torch.manual_seed(1)
    cases, header, data = {}, {}, b""
    for i in range(CASES):
        name = f"batch_norm_{i:02}"
        cases[name], tensors = case(i)
        for key, tensor in tensors.items():
            numbers = tensor.detach().contiguous().numpy().tobytes()
            header[f"{name}.{key}"] = {
                "dtype": "F64" if tensor.dtype == torch.float64 else "F32",
                "shape": list(tensor.shape),
                "data_offsets": [len(data), len(data) + len(numbers)],
            }
            data += numbers
    header["__metadata__"] = {"cases": json.dumps(cases)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(__file__).with_name("batch-norm.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


main()
