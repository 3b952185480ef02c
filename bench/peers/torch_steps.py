"""Whole training steps and inferences of the network in images a second, in every way that PyTorch has to run them."""

import contextlib
import gc

import torch
import torch.nn.functional as F

from torch_clock import first_line, set_precision
from torch_network import AlexNet, optimiser

MODES = {"compile": "default", "autotune": "max-autotune-no-cudagraphs"}


def variants(part, precision, device):
    """(how it is run, numbers, form, LRN), the most telling first."""
    if device == "cpu":
        numbers = ["autocast"] if precision == "bf16" else ["float32"]
        ways = ["launched"]
    else:
        numbers = ["pure", "autocast"] if precision == "bf16" else ["float32"]
        ways = ["graph", "launched"]
    if part in MODES:
        return [(part, number, "grouped", "slices") for number in numbers]
    grouped = [(way, number, "grouped", "library") for way in ways for number in numbers]
    others = [(ways[0], number, *rest) for number in numbers for rest in (("grouped", "slices"), ("towers", "library"))]
    return grouped[: len(numbers)] + others + grouped[len(numbers) :]


def name_of(way, number, form, lrn):
    numbers = {"pure": "all bf16", "autocast": "autocast", "float32": "float32"}[number]
    return f"{way}, {numbers}, {form}, LRN {lrn}"


class Step:
    """A training step, or an inference up to the probabilities, of resident synthetic data."""

    def __init__(self, clock, network, batch, training, number, form, lrn, compiled, update):
        device = clock.device
        kind = torch.bfloat16 if number == "pure" else torch.float32
        self.training = training
        self.model = AlexNet(network, form, lrn).to(device=device, dtype=kind, memory_format=torch.channels_last)
        self.model.train(training)
        self.call = torch.compile(self.model, mode=MODES[compiled], dynamic=False) if compiled else self.model
        # An input that lies in memory as the network computes.
        given = torch.bfloat16 if number in ("pure", "autocast") else torch.float32
        self.x = torch.randn(batch, 3, network.side, network.side, device=device).to(
            dtype=given, memory_format=torch.channels_last
        )
        self.labels = torch.arange(batch, device=device) % network.classes()
        self.optimiser = optimiser(self.model.parameters(), **update) if training else None
        self.autocast = (
            # Every weight is read once a step: there is nothing to keep.
            (lambda: torch.autocast(torch.device(device).type, dtype=torch.bfloat16, cache_enabled=False))
            if number == "autocast"
            else contextlib.nullcontext
        )

    def __call__(self):
        if not self.training:
            with torch.no_grad(), self.autocast():
                self.out = torch.softmax(self.call(self.x).float(), dim=1)
            return
        self.optimiser.zero_grad(set_to_none=True)
        with self.autocast():
            logits = self.call(self.x)
        F.cross_entropy(logits.float(), self.labels).backward()
        self.optimiser.step()


def measure(clock, network, batch, training, variant):
    """With the update as one kernel where PyTorch has it for these tensors. Returns seconds and how it was run."""
    try:
        return measure_with({"fused": True}, clock, network, batch, training, variant)
    except Exception as error:
        if "fused" not in str(error):
            raise
        return measure_with({"foreach": True}, clock, network, batch, training, variant)


def measure_with(update, clock, network, batch, training, variant):
    way, number, form, lrn = variant
    compiled = way if way in MODES else None
    step = Step(clock, network, batch, training, number, form, lrn, compiled, update)
    if way == "launched" or clock.device == "cpu":
        return clock.seconds(step), way
    try:
        return clock.seconds(clock.capture(step)), way
    except Exception as error:
        if not compiled:
            raise
        torch.cuda.synchronize()
        return clock.seconds(step), f"{way} without a graph ({first_line(error)})"


def run_steps(part, clock, network, batches, precision, emit, out_of_time):
    set_precision(precision)
    passes = ("training", "inference")
    todo = [
        (variant, batch, name)
        for variant in variants(part, precision, clock.device)
        for name in passes
        for batch in batches
    ]
    for variant, batch, name in todo:
        setting = {"batch": batch, "precision": precision, "pass": name}
        what = f"{name} of {batch} in {precision}, {name_of(*variant)}"
        if out_of_time():
            emit("problem", {"what": what, "problem": "not run: the time was up"})
            continue
        try:
            if variant[0] in MODES:
                torch._dynamo.reset()
            seconds, way = measure(clock, network, batch, name == "training", variant)
            emit(
                "rate",
                {
                    **setting,
                    "variant": name_of(way, *variant[1:]),
                    "milliseconds": 1000 * seconds,
                    "imagesPerSecond": batch / seconds,
                },
            )
        except Exception as error:
            emit("problem", {"what": what, "problem": first_line(error)})
        gc.collect()
        if clock.device != "cpu":
            with contextlib.suppress(Exception):
                torch.cuda.empty_cache()
