"""One line of the benchmark table, and what every benchmark does with its lines.

A benchmark is a file `benchmarks/[a-z]*.py` with a function `rows` that yields a `Row` for each thing measured; the
function's keyword arguments are the script's options, their defaults what `make bench` measures. It ends with

    if __name__ == "__main__":
        show(rows)

and needs no list: `python benchmarks` runs every such file in a process of its own.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

from jsonargparse import ArgumentParser

from _machine import describe, refuse_if_busy


@dataclass(frozen=True)
class Row:
    """One thing measured, by us, by a peer on the same input, and the least that it can take, all in one run.

    Arguments:
        what: the thing and its size, such as "wavelet CS, 256 x 256, 40 iterations, 1 thread".
        unit: of the three numbers: "s", "ms", "dB" (more is better), ...
        ours: measured here.
        peer: None where there is none, or where it is not installed.
        peer_name: whom we are compared with, such as "bart pics without start-up".
        floor: the part of the work that nobody can do without, timed alone; None where there is none.
        floor_name: what that is, such as "its FFTs alone".
        note: what else one must know, such as the error, or why the peer is missing.
    """

    what: str
    unit: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    floor: float | None = None
    floor_name: str = ""
    note: str = ""

    @property
    def against_peer(self) -> str:
        """How we compare with the peer, in words; "" where there is none."""
        if self.peer is None:
            return ""
        if self.unit == "dB":
            return f"{self.ours - self.peer:+.2f} dB"
        return f"{self.peer / self.ours:.2f} times as fast"

    @property
    def above_floor(self) -> str:
        """How far we are above the floor, in words; "" where there is none."""
        return "" if self.floor is None else f"{self.ours / self.floor:.2f} times the floor"

    def __str__(self) -> str:
        parts = [f"{self.what}: {self.ours:.4g} {self.unit}"]
        if self.peer is not None:
            parts.append(f"{self.peer_name} {self.peer:.4g} {self.unit} ({self.against_peer})")
        if self.floor is not None:
            parts.append(f"{self.floor_name} {self.floor:.4g} {self.unit} ({self.above_floor})")
        return "; ".join([*parts, *([self.note] if self.note else [])])


def medians(functions: Mapping[str, Callable[[], object]], repetitions: int = 7) -> dict[str, float]:
    """Return the median seconds of each function, run in turns so that all see the same machine; the first warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repetitions + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values[1:]) for name, values in seconds.items()}


def rows_of(name: str) -> list[Row]:
    """Return all rows of the benchmark of this file name."""
    return list(import_module(name).rows())


def show(rows: Callable[..., Iterator[Row]]) -> None:
    """Print each row as it comes; the arguments of `rows` are the options. Refuses on a busy machine."""
    parser = ArgumentParser(description=rows.__doc__, default_env=False)
    parser.add_function_arguments(rows, as_positional=False)
    options = parser.parse_args().as_dict()
    refuse_if_busy()
    for row in rows(**options):
        print(row, flush=True)
    print(describe())
