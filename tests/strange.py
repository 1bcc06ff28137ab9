"""Files that are sound but hold what nobody expects: text for masks, sizes below zero, headers without end."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from files.raw import lines, save
from files.scans import header, image, kspace

DATA = kspace(2, 3, 16, 18)
XML = header(8, 18, 12)
VALUES: list[Callable[[], Any]] = [
    lambda: "text", lambda: b"\xff\xfe", lambda: np.array([b"a", b"b"]), lambda: -1, lambda: 0, lambda: 2**62,
    lambda: np.nan, lambda: np.inf, lambda: -1e300, lambda: 1e-300, lambda: True, lambda: 1j, lambda: np.zeros(0),
    lambda: np.zeros((3, 0)), lambda: np.ones(18), lambda: np.ones((16, 18)), lambda: np.full(18, 2**63, np.uint64),
    lambda: np.ones((16, 18), np.uint16), lambda: np.ones((2, 3, 16, 18), np.uint64), lambda: np.ones((1,) * 8),
    lambda: np.ones((2, 3, 16, 18), np.float16), lambda: DATA.astype(np.complex128) * 1e200, lambda: DATA * 1e-40,
    lambda: np.ones((3, 3)), lambda: np.zeros((3, 3)), lambda: np.ones(3), lambda: -np.ones(3), lambda: np.zeros(3),
    lambda: np.array([4, -12]), lambda: np.array([0, 0]), lambda: np.array([2**40, 2**40]), lambda: np.eye(3),
    lambda: DATA, lambda: DATA[0], lambda: DATA * 1e25, lambda: DATA * 0, lambda: image(3, 16, 18),
    lambda: DATA[..., 0],
    lambda: image(3, 16, 18) * 1e20, lambda: image(3, 16, 18) * 1e-23,
    lambda: np.zeros((2, 2), [("r", "f4"), ("i", "S3")]),
    lambda: np.zeros((16, 18), [("real", "f4"), ("imag", "f8")]), lambda: "slice y x", lambda: "time coil y x",
]  # fmt: skip
ARRAYS = ("kspace", "mask", "maps", "noise_std", "image", "reconstruction", "traj", "other")
NOTES = ("axes", "noise_std", "voxel_size", "matrix", "directions", "position", "acquisition")
FIELDS = ("idx.slice", "idx.kspace_encode_step_1", "idx.repetition", "center_sample", "discard_pre", "discard_post",
          "flags", "encoding_space_ref")  # fmt: skip
SIZES = ("0", "-1", "1", "1e18", "999999999999999999", "nan", "inf", "", "a", "16.5", "18", "17", "32", "100000")


def odd_xml(draw: random.Random) -> str:
    """Return a header of raw data with something wrong in it."""
    text = XML
    for _ in range(draw.choice((1, 1, 2, 4))):
        kind = draw.randrange(5)
        if kind < 3:
            parts = text.split(">")
            numbers = [place for place, part in enumerate(parts) if part[:1].isdigit() and "<" in part]
            if numbers:
                place = draw.choice(numbers)
                parts[place] = draw.choice(SIZES) + parts[place][parts[place].index("<") :]
                text = ">".join(parts)
        elif kind == 3:
            start = draw.randrange(len(text))
            text = text[:start] + text[start + draw.choice((1, 30, 2000)) :]
        else:
            text = draw.choice(("", "<a/>", text.replace("encodedSpace", "b"), text * 2, "<a>" * 5000, text[::-1]))
        text = text or " "
    return text


def strange(path: Path, draw: random.Random) -> None:
    """Write a file of the kind that its name says."""
    names = {name: draw.choice(VALUES)() for name in draw.sample(ARRAYS, draw.choice((1, 1, 2)))}
    arrays = {"kspace": DATA, **names}
    if path.suffix == ".npz":
        np.savez(path, **{name: np.asarray(value) for name, value in arrays.items()})
    elif path.suffix == ".mat":
        from scipy.io import savemat

        savemat(path, arrays | {draw.choice(NOTES): draw.choice(VALUES)(), "scan": {"a": draw.choice(VALUES)()}})
    elif path.suffix == ".npy":
        np.save(path, np.asarray(draw.choice(VALUES)()))
    elif draw.random() < 0.5:
        readouts = lines(DATA[0])
        for readout in readouts if draw.random() < 0.5 else draw.sample(readouts, 2):
            name = draw.choice(FIELDS)
            holder = readout.idx if name.startswith("idx.") else readout
            try:
                setattr(holder, name.removeprefix("idx."), draw.choice((0, 1, 7, 255, 65535)))
            except AttributeError:
                readout.position[:] = draw.choice((0, float("nan"), 1e30))
        save(path, odd_xml(draw), readouts[: draw.choice((1, 3, 18, 18, 18))])
    else:
        with h5py.File(path, "w") as file:
            for name, value in arrays.items():
                file[name] = value
            for name in draw.sample(NOTES, 2):
                file.attrs[name] = draw.choice(VALUES)()
            if draw.random() < 0.3:
                file["ismrmrd_header"] = odd_xml(draw)
