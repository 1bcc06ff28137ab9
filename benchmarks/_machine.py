"""On which machine a figure was measured, and whether nothing else ran on it."""

import os
import platform
import time
from pathlib import Path

import torch


def describe():
    """Return the processor, its cores, and the versions that matter."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "")
    special = [flag for flag in ("amx_bf16", "avx512_bf16", "avx512f", "avx2") if flag in flags][:2]
    processor = names[0] if names else platform.processor() or platform.machine()
    return (
        f"{processor} ({', '.join(special)}), {os.cpu_count()} cores, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}, Python {platform.python_version()}"
    )


def refuse_if_busy(seconds=1.0, share=0.1):
    """Exit where other processes use more than this share of the machine: ratios would be luck.

    DEALIAS_BUSY=1 in the environment measures all the same.
    """
    file = Path("/proc/stat")
    if not file.exists() or os.environ.get("DEALIAS_BUSY"):
        return
    before = [int(value) for value in file.read_text().split("\n", 1)[0].split()[1:9]]
    time.sleep(seconds)
    after = [int(value) for value in file.read_text().split("\n", 1)[0].split()[1:9]]
    spent = [late - early for early, late in zip(before, after, strict=True)]
    busy = 1 - (spent[3] + spent[4]) / max(1, sum(spent))
    if busy > share:
        raise SystemExit(f"this machine is busy ({busy:.0%}); stop what else runs and measure again")
