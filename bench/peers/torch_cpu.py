#!/usr/bin/env python3
"""The paper's network in PyTorch on the CPU: one contender of `npm run bench:cpu`, which starts it and asks it for turns.

    python3 bench/peers/torch_cpu.py --pass training --batch 32 --threads 2 --variant tuned

Variants: `written` is the network as one writes it, with PyTorch's defaults; `tuned` has channels_last, ReLU in place, an
LRN that stays in the cache, and huge pages behind its allocator; `compiled` is torch.compile's; `bf16` is `tuned` in
autocast. Training is forward, loss, backward and the update; inference ends at the probabilities.

Lines of JSON on stdout: first {"program"}, in inference with the last image's "probabilities"; then, for each line on
stdin with a number of milliseconds, steps for at least that long and {"milliseconds"} of one. {"problem"} ends it.
"""

import argparse
import contextlib
import json
import os
import sys
import time

VARIANTS = ("written", "tuned", "compiled", "bf16")
# Gradients and maps come and go with each step: memory stays with the process, in huge pages where the system has them.
ALLOCATOR = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=100000000000"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pass", dest="work", choices=("training", "inference"), required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--variant", choices=VARIANTS, default="tuned")
    parser.add_argument("--preset", choices=("paper", "mini"), default="paper")
    parser.add_argument("--weights", help="safetensors; default: random ones")
    parser.add_argument("--input", help="float32, batch x 3 x side x side, padded; default: random numbers")
    return parser.parse_args()


def say(**line):
    print(json.dumps(line), flush=True)


def read_weights(model, file):
    import torch

    layers = {c.name: made[0] for c, made in zip(model.network.convolutions, model.features)}
    layers |= {name: getattr(model, name) for name in ("fc6", "fc7", "fc8")}
    with open(file, "rb") as data:
        header = json.loads(data.read(int.from_bytes(data.read(8), "little")))
        start = data.tell()
        for name, layer in layers.items():
            for role in ("weight", "bias"):
                begin, end = header[f"{name}.{role}"]["data_offsets"]
                data.seek(start + begin)
                parameter = getattr(layer, role)
                numbers = torch.frombuffer(bytearray(data.read(end - begin)), dtype=torch.float32)
                with torch.no_grad():
                    parameter.copy_(numbers.view(parameter.shape))


def make_step(given):
    """What does one step; an inference returns its probabilities."""
    import torch
    import torch.nn.functional as F

    from torch_lrn import lrn_for_compilers, lrn_image_by_image
    from torch_network import NETWORKS, AlexNet, by_halves, lrn_library, optimiser, pool

    torch.manual_seed(0)
    torch.set_num_threads(given.threads)
    network = NETWORKS[given.preset]
    training, written = given.work == "training", given.variant == "written"
    normalise = lrn_for_compilers if given.variant == "compiled" else lrn_image_by_image

    class Tuned(AlexNet):
        def one_tower(self, x):
            for c, (convolution,) in zip(self.network.convolutions, self.features):
                x = F.relu(convolution(x), inplace=True)
                x = normalise(x.float()) if c.lrn else x
                x = pool(x) if c.pool else x
            return x

    model = (AlexNet if written else Tuned)(network, "grouped", "library").train(training)
    if given.weights:
        read_weights(model, given.weights)
    shape = (given.batch, 3, network.side, network.side)
    x = torch.from_file(given.input, size=given.batch * 3 * network.side**2).view(shape) if given.input else torch.randn(shape)
    if not written:
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    call = model
    if given.variant == "compiled":
        import torch._inductor.config as inductor

        inductor.freezing = not training
        call = torch.compile(model, dynamic=False)
    autocast = (
        (lambda: torch.autocast("cpu", dtype=torch.bfloat16)) if given.variant == "bf16" else contextlib.nullcontext
    )
    if not training:
        # Compiled weights are frozen for no_grad only.
        guard = torch.no_grad if given.variant in ("written", "compiled") else torch.inference_mode

        def infer():
            with guard(), autocast():
                return torch.softmax(call(x).float(), dim=1)

        return infer
    labels = torch.arange(given.batch) % network.classes()
    try:
        update = optimiser(model.parameters(), **({} if written else {"fused": True}))
    except TypeError:  # before PyTorch 2.4
        update = optimiser(model.parameters(), foreach=True)

    def train():
        update.zero_grad(set_to_none=True)
        with autocast():
            logits = call(x)
        F.cross_entropy(logits.float(), labels).backward()
        update.step()

    return train


def main():
    given = arguments()
    if given.variant != "written" and "GLIBC_TUNABLES" not in os.environ:
        environment = {**os.environ, "GLIBC_TUNABLES": ALLOCATOR}
        os.execve(sys.executable, [sys.executable, os.path.abspath(__file__), *sys.argv[1:]], environment)
    sys.dont_write_bytecode = True
    try:
        import torch

        step = make_step(given)
        found = step()
    except Exception as error:
        say(problem=f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:300]}")
        return 1
    probabilities = {} if found is None else {"probabilities": found[-1].tolist()}
    say(program=f"PyTorch {torch.__version__}", **probabilities)
    for line in sys.stdin:
        enough, steps, start = float(line) / 1000, 0, time.perf_counter()
        while steps == 0 or time.perf_counter() - start < enough:
            step()
            steps += 1
        say(milliseconds=1000 * (time.perf_counter() - start) / steps)
    return 0


if __name__ == "__main__":
    sys.exit(main())
