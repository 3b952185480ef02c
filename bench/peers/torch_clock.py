"""Times of work on a device: events on the card where there is one, medians, warm-up first."""

import statistics
import time

import torch


class CpuClock:
    """For trying the scripts where there is no card."""

    device = "cpu"

    def begin(self):
        return None

    def capture(self, work):
        raise RuntimeError("there are no graphs on the CPU")

    def seconds(self, work, enough=0.05, rounds=3):
        work()
        times = []
        for _ in range(rounds):
            count, start = 0, time.perf_counter()
            while time.perf_counter() - start < enough / rounds or count == 0:
                work()
                count += 1
            times.append((time.perf_counter() - start) / count)
        return statistics.median(times)


class CardClock:
    """All work is on one stream of its own, as captures of graphs need it."""

    def __init__(self, device):
        self.device = device
        torch.cuda.set_device(device)
        self.stream = torch.cuda.Stream(device)
        torch.cuda.set_stream(self.stream)

    def capture(self, work, warm_ups=3):
        """The work as a graph: what replays it."""
        for _ in range(warm_ups):
            work()
        self.stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self.stream):
            work()
        return graph.replay

    def round(self, work, count):
        before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        before.record(self.stream)
        for _ in range(count):
            work()
        after.record(self.stream)
        after.synchronize()
        return before.elapsed_time(after) / 1000 / count

    def seconds(self, work, enough=0.4, rounds=5):
        """Median over rounds that together last about `enough` seconds; the card's clock rises in the first."""
        for _ in range(3):
            work()
        once = max(self.round(work, 2), 1e-6)
        count = max(1, min(2000, int(enough / rounds / once)))
        self.round(work, count)
        return statistics.median(self.round(work, count) for _ in range(rounds))

    def alone(self, work, several=8):
        """
        Seconds of one op, as a graph of several so that launching it takes no time: inputs that fit are in the cache, which
        favours PyTorch. Where it cannot be captured, launched one by one. Returns seconds and how.
        """
        try:

            def repeated():
                for _ in range(several):
                    work()

            return self.seconds(self.capture(repeated), enough=0.06) / several, "graph"
        except Exception as error:  # whatever an op does that a graph cannot hold
            torch.cuda.synchronize()
            return self.seconds(work, enough=0.06), f"launched: {first_line(error)}"


def first_line(error) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0][:200]}" if text else type(error).__name__


def clock_for(device):
    return CpuClock() if device == "cpu" else CardClock(device)


def set_precision(precision):
    """Whether float32 products may be rounded to tf32."""
    allowed = precision == "tf32"
    try:
        torch.backends.cuda.matmul.allow_tf32 = allowed
        torch.backends.cudnn.allow_tf32 = allowed
    except Exception:  # a later PyTorch without these names
        chosen = "tf32" if allowed else "ieee"
        torch.backends.cuda.matmul.fp32_precision = chosen
        torch.backends.cudnn.conv.fp32_precision = chosen
