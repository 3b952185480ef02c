"""Writes non-finite.safetensors: what PyTorch makes of NaN and infinities, in float64.

    python3 test/goldens/non_finite.py
"""

import json
import struct
from pathlib import Path

import torch
from torch.nn import functional

NAN, INF = float("nan"), float("inf")


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float32)


def spoiled(tensor, *values, behind=3):
    """Some numbers replaced, as many apart as fit between them."""
    numbers = tensor.reshape(-1)
    for i, value in enumerate(values):
        numbers[(behind + i * (numbers.numel() // len(values))) % numbers.numel()] = value
    return tensor


def gradients(y, dy, **inputs):
    y.backward(dy.double())
    return {"y": y.detach(), **{f"d{name}": tensor.grad for name, tensor in inputs.items()}}


def leaf(tensor):
    return tensor.double().requires_grad_()


def activation(kind):
    x = torch.tensor([[NAN, INF, -INF, 0.0, 1.5, -1.5, 2.5, -2.5, NAN, INF, -INF]], dtype=torch.float32)
    dy = torch.tensor([[1.0, 2.0, 3.0, 4.0, NAN, NAN, INF, -INF, NAN, INF, NAN]], dtype=torch.float32)
    own = leaf(x)
    y = getattr(torch, kind)(own)
    return {"op": "activation", "activation": kind}, {"x": x, "dy": dy, **gradients(y, dy, x=own)}


def max_pool(channels, size, stride, *values):
    x, dy = spoiled(normal(2, channels, 9, 9), *values), normal(2, channels, (9 - size) // stride + 1, (9 - size) // stride + 1)
    own = leaf(x)
    y = functional.max_pool2d(own, size, stride)
    return {"op": "maxpool", "size": size, "stride": stride}, {"x": x, "dy": dy, **gradients(y, dy, x=own)}


def lrn(channels, *values):
    x, dy = spoiled(normal(2, channels, 3, 3) * 5, *values, behind=9 * channels // 2), normal(2, channels, 3, 3)
    own = leaf(x)
    # PyTorch divides alpha by the window's size.
    y = functional.local_response_norm(own, 5, 5e-4, 0.75, 2.0)
    parameters = {"op": "lrn", "size": 5, "k": 2, "alpha": 1e-4, "beta": 0.75, "groups": 1}
    return parameters, {"x": x, "dy": dy, **gradients(y, dy, x=own)}


def convolution(channels, kernels, where, *values):
    """Without padding, and with finite kernels: zeros around an image times what is not finite are NaN in some programs."""
    inputs = {"x": normal(2, channels, 7, 7), "w": normal(kernels, channels, 3, 3), "b": normal(kernels)}
    spoiled(inputs[where], *values)
    own = {name: leaf(tensor) for name, tensor in inputs.items()}
    y = torch.relu(functional.conv2d(own["x"], own["w"], own["b"]))
    dy = normal(*y.shape)
    results = gradients(y, dy, **own)
    parameters = {"op": "conv", "stride": 1, "padding_tlbr": [0, 0, 0, 0], "groups": 1, "activation": "relu"}
    return parameters, {**inputs, "dy": dy, **results}


def connected(images, where, *values):
    inputs = {"x": normal(images, 67), "w": normal(33, 67), "b": normal(33)}
    spoiled(inputs[where], *values)
    own = {name: leaf(tensor) for name, tensor in inputs.items()}
    y = torch.relu(functional.linear(own["x"], own["w"], own["b"]))
    dy = normal(*y.shape)
    return {"op": "fc", "activation": "relu"}, {**inputs, "dy": dy, **gradients(y, dy, **own)}


def batch_norm(*values):
    x, dy, gamma, beta = spoiled(normal(3, 8, 4, 4), *values), normal(3, 8, 4, 4), normal(8), normal(8)
    layer = torch.nn.BatchNorm2d(8, eps=1e-5, momentum=0.1).double()
    running = {"running_mean": normal(8), "running_var": normal(8).abs() + 0.1}
    with torch.no_grad():
        layer.weight.copy_(gamma), layer.bias.copy_(beta)
        layer.running_mean.copy_(running["running_mean"]), layer.running_var.copy_(running["running_var"])
        inferred = layer.eval()(x.double())
    own = leaf(x)
    results = gradients(layer.train()(own), dy, x=own)
    outputs = {
        "inferred": inferred,
        "dgamma": layer.weight.grad,
        "dbeta": layer.bias.grad,
        "new_running_mean": layer.running_mean,
        "new_running_var": layer.running_var,
    }
    parameters = {"op": "batch_norm", "epsilon": 1e-5, "momentum": 0.1}
    return parameters, {"x": x, "dy": dy, "gamma": gamma, "beta": beta, **running, **results, **outputs}


def loss(*values):
    logits, labels = normal(4, 10), torch.tensor([0, 3, 5, 9], dtype=torch.int32)
    logits[1, 3 : 3 + len(values)] = torch.tensor(values)
    own = leaf(logits)
    value = functional.cross_entropy(own, labels.long())
    value.backward()
    outputs = {"loss": value.detach().reshape(1), "probabilities": own.softmax(1).detach(), "dlogits": own.grad}
    return {"op": "softmax_cross_entropy", "reduction": "mean"}, {"logits": logits, "labels": labels, **outputs}


def cases():
    return {
        "relu_of_nan_and_infinities": activation("relu"),
        "tanh_of_nan_and_infinities": activation("tanh"),
        "pool_of_nan": max_pool(8, 3, 2, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN),
        "pool_of_infinities": max_pool(17, 3, 2, INF, -INF, INF, -INF, INF, NAN, INF),
        "pool_of_several_nan_a_window": max_pool(5, 3, 2, *[NAN] * 300),
        "pool_2x2_of_nan": max_pool(3, 2, 2, *[NAN, INF] * 40),
        "lrn_of_nan": lrn(16, NAN),
        "lrn_of_an_infinity": lrn(24, INF),
        "conv_of_nan": convolution(3, 8, "x", NAN),
        "conv_of_infinities": convolution(16, 17, "x", INF, -INF),
        "conv_with_nan_in_a_bias": convolution(8, 16, "b", NAN),
        "fc_of_nan": connected(3, "x", NAN),
        "fc_of_many_images_of_nan": connected(9, "x", NAN, INF),
        "fc_with_nan_in_a_weight": connected(9, "w", NAN),
        "batch_norm_of_nan": batch_norm(NAN),
        "loss_of_nan": loss(NAN),
        "loss_of_an_infinity": loss(INF),
        "loss_of_a_class_without_chance": loss(-INF),
    }


def main():
    torch.manual_seed(1)
    parameters, header, data = {}, {}, b""
    types = {torch.float64: "F64", torch.float32: "F32", torch.int32: "I32"}
    for name, (own, tensors) in cases().items():
        parameters[name] = own
        for key, tensor in tensors.items():
            numbers = tensor.detach().contiguous().numpy().tobytes()
            header[f"{name}.{key}"] = {
                "dtype": types[tensor.dtype],
                "shape": list(tensor.shape),
                "data_offsets": [len(data), len(data) + len(numbers)],
            }
            data += numbers
    header["__metadata__"] = {"cases": json.dumps(parameters)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    Path(__file__).with_name("non-finite.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


main()
