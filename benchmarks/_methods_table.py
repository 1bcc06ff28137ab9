"""Methods side by side: PSNR of magnitudes for each case, and what one gains over the others."""

import time

import numpy as np

import dealias
from dealias.evaluation.metrics import psnr


def show_methods(methods, cases):
    """Print a row per case as soon as it is known, then gains and seconds.

    Arguments:
        methods: by name; the first is what others are compared with.
        cases: a name, a scan and its true magnitude (y, x) each.
    """
    print(f"| | {' | '.join(methods)} |")
    print("|---" * (len(methods) + 1) + "|")
    rows, seconds = [], []
    for name, scan, truth in cases:
        values, times = [], []
        for method in methods.values():
            start = time.process_time()
            values.append(psnr(dealias.reconstruct(method, scan).abs(), truth).item())
            times.append(time.process_time() - start)
        rows.append(values)
        seconds.append(times)
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in values)} |", flush=True)
    found, first = np.array(rows), next(iter(methods))
    gain = found - found[:, :1]
    _row(f"mean gain over {first}", gain.mean(0), "+.2f")
    _row(f"least gain over {first}", gain.min(0), "+.2f")
    if len(methods) > 1:
        best = np.stack([np.delete(found, column, 1).max(1) for column in range(len(methods))], 1)
        _row("least gain over the best of the others", (found - best).min(0), "+.2f")
    _row("CPU seconds, median", np.median(seconds, 0), ".1f")


def _row(title, values, form):
    print(f"| {title} | {' | '.join(format(value, form) for value in values)} |", flush=True)
