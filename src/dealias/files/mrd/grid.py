"""From readouts, each with its counters, to a Cartesian grid of k-space."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.errors import UserError
from dealias.files.mrd.xml_header import Encoding

COUNTERS = ("slice", "contrast", "set", "repetition", "phase")
STEPS = ("kspace_encode_step_1", "kspace_encode_step_2")


@dataclass(frozen=True)
class Grid:
    """Centred k-space of all that was measured, averaged where it was so repeatedly.

    Arguments:
        kspace: (slice, [batch, ...] [time,] coil, x, y, z).
        count: how often each sample was measured, likewise without coils.
        names: of the axes before the coils.
    """

    kspace: NDArray[np.complex64]
    count: NDArray[np.int32]
    names: tuple[str, ...]

    @property
    def averages(self) -> int:
        """How often every sample was measured at least, of those that were."""
        return int(self.count[self.count > 0].min())


def sorted_readouts(heads: NDArray[Any], readouts: NDArray[Any], scan: Encoding) -> Grid:
    """Return readouts where their headers say that they belong.

    Cardiac phases are time, or repetitions where there is one phase; contrasts, sets and repetitions of phases
    are batch axes, and vanish where there is one. A readout lies with its centre sample, a line with its
    counter, at the centre of k-space; what is discarded of a readout and what no readout covers is zero.

    Arguments:
        heads: MRD's header of each.
        readouts: its samples (coil, sample), real and imaginary parts in turn.

    Raises:
        UserError: where a readout does not fit the grid or the others.
    """
    counters = [np.unique(heads["idx"][name], return_inverse=True)[1] for name in COUNTERS]
    sizes = [int(counter.max()) + 1 for counter in counters]
    time = next((axis for axis in (4, 3) if sizes[axis] > 1), None)
    lead = [0, *(axis for axis in range(1, 5) if sizes[axis] > 1 and axis != time), *([time] if time else [])]
    names = ("slice", *("time" if axis == time else "batch" for axis in lead[1:]))
    shape = tuple(sizes[axis] for axis in lead)
    coils = int(heads["active_channels"][0])
    kspace = np.zeros((*shape, coils, *scan.encoded), np.complex64)
    count = np.zeros((*shape, *scan.encoded), np.int32)
    places = zip(*(counters[axis] for axis in lead), strict=True)
    lines = zip(*(_line(heads, scan, axis) for axis in (1, 2)), strict=True)
    for place, line, head, readout in zip(places, lines, heads, readouts, strict=True):
        inside, samples = _samples(head, readout, coils, scan.encoded[0])
        kspace[(*place, slice(None), inside, *line)] += samples
        count[(*place, inside, *line)] += 1
    kspace /= np.maximum(count, 1)[..., None, :, :, :].astype(np.float32)
    return Grid(kspace, count, names)


def _line(heads: NDArray[Any], scan: Encoding, axis: int) -> NDArray[np.int64]:
    """Return where in the grid the readouts lie along y (1) or z (2)."""
    size, centre = scan.encoded[axis], scan.centres[axis - 1]
    if size == 1:
        return np.zeros(len(heads), np.int64)
    line = heads["idx"][STEPS[axis - 1]].astype(np.int64) + (0 if centre is None else size // 2 - centre)
    if line.min() < 0 or line.max() >= size:
        wrong = int(line.max() if line.max() >= size else line.min())
        raise UserError(f"a readout lies at line {wrong} of {size} in {'xyz'[axis]}; convert the scan again")
    return line


def _samples(head: Any, readout: NDArray[Any], coils: int, size: int) -> tuple[slice, NDArray[np.complex64]]:
    """Return where along x a readout lies, and its samples (coil, sample)."""
    count, first, last = (int(head[name]) for name in ("number_of_samples", "discard_pre", "discard_post"))
    if head["active_channels"] != coils or readout.size != 2 * coils * count:
        raise UserError(f"a readout holds {readout.size} numbers, not 2 x {coils} coils x {count}; copy the file again")
    centre = int(head["center_sample"]) or count // 2  # zero where its writer left it out
    start = size // 2 - centre
    inside = slice(start + first, start + count - last)
    if not 0 <= inside.start < inside.stop <= size:
        raise UserError(
            f"readouts of {count} samples around sample {centre} do not fit {size} in x; convert the scan again"
        )
    samples = np.ascontiguousarray(readout, np.float32).view(np.complex64).reshape(coils, count)
    return inside, samples[:, first : count - last]
