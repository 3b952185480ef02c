"""Each op of a step alone, at the shapes of ours and under the names of ours: one row a command of lib/plan.

A row does what our command does, with PyTorch's ops: a convolution with its bias and ReLU, LRN and the pool behind it,
a pool's gradient with the ReLU's. Several ways to do one op are rows with a `variant`; the comparison takes the fastest.
"""

import math

import torch
import torch.nn.functional as F

from torch_clock import first_line, set_precision
from torch_network import LRN, AlexNet, by_halves, optimiser, pool

aten = torch.ops.aten


def size_of(*tensors):
    return sum(t.numel() * t.element_size() for t in tensors if t is not None)


class Rows:
    """Collects what there is to time: (label, op, passes, variant, make), where make() gives work, flops and bytes."""

    def __init__(self, network, batch, kind, device):
        self.network, self.batch, self.kind, self.device = network, batch, kind, device
        self.all = []

    def add(self, label, op, make, passes=("training",), variant=None):
        self.all.append((label, op, passes, variant, make))

    def maps(self, channels, side, grad=False):
        x = torch.randn(self.batch, channels, side, side, device=self.device)
        return x.to(dtype=self.kind, memory_format=torch.channels_last).requires_grad_(grad)

    def numbers(self, *shape):
        return torch.randn(*shape, device=self.device).to(self.kind)

    def convolution(self, c, channels, side, out, first):
        reads = channels // c.groups
        flops = 2 * self.batch * c.maps * out * out * reads * c.kernel**2

        def weights():
            w = self.numbers(c.maps, reads, c.kernel, c.kernel) / math.sqrt(reads * c.kernel**2)
            return w.to(memory_format=torch.channels_last)

        def forward():
            x, w, bias = self.maps(channels, side), weights(), self.numbers(c.maps)

            def work():
                return F.conv2d(x, w, bias, c.stride, c.padding, groups=c.groups).relu_()

            return work, flops, size_of(x, w, bias, work())

        def backward(mask, amount):
            def make():
                x, w, dy = self.maps(channels, side), weights(), self.maps(c.maps, out)
                stride, padding = [c.stride] * 2, [c.padding] * 2

                def work():
                    return aten.convolution_backward(
                        dy, x, w, [c.maps], stride, padding, [1, 1], False, [0, 0], c.groups, mask
                    )

                return work, amount, size_of(x, w, dy)

            return make

        def derivative():
            y, dy = self.maps(c.maps, out).relu_(), self.maps(c.maps, out)
            return (lambda: aten.threshold_backward(dy, y, 0)), 0, 3 * size_of(dy)

        self.add(c.name, "convolution_forward", forward, ("training", "inference"))
        if not (c.lrn or c.pool):
            self.add(c.name, "activation_backward", derivative)
        if not first:
            self.add(c.name, "convolution_backward_data", backward([True, False, False], flops))
        self.add(c.name, "convolution_backward_weights", backward([False, True, True], flops))

    def normalised(self, c, side, pooled):
        """LRN with the pool behind it, which is one command of ours, and LRN alone."""
        number = c.name[-1]
        for how, lrn in LRN.items():
            for behind, label, op, out in (
                (pool, f"lrn{number}+pool{number}", "lrn_pool", pooled),
                (None, f"lrn{number}", "lrn", side),
            ):
                self.chain(c.maps, side, out, label, op, f"LRN {how}", lrn, behind)

    def chain(self, maps, side, out, label, op, variant, lrn, behind):
        def both(x):
            y = by_halves(lrn, x)
            return behind(y) if behind else y

        def forward():
            x = self.maps(maps, side)

            def work():
                with torch.no_grad():
                    return both(x)

            return work, 0, size_of(x, work())

        def backward():
            x = self.maps(maps, side, grad=True)
            y, dy, seen = both(x), self.maps(maps, out), x.detach().relu()

            def work():
                (dx,) = torch.autograd.grad(y, x, dy, retain_graph=True)
                return aten.threshold_backward(dx, seen, 0)

            return work, 0, 2 * size_of(x) + size_of(dy)

        self.add(label, f"{op}_forward", forward, ("training", "inference"), variant)
        self.add(label, f"{op}_backward", backward, variant=variant)

    def pooled(self, label, channels, side, out):
        def forward():
            x = self.maps(channels, side)
            return (lambda: F.max_pool2d(x, 3, 2, return_indices=True)), 0, size_of(x, pool(x))

        def backward():
            x, dy = self.maps(channels, side).relu_(), self.maps(channels, out)
            _, places = F.max_pool2d(x, 3, 2, return_indices=True)

            def work():
                dx = aten.max_pool2d_with_indices_backward(dy, x, [3, 3], [2, 2], [0, 0], [1, 1], False, places)
                return aten.threshold_backward(dx, x, 0)

            return work, 0, 2 * size_of(x) + size_of(dy)

        self.add(label, "max_pool_forward", forward, ("training", "inference"))
        self.add(label, "max_pool_backward", backward)

    def connected(self, name, inputs, units, last):
        flops = 2 * self.batch * inputs * units

        def operands():
            return (
                self.numbers(self.batch, inputs),
                self.numbers(units, inputs) / math.sqrt(inputs),
                self.numbers(units),
                self.numbers(self.batch, units),
            )

        def forward(training):
            def make():
                x, w, bias, dy = operands()

                def work():
                    y = F.linear(x, w, bias)
                    if last:
                        return y.float()
                    y = y.relu_()
                    return F.dropout(y, 0.5, True) if training else y

                return work, flops, size_of(x, w, bias, dy)

            return make

        def data():
            _, w, _, dy = operands()
            return (lambda: dy @ w), flops, size_of(dy, w) + self.batch * inputs * dy.element_size()

        def weights():
            x, w, _, dy = operands()
            return (lambda: (dy.t() @ x, dy.sum(0))), flops, size_of(dy, x, w)

        def derivative():
            y, dy = operands()[3].relu_(), operands()[3]
            _, mask = aten.native_dropout(y, 0.5, True)

            def work():
                return aten.threshold_backward(aten.native_dropout_backward(dy, mask, 2.0), y, 0)

            return work, 0, 3 * size_of(dy)

        self.add(name, "convolution_forward", forward(True))
        self.add(name, "convolution_forward", forward(False), ("inference",))
        if not last:
            self.add(name, "activation_backward", derivative)
        self.add(name, "convolution_backward_data", data)
        self.add(name, "convolution_backward_weights", weights)

    def classified(self):
        classes = self.network.classes()
        labels = torch.arange(self.batch, device=self.device) % classes

        def training():
            logits = torch.randn(self.batch, classes, device=self.device, requires_grad=True)

            def work():
                return torch.autograd.grad(F.cross_entropy(logits, labels), logits)

            return work, 0, 2 * size_of(logits)

        def inference():
            logits = torch.randn(self.batch, classes, device=self.device)
            return (lambda: F.softmax(logits, dim=1)), 0, 2 * size_of(logits)

        self.add("softmax", "softmax_cross_entropy", training)
        self.add("softmax", "softmax_cross_entropy", inference, ("inference",))

    def update(self):
        """Float32 weights and momentum, as ours are; in bf16 with the copy that the products read."""
        for how in ("fused", "foreach"):

            def make(how=how):
                model = AlexNet(self.network, "grouped", "library").to(self.device)
                parameters = list(model.parameters())
                for parameter in parameters:
                    parameter.grad = torch.zeros_like(parameter)
                copies = [p.detach().to(self.kind) for p in parameters if p.dim() > 1]
                masters = [p.detach() for p in parameters if p.dim() > 1]
                sgd = optimiser(parameters, **{how: True})

                def work():
                    sgd.step()
                    if self.kind != torch.float32:
                        torch._foreach_copy_(copies, masters)

                copied = size_of(*copies) if self.kind != torch.float32 else 0
                # Weights and momentum are read and written, gradients read.
                return work, 0, 5 * size_of(*parameters) + copied

            self.add("update", "sgd", make, variant=how)

    def prepared(self):
        """uint8 images to the network's input: a crop's place, reflection, mean image and colour shift of each."""
        store, crop, batch = self.network.store, self.network.crop, self.batch

        def images():
            return torch.randint(0, 256, (batch, store, store, 3), dtype=torch.uint8, device=self.device)

        def preprocess():
            given = images()
            mean = torch.rand(store, store, 3, device=self.device) * 255
            top, left = (torch.randint(0, store - crop + 1, (batch, 1), device=self.device) for _ in range(2))
            flip = torch.randint(0, 2, (batch, 1), device=self.device, dtype=torch.bool)
            shift = torch.randn(batch, 1, 1, 3, device=self.device)
            line = torch.arange(crop, device=self.device)
            image = torch.arange(batch, device=self.device)[:, None, None]

            def work():
                rows = (top + line)[:, :, None]
                columns = (left + torch.where(flip, crop - 1 - line, line))[:, None, :]
                pixels = given[image, rows, columns].float() - mean[rows, columns] + shift
                # Channels are innermost already: what the convolutions call channels_last.
                return pixels.to(self.kind).permute(0, 3, 1, 2)

            return work, 0, batch * crop * crop * 3 + size_of(work())

        def upload():
            given = images()
            held = given.to("cpu").pin_memory() if self.device != "cpu" else given.clone()
            return (lambda: given.copy_(held, non_blocking=True)), 0, size_of(given)

        def copy():
            amount = 2**28 if self.device != "cpu" else 2**22
            x, y = (torch.ones(amount, dtype=torch.uint8, device=self.device) for _ in range(2))
            return (lambda: y.copy_(x)), 0, 2 * amount

        self.add("input", "preprocess", preprocess, ("training", "inference"))
        self.add("input", "upload", upload, ("training", "inference"))
        self.add("copy", "copy", copy, ("training", "inference"))


