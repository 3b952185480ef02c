#!/usr/bin/env python3
"""The paper's network in PyTorch, timed as `alexnet-native bench` times ours, in the same rows.

    python3 bench/peers/torch_gpu.py [--batch 128,512] [--precision bf16,tf32,fp32] [--parts ops,steps,compile,autotune]
                                     [--seconds 300] [--preset paper] [--device cuda:0] [--out FILE] [--json]

Whole steps: launched op by op, as a CUDA graph of the whole step, and compiled by torch.compile (its default mode, and
max-autotune) inside such a graph; bf16 by autocast and with everything in bf16; one grouped tower and two towers; LRN by
PyTorch's own function and by elementary operations. And each op alone (torch_ops.py).

The data is synthetic and lies on the card in the form the first convolution reads: no upload and no preprocessing in the
steps, both of which ours contain.

The work is done by child processes, one after another, each with its share of --seconds: what one of them cannot do, or
dies of, is a line under `problems`, and the others go on. --device cpu, with small sizes, tries the script where there
is no card.
"""

import argparse
import datetime
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PRECISIONS = ("bf16", "tf32", "fp32")
PARTS = ("ops", "steps", "compile", "autotune")
# A child that does not notice that its time is up gets this much more.
GRACE = 15
NOTE = "synthetic data on the card, as the first convolution reads it: no upload and no preprocessing in the steps"


def listed(check):
    return lambda text: [check(part.strip()) for part in text.split(",")]


def one_of(names):
    def check(text):
        if text not in names:
            raise argparse.ArgumentTypeError(f"expected {', '.join(names)}, received {text}")
        return text

    return check


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a positive whole number, received {text}")
    return number


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", type=one_of(("paper", "mini")), default=None)
    parser.add_argument("--batch", type=listed(positive), default=None)
    parser.add_argument("--precision", type=listed(one_of(PRECISIONS)), default=None)
    parser.add_argument("--parts", type=listed(one_of(PARTS)), default=list(PARTS))
    parser.add_argument("--seconds", type=positive, default=300)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--out", help="a file for the JSON, written again after each child")
    parser.add_argument("--json", action="store_true", help="JSON on stdout")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    cpu = given.device == "cpu"
    given.preset = given.preset or ("mini" if cpu else "paper")
    given.batch = given.batch or ([4] if cpu else [128, 512])
    given.precision = given.precision or (["fp32"] if cpu else list(PRECISIONS))
    return given


def children(given):
    """What each child does, the most telling first, and its share of the time."""
    plain = [part for part in ("steps", "ops") if part in given.parts]
    first, *rest = given.precision
    jobs = [{"parts": ["about", *plain], "precision": first, "share": 7}]
    jobs += [{"parts": [part], "precision": first, "share": 4} for part in ("compile", "autotune") if part in given.parts]
    jobs += [{"parts": plain, "precision": precision, "share": 2} for precision in rest if plain]
    return jobs


def child(given, job):
    """Does one job; a JSON line for each thing found out, at once, so that nothing is lost with the process."""
    lines = open(job["lines"], "w", encoding="utf8", buffering=1)

    def emit(kind, value):
        lines.write(json.dumps({kind: value}) + "\n")

    def out_of_time():
        return time.time() > job["until"]

    sys.dont_write_bytecode = True
    sys.path.insert(0, HERE)
    import torch

    from torch_about import about, ceilings
    from torch_clock import clock_for
    from torch_network import NETWORKS
    from torch_ops import run_ops
    from torch_steps import run_steps

    torch.manual_seed(0)
    torch.backends.cudnn.benchmark = True
    emit("about", about(given.device))
    clock = clock_for(given.device)
    for part in job["parts"]:
        if part == "about":
            ceilings(clock, emit)
            continue
        common = (clock, NETWORKS[given.preset], given.batch, job["precision"], emit, out_of_time)
        run_ops(*common) if part == "ops" else run_steps(part, *common)


