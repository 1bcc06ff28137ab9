"""On which machine a figure was measured, and whether nothing else ran on it."""

import os
import platform
import shutil
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("dealias", "torch", "numpy", "sigpy")


def describe():
    """Return the processor, its cores, and the versions that matter, those of the peers among them."""
    import torch

    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "")
    special = [flag for flag in ("amx_bf16", "avx512_bf16", "avx512f", "avx2") if flag in flags][:2]
    processor = names[0] if names else platform.processor() or platform.machine()
    return (
        f"{processor} ({', '.join(special)}), {os.cpu_count()} cores, {torch.get_num_threads()} threads, "
        f"Python {platform.python_version()}, {', '.join(versions())}"
    )


def versions():
    """Return "name version" of what took part, as far as it is installed."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    if shutil.which("bart"):
        found.append("bart " + subprocess.run(["bart", "version"], capture_output=True, text=True).stdout.strip())
    return found


def busy_share(seconds=1.0):
    """Return the share of the machine that other processes use; zero where the system does not tell."""
    file = Path("/proc/stat")
    if not file.exists():
        return 0.0
    before = [int(value) for value in file.read_text().split("\n", 1)[0].split()[1:9]]
    time.sleep(seconds)
    after = [int(value) for value in file.read_text().split("\n", 1)[0].split()[1:9]]
    spent = [late - early for early, late in zip(before, after, strict=True)]
    return 1 - (spent[3] + spent[4]) / max(1, sum(spent))


def is_busy(share=0.1):
    """Whether other processes use more than this share of the machine: ratios would be luck."""
    return busy_share() > share


def refuse_if_busy(share=0.1):
    """Exit where the machine is busy; DEALIAS_BUSY=1 in the environment measures all the same."""
    if os.environ.get("DEALIAS_BUSY"):
        return
    busy = busy_share()
    if busy > share:
        raise SystemExit(f"this machine is busy ({busy:.0%}); stop what else runs and measure again")
