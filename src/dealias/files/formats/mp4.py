"""MP4: a film of the magnitude that every player shows, its slices in rows; lossy, H.264 with 8 bits.

Players want halved colours (yuv420p), and these even sizes: a black row or column is added where one is odd.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from io import FileIO
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor
from torch.nn.functional import pad

from dealias.errors import UserError
from dealias.files.formats.gif import MILLISECONDS
from dealias.files.greyscale import check_film, grey_film, scale
from dealias.files.notes import comment, commented
from dealias.header import Header

title = "an MP4 film"
extensions = (".mp4",)
magnitude_only = True
# a constant rate factor that is hardly visible; and no look ahead, whose fast code reads beyond the edge of pictures
# that are no multiple of 16 and so makes another file now and then
OPTIONS = {"crf": "17", "tune": "zerolatency"}


def knows(start: bytes, path: Path) -> bool:
    """Whether a file begins as MP4 and its relatives do."""
    return start[4:8] == b"ftyp"


def check(shape: Sequence[int]) -> None:
    """Raise where images of this shape are no film, or PyAV is missing."""
    check_film(shape, "an MP4")
    pyav()


def notes(path: Path) -> dict[str, str]:
    """Return what the comment of a film says of how it was made."""
    with pyav().open(str(path)) as container:
        return commented(container.metadata.get("comment", ""))


def write(path: Path, value: Tensor, header: Header, attributes: dict[str, Any]) -> None:
    """Write the magnitude of films (..., time, y, x), or real ones of both signs, with one window for all frames.

    The attributes become its comment, and which values are `black` and `white`.
    """
    save(path, grey_film(value), attributes | scale(value))


def save(path: Path, frames: Tensor, attributes: dict[str, Any], milliseconds: int = MILLISECONDS) -> None:
    """Write 8-bit frames (time, y, x), at even sizes.

    Raises:
        UserError: where PyAV is missing.
    """
    av = pyav()
    even = pad(frames, (0, frames.shape[-1] % 2, 0, frames.shape[-2] % 2)).numpy(force=True)
    with _patient(path) as file, av.open(file, "w", format="mp4", options={"movflags": "faststart"}) as container:
        container.metadata["comment"] = comment(attributes)
        stream = container.add_stream("h264", Fraction(1000, milliseconds), options=OPTIONS)
        stream.height, stream.width = even.shape[-2:]
        stream.pix_fmt = "yuv420p"
        for frame in even:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="gray")))
        container.mux(stream.encode())


class _PatientFile:
    """A file that says only at its end why the disk refused: PyAV shows a traceback of its own where it is told."""

    def __init__(self, file: FileIO) -> None:
        self.name, self.seek, self.tell, self.read = file.name, file.seek, file.tell, file.read
        self.file = file
        self.refusal: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write all, or remember why not."""
        rest = memoryview(data)
        try:
            while len(rest):
                rest = rest[self.file.write(rest) :]
        except OSError as error:
            self.refusal = self.refusal or error
        return len(data)


@contextmanager
def _patient(path: Path) -> Iterator[_PatientFile]:
    with path.open("w+b", buffering=0) as raw:
        file = _PatientFile(raw)
        try:
            yield file
        finally:
            if file.refusal is not None:
                raise file.refusal


def pyav() -> ModuleType:
    """Return PyAV's module.

    Raises:
        UserError: where it is missing.
    """
    try:
        import av
    except ImportError:
        raise UserError("an MP4 needs PyAV; pip install -e '.[video]' in the clone, or write .gif") from None
    return av
