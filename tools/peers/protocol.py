"""What every Python peer does alike: options in, blocks of training timed, points and one JSON object out.

A peer is an object with `name`, `framework`, `device`, and
    prepare(block)   compiles what it can, and leaves no trace in the weights; its time is not training time
    train(steps)     runs `steps` iterations and returns when they are done; `steps` is always the `block` of prepare
    map()            the Euler map of the start points, float32 [M, 2]
"""
import argparse
import json
import math
import os
import pathlib
import platform
import statistics
import sys
import time


def cannot_run(reason):
    print(f"cannot run here: {reason}", file=sys.stderr)
    sys.exit(3)


def parse(description, add_own=lambda parser: None):
    """The options, with those that `add_own` adds."""
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--p0", required=True, help="float32 [N, 2], NPY")
    parser.add_argument("--p1", required=True, help="float32 [N, 2], NPY")
    parser.add_argument("--start", required=True, help="float32 [M, 2], NPY: the points to map")
    parser.add_argument("--iterations", type=int, default=65536)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=128, help="Euler steps of the map")
    parser.add_argument("--checkpoints", default="1024,4096,16384", help="iterations, those up to --iterations count")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    add_own(parser)
    options = parser.parse_args()
    try:
        checkpoints = {int(text) for text in options.checkpoints.split(",")}
    except ValueError:
        parser.error(f"--checkpoints takes integers parted by commas, not {options.checkpoints!r}")
    if min(checkpoints) < 1 or min(options.iterations, options.batch, options.steps, options.threads) < 1:
        parser.error("--checkpoints, --iterations, --batch, --steps and --threads are at least 1")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC"):
        os.environ[name] = str(options.threads)  # read when the framework is imported; NPROC is XLA's
    options.checkpoints = sorted(c for c in checkpoints if c <= options.iterations)
    return options


def block_length(options, longest=1024):
    """Steps a timed block: all blocks alike, none crosses a checkpoint, at least eight of them where that is possible."""
    common = math.gcd(options.iterations, *options.checkpoints)
    return max(b for b in range(1, min(longest, max(1, options.iterations // 8)) + 1) if common % b == 0)


def run(options, peer):
    """Trains to the end, maps at each checkpoint, prints the result."""
    import numpy as np  # here, so that a peer can say itself what is missing

    options.out.mkdir(parents=True, exist_ok=True)
    block = block_length(options)
    started = time.perf_counter()
    peer.prepare(block)
    compile_seconds = time.perf_counter() - started

    block_seconds, map_rates, checkpoints = [], [], []
    for iteration in range(block, options.iterations + 1, block):
        started = time.perf_counter()
        peer.train(block)
        block_seconds.append(time.perf_counter() - started)
        if iteration in options.checkpoints:
            started = time.perf_counter()
            points = peer.map()
            map_rates.append(len(points) * options.steps / (time.perf_counter() - started))
            file = f"points_{iteration}.npy"
            np.save(options.out / file, points)
            checkpoints.append({"iteration": iteration, "seconds": sum(block_seconds), "points": file})
            print(f"{peer.name}: {iteration} iterations, {sum(block_seconds):.2f} s", file=sys.stderr)

    print(json.dumps({
        "peer": peer.name,
        "framework": peer.framework,
        "device": peer.device,
        "threads": options.threads,
        "microseconds_per_step": 1e6 * statistics.median(block_seconds) / block,
        "fastest_microseconds_per_step": 1e6 * min(block_seconds) / block,
        "steps_per_block": block,
        "compile_seconds": compile_seconds,
        "map_point_steps_per_second": statistics.median(map_rates) if map_rates else None,
        "checkpoints": checkpoints,
    }))


def processor():
    """The CPU's name as the system gives it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