def rows_of(network, batch, kind, device):
    rows = Rows(network, batch, kind, device)
    rows.prepared()
    channels, side = 3, network.side
    for place, c in enumerate(network.convolutions):
        out = (side + 2 * c.padding - c.kernel) // c.stride + 1
        pooled = (out - 3) // 2 + 1
        rows.convolution(c, channels, side, out, place == 0)
        if c.lrn:
            rows.normalised(c, out, pooled)
        if c.pool:
            rows.pooled(f"pool{c.name[-1]}", c.maps, out, pooled)
        channels, side = c.maps, pooled if c.pool else out
    rows.connected("fc6", channels * side * side, network.hidden, False)
    rows.connected("fc7", network.hidden, network.hidden, False)
    rows.connected("fc8", network.hidden, network.classes(), True)
    rows.classified()
    rows.update()
    return rows.all


def run_ops(clock, network, batches, precision, emit, out_of_time):
    set_precision(precision)
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    for batch in batches:
        rows = rows_of(network, batch, kind, clock.device)
        for place, (label, op, passes, variant, make) in enumerate(rows):
            what = f"{label} {op}, batch {batch}, {precision}"
            if out_of_time():
                late = f"not run, nor the {len(rows) - place - 1} ops behind it: the time was up"
                emit("problem", {"what": what, "problem": late})
                break
            try:
                work, flops, moved = make()
                seconds, how = clock.alone(work) if clock.device != "cpu" else (clock.seconds(work), "launched")
                for name in passes:
                    row = {"batch": batch, "precision": precision, "pass": name, "device": 0, "label": label, "op": op}
                    row |= {"milliseconds": 1000 * seconds, "flops": flops, "bytes": moved, "how": how}
                    emit("op", row | ({"variant": variant} if variant else {}))
            except Exception as error:
                emit("problem", {"what": what, "problem": first_line(error)})
            work = None  # with its tensors
