"""From readouts, each with its counters, to a Cartesian grid of k-space."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dealias.errors import UserError
from dealias.files.mrd.xml_header import Encoding
from dealias.files.size_limits import check_size

COUNTERS = ("slice", "contrast", "set", "repetition", "phase")
STEPS = ("kspace_encode_step_1", "kspace_encode_step_2")
REVERSE = 22
FIELDS = (
    "flags", "number_of_samples", "active_channels", "center_sample", "discard_pre", "discard_post",
    "encoding_space_ref", "sample_time_us", "position", "read_dir", "phase_dir", "slice_dir", "idx",
)  # fmt: skip


@dataclass(frozen=True)
class Readout:
    """What was measured along one line.

    Arguments:
        samples: (coil, sample), in the direction of all others, without what its header discards.
        before: how many of them lie before the centre of k-space.
    """

    samples: NDArray[np.complex64]
    before: int

    @property
    def count(self) -> int:
        """How many samples there are."""
        return self.samples.shape[1]

    @property
    def after(self) -> int:
        """How many of them lie at the centre and behind it."""
        return self.count - self.before


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


def flagged(heads: NDArray[Any], *flags: int) -> NDArray[np.bool_]:
    """Return which readouts have one of these flags, numbered as MRD does."""
    return np.asarray((heads["flags"] & np.uint64(sum(1 << (flag - 1) for flag in flags))) != 0)


def check_fields(heads: NDArray[Any]) -> None:
    """Raise where the headers of readouts lack something that MRD's have.

    Raises:
        UserError: which names it.
    """
    missing = sorted({*FIELDS} - {*(heads.dtype.names or ())})
    if not missing:
        missing = sorted({*COUNTERS, *STEPS, "user"} - {*(heads.dtype["idx"].names or ())})
    if missing:
        raise UserError(f"the headers of its readouts lack {', '.join(missing)}; convert the scan again")


def decoded(heads: NDArray[Any], readouts: NDArray[Any]) -> list[Readout]:
    """Return the samples of readouts; those that ran backwards are turned.

    Arguments:
        heads: MRD's header of each.
        readouts: its samples (coil, sample), real and imaginary parts in turn.

    Raises:
        UserError: where a readout does not hold what its header says.
    """
    turned = flagged(heads, REVERSE).tolist()
    return [_decoded(head, readout, turn) for head, readout, turn in zip(heads, readouts, turned, strict=True)]


def _decoded(head: Any, readout: NDArray[Any], turn: bool) -> Readout:
    names = ("active_channels", "number_of_samples", "center_sample", "discard_pre", "discard_post")
    coils, count, centre, first, last = (int(head[name]) for name in names)
    if readout.size != 2 * coils * count:
        raise UserError(f"a readout holds {readout.size} numbers, not 2 x {coils} coils x {count}; copy the file again")
    if first + last >= count:
        raise UserError(f"a readout discards {first} and {last} of {count} samples; convert the scan again")
    samples = np.ascontiguousarray(readout, np.float32).view(np.complex64).reshape(coils, count)
    centre = centre or count // 2  # zero where its writer left it out
    samples = samples[:, first : count - last]
    return Readout(samples[:, ::-1], count - 1 - centre - last) if turn else Readout(samples, centre - first)


def sorted_readouts(heads: NDArray[Any], readouts: list[Readout], scan: Encoding) -> Grid:
    """Return readouts where their headers say that they belong.

    Cardiac phases are time, or repetitions where there is one phase; contrasts, sets and repetitions of phases
    are batch axes, and vanish where there is one. A readout lies with its centre sample, a line with its
    counter, at the centre of k-space; what no readout covers is zero, and what a readout holds as zero was not
    measured.

    Arguments:
        heads: MRD's header of each.
        scan: with sizes and centres that hold them all.
    """
    counters = [np.unique(heads["idx"][name], return_inverse=True)[1] for name in COUNTERS]
    sizes = [int(counter.max()) + 1 for counter in counters]
    time = next((axis for axis in (4, 3) if sizes[axis] > 1), None)
    lead = [0, *(axis for axis in range(1, 5) if sizes[axis] > 1 and axis != time), *([time] if time else [])]
    names = ("slice", *("time" if axis == time else "batch" for axis in lead[1:]))
    shape = tuple(sizes[axis] for axis in lead)
    coils = len(readouts[0].samples)
    size = (8 * coils + 4) * math.prod((*shape, *scan.encoded))  # of k-space, and of how often each place was measured
    check_size(size, sum(line.samples.nbytes for line in readouts), "the k-space that its headers describe")
    kspace = np.zeros((*shape, coils, *scan.encoded), np.complex64)
    count = np.zeros((*shape, *scan.encoded), np.int32)
    places = zip(*(counters[axis] for axis in lead), strict=True)
    lines = zip(*(_line(heads, scan, axis) for axis in (1, 2)), strict=True)
    for place, line, readout in zip(places, lines, readouts, strict=True):
        start = scan.encoded[0] // 2 - readout.before
        inside = slice(start, start + readout.count)
        kspace[(*place, slice(None), inside, *line)] += readout.samples
        count[(*place, inside, *line)] += (readout.samples != 0).any(0)
    kspace /= np.maximum(count, 1)[..., None, :, :, :].astype(np.float32)
    return Grid(kspace, count, names)


def _line(heads: NDArray[Any], scan: Encoding, axis: int) -> NDArray[np.int64]:
    """Return where in the grid the readouts lie along y (1) or z (2)."""
    size, centre = scan.encoded[axis], scan.centres[axis - 1]
    if size == 1:
        return np.zeros(len(heads), np.int64)
    steps = heads["idx"][STEPS[axis - 1]].astype(np.int64)
    return np.asarray(steps + (0 if centre is None else size // 2 - centre))
