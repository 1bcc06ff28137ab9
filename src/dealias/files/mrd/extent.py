"""How large k-space is and where its centre lies, as the readouts say; the header where they leave it open."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.errors import Note, UserError
from dealias.files.mrd.grid import STEPS, Readout
from dealias.files.mrd.xml_header import Encoding

USER = (5, 6)  # counters in which Siemens' converter keeps the central line and partition
FAINT, AROUND = 0.1, 2  # share of the largest energy; lines to both sides over which it is averaged
SHIFT = 2  # lines by which a counter may begin elsewhere
LARGEST = 4  # times the matrix of the header


def extent(scan: Encoding, heads: NDArray[Any], readouts: list[Readout]) -> tuple[Encoding, list[Readout]]:
    """Return the encoding with the sizes and centres that the readouts have, and these; a Note says what differs.

    Raises:
        UserError: where lines lie far beyond the matrix.
    """
    found, readouts, said = _samples(scan, readouts)
    energy = np.array([float(np.vdot(line.samples, line.samples).real) for line in readouts])
    for axis in (1, 2):
        found, more = _lines(found, heads["idx"], energy, axis)
        said += more
    if said:
        warnings.warn(Note(f"the readouts differ from the header, and are believed: {', '.join(said)}"), stacklevel=3)
    return found, readouts


def _samples(scan: Encoding, readouts: list[Readout]) -> tuple[Encoding, list[Readout], list[str]]:
    """Return the encoding with as many samples in x as the readouts need around their centre, and the readouts."""
    longest, said = max(line.count for line in readouts), []
    size = scan.encoded[0] or longest
    if longest > size:  # sampled more densely than the header knows, not farther out
        said.append(f"readouts of {longest} samples, not {size}")
        scan, size = _with_view(scan, 0, longest / size), longest
    needed = _needed(max(line.before for line in readouts), max(line.after for line in readouts))
    if needed > size:
        readouts, moved = _around_their_peak(readouts)
        needed = _needed(max(line.before for line in readouts), max(line.after for line in readouts))
        said += moved
    if needed > size:
        said.append(f"readouts that reach over {needed} samples, not {size}")
        size = needed
    return _sized(scan, 0, _as_shown(scan, 0, size, needed)), readouts, said


def _around_their_peak(readouts: list[Readout]) -> tuple[list[Readout], list[str]]:
    """Return readouts of one length around their middle or peak, where no energy lies at the centre of their header."""
    count, before = readouts[0].count, readouts[0].before
    if any((line.count, line.before) != (count, before) for line in readouts):
        return readouts, []
    energy = sum(np.square(np.abs(line.samples)).sum(0) for line in readouts)
    around = np.convolve(energy, np.ones(2 * AROUND + 1), "same")
    if 0 <= before < count and around[before] >= FAINT * around.max():
        return readouts, []
    centre = count // 2 if around[count // 2] >= FAINT * around.max() else int(around.argmax())
    return [replace(line, before=centre) for line in readouts], [f"their centre at sample {centre}, not {before}"]


def _lines(
    scan: Encoding, counters: NDArray[Any], energy: NDArray[np.float64], axis: int
) -> tuple[Encoding, list[str]]:
    """Return the encoding with as many lines in y (1) or z (2) as there are, and their centre."""
    lines = counters[STEPS[axis - 1]].astype(np.int64)
    first, last = int(lines.min()), int(lines.max())
    size, stated, letter = scan.encoded[axis], scan.centres[axis - 1], "xyz"[axis]
    if axis == 2 and first == last:
        if scan.view is not None and scan.encoded_view is not None:
            scan = _with_view(scan, axis, min(1, scan.view[2] / scan.encoded_view[2]))
        return _sized(scan, axis, 1, 0), [f"one partition, not {size}"] if size > 1 else []
    if axis == 2 and size == 1:  # slices, unless the readouts count partitions
        size = 0
    centre = _centre(lines, energy, [*_told(counters, axis), stated if stated is not None else size // 2], bool(size))
    said = [f"centre at line {centre} in {letter}, not {stated}"] if stated is not None and centre != stated else []
    needed = _needed(centre - first, last + 1 - centre)
    if size and needed > size >= last + 1 - first:
        shift = max(last + 1 - centre - (size - size // 2), 0) or first - centre + size // 2
        if abs(shift) <= SHIFT:
            return _sized(scan, axis, size, centre + shift), said
    if needed > LARGEST * max(size, len(np.unique(lines))):
        raise UserError(f"a readout lies at line {last} of {size} in {letter}; convert the scan again")
    if needed > size:
        said += [f"{needed} lines in {letter}, not {size}"] if size else []
        size = needed
    return _sized(scan, axis, _as_shown(scan, axis, size, needed), centre), said


def _told(counters: NDArray[Any], axis: int) -> list[int]:
    """Return the central line that every readout names in a user counter, if any does."""
    told = np.unique(counters["user"][:, USER[axis - 1]])
    return [int(told[0])] if len(told) == 1 and told[0] else []


def _centre(lines: NDArray[np.int64], energy: NDArray[np.float64], candidates: list[int], sure: bool) -> int:
    """Return the candidate around which the lines have most energy, or else the line where they have it.

    Arguments:
        candidates: central lines that somebody named, the last by the header.
        sure: whether there is a header that names one.
    """
    length = max(int(lines.max()), 2 * AROUND) + 1
    count = np.bincount(lines, minlength=length)
    mean = np.bincount(lines, energy, length) / np.maximum(count, 1)
    window = np.ones(2 * AROUND + 1)
    around = np.convolve(mean, window, "same") / np.maximum(np.convolve(count > 0, window, "same"), 1)

    def at(line: int) -> float:
        return float(around[line]) if 0 <= line < len(around) else 0.0

    stated = candidates[-1]
    other = max(candidates, key=at)
    best = other if at(other) > 2 * at(stated) else stated
    if sure and at(best) >= FAINT * around.max():
        return best
    return int(around.argmax()) if around.max() > 0 else stated


def _needed(before: int, after: int) -> int:
    """Return the smallest size whose centre n // 2 has so many samples before it, and so many from it on."""
    return 2 * after - 1 if after > before else 2 * before


def _as_shown(scan: Encoding, axis: int, size: int, needed: int) -> int:
    """Return the size of the image where the header encodes more of the same view than was measured."""
    shown = scan.matrix[axis]
    alike = scan.view is None or scan.encoded_view is None or scan.view[axis] == scan.encoded_view[axis]
    return shown if alike and needed <= shown < size else size


def _with_view(scan: Encoding, axis: int, factor: float) -> Encoding:
    if scan.encoded_view is None:
        return scan
    lengths = [length * (factor if i == axis else 1) for i, length in enumerate(scan.encoded_view)]
    return replace(scan, encoded_view=(lengths[0], lengths[1], lengths[2]))


def _sized(scan: Encoding, axis: int, size: int, centre: int | None = None) -> Encoding:
    """Return the encoding with another size, and of lines another centre."""
    sizes, centres = list(scan.encoded), list(scan.centres)
    sizes[axis] = size
    if centre is not None:
        centres[axis - 1] = centre
    return replace(scan, encoded=(sizes[0], sizes[1], sizes[2]), centres=(centres[0], centres[1]))