def kill(process):
    """With the compilers that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def gather(report, file):
    places = {"op": "ops", "rate": "rates", "problem": "problems"}
    with open(file, encoding="utf8") as lines:
        for line in lines:
            try:
                ((kind, value),) = json.loads(line).items()
            except ValueError:
                continue  # cut short by a kill
            if kind in places:
                report[places[kind]].append(value)
            elif kind == "about":
                report.update(value)
            else:
                report[kind] = value


def write(report, file):
    if not file:
        return
    with open(file + ".part", "w", encoding="utf8") as out:
        json.dump(report, out, indent=1)
    os.replace(file + ".part", file)


def run_child(given, job, seconds, folder, report):
    what = f"{' and '.join(job['parts'])} in {job['precision']}"
    job = {**job, "until": time.time() + seconds, "lines": os.path.join(folder, "lines")}
    open(job["lines"], "w", encoding="utf8").close()
    command = [sys.executable, os.path.abspath(__file__), "--child", json.dumps(job), "--device", given.device]
    command += ["--preset", given.preset, "--batch", ",".join(map(str, given.batch))]
    with open(os.path.join(folder, "errors"), "w+", encoding="utf8", errors="replace") as errors:
        process = subprocess.Popen(command, stdout=errors, stderr=errors, process_group=0)
        try:
            code = process.wait(seconds + GRACE)
            problem = f"the process ended with {code}" if code else None
        except subprocess.TimeoutExpired:
            problem = "stopped: the time was up"
        finally:
            kill(process)
            gather(report, job["lines"])
        if problem:
            errors.seek(0)
            said = [line.strip() for line in errors.read().splitlines() if line.strip()]
            report["problems"].append({"what": what, "problem": ": ".join([problem, *said[-1:]])[:400]})


def commit():
    try:
        found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, timeout=20)
        return found.stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def print_tables(report):
    print(f"{report['program']}, {report['data']}")
    for row in report["ops"]:
        where = f"{row['pass']:<9} {row['batch']:>4} {row['precision']}"
        variant = f"  {row['variant']}" if "variant" in row else ""
        print(f"{where}  {row['label']:<11} {row['op']:<28} {row['milliseconds']:>9.3f} ms{variant}")
    for row in report["rates"]:
        where = f"{row['pass']:<9} {row['batch']:>4} {row['precision']}"
        print(f"{where}  {row['imagesPerSecond']:>9.0f} images/s  {row['milliseconds']:>8.3f} ms  {row['variant']}")
    for row in report["problems"]:
        print(f"problem: {row['what']}: {row['problem']}")


def main():
    given = arguments()
    if given.child:
        return child(given, json.loads(given.child))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = ("preset", "device", "batch", "precision", "parts", "seconds")
    report = {
        "program": "PyTorch",
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "commit": commit(),
        "python": platform.python_version(),
        "data": NOTE,
        "cache": "an op's inputs are as its last repetition left them in the caches",
        "options": {name: getattr(given, name) for name in names},
        "ceilings": [],
        "ops": [],
        "rates": [],
        "problems": [],
    }
    end = time.time() + given.seconds
    jobs = children(given)
    with tempfile.TemporaryDirectory() as folder:
        try:
            for place, job in enumerate(jobs):
                left = end - time.time()
                shares = sum(later["share"] for later in jobs[place:])
                if left < 5:
                    what = f"{' and '.join(job['parts'])} in {job['precision']}"
                    report["problems"].append({"what": what, "problem": "not run: the time was up"})
                    continue
                run_child(given, job, left * job["share"] / shares, folder, report)
                write(report, given.out)
        finally:
            write(report, given.out)
    if given.json:
        print(json.dumps(report))
    else:
        print_tables(report)
    # A variant that does not work is a finding; nothing at all is a failure.
    return 0 if report["rates"] or report["ops"] else 1


if __name__ == "__main__":
    sys.exit(main())
