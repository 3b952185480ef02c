"""What the figures depend on: versions, the card, and the peak rates of its libraries."""

import platform
import subprocess

import torch

from torch_clock import first_line, set_precision


def driver():
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=20)
        return (found.stdout.strip().splitlines() or [None])[0]
    except (OSError, subprocess.SubprocessError):
        return None


def about(device):
    found = {"program": f"PyTorch {torch.__version__}", "cards": [], "driver": None, "cpu": platform.processor()}
    if device == "cpu":
        return found | {"cuda": None, "cudnn": None, "threads": torch.get_num_threads()}
    card = torch.cuda.get_device_properties(device)
    return found | {
        "cards": [
            {
                "name": card.name,
                "memory": card.total_memory,
                "computeCapability": 10 * card.major + card.minor,
                "multiprocessors": card.multi_processor_count,
            }
        ],
        "driver": driver(),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
    }


def ceilings(clock, emit):
    """A large product in each precision, of random numbers, and a large copy."""
    device = clock.device
    side, amount = (512, 2**22) if device == "cpu" else (8192, 2**30)
    found = {"device": str(device), "copyGigabytes": 0.0, "gflops": {}}
    precisions = ("fp32",) if device == "cpu" else ("bf16", "tf32", "fp32")
    for precision in precisions:
        try:
            set_precision(precision)
            kind = torch.bfloat16 if precision == "bf16" else torch.float32
            a, b = (torch.randn(side, side, device=device, dtype=torch.float32).to(kind) for _ in range(2))
            out = torch.empty_like(a)
            seconds = clock.seconds(lambda: torch.mm(a, b, out=out), enough=0.3)
            found["gflops"][precision] = 2 * side**3 / seconds / 1e9
        except Exception as error:
            emit("problem", {"what": f"a large product in {precision}", "problem": first_line(error)})
    try:
        x, y = (torch.ones(amount, dtype=torch.uint8, device=device) for _ in range(2))
        found["copyGigabytes"] = 2 * amount / clock.seconds(lambda: y.copy_(x), enough=0.3) / 1e9
    except Exception as error:
        emit("problem", {"what": "a large copy", "problem": first_line(error)})
    emit("ceilings", [found])
