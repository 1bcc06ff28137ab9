"""NIfTI: magnitude images out, where they lie in the patient; images in.

Axes are (x, y, slice, time). An image's origin, pixel (rows // 2, columns // 2), lies at the header's position;
NIfTI counts millimetres to the right, the front and the head where our header counts to the left and the back.
| https://nifti.nimh.nih.gov/nifti-1
"""

import gzip
import math
import warnings
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dealias.errors import Note, UserError
from dealias.files.notes import comment, commented
from dealias.files.size_limits import check_size
from dealias.header import Header

title = "NIfTI"
extensions = (".nii.gz", ".nii")
magnitude_only = True

SCANNER, UNKNOWN = 1, 0
COMMENT = 6


def knows(start: bytes, path: Path) -> bool:
    """Whether a file begins as NIfTI 1 or 2 in one file does, compressed or not."""
    if start.startswith(b"\x1f\x8b"):
        try:
            start = zlib.decompressobj(wbits=31).decompress(start, 512)
        except zlib.error:
            return False
    return start[344:348] == b"n+1\0" or start[4:8] == b"n+2\0"


def images(path: Path) -> Tensor:
    """Return the images ([slice, ..., time,] y, x) in complex numbers.

    Pixels that are NaN, as some programs mark what is no body, are zero; a Note counts them.

    Raises:
        UserError: where the file is damaged, or nibabel is missing.
    """
    nibabel = _nibabel()
    try:
        content = _content(path)
        kind = nibabel.Nifti2Image if _version_2(content) else nibabel.Nifti1Image
        with nibabel.imageglobals.LoggingOutputSuppressor():
            array = np.asanyarray(kind.from_bytes(content).dataobj)
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:  # nibabel's reader follows what a damaged file says wherever it leads
        raise UserError(f"is a damaged NIfTI ({type(error).__name__}); copy it again") from error
    if array.dtype.kind not in "cfiub" or array.ndim < 2 or 0 in array.shape:
        raise UserError(f"holds {array.dtype} of shape {array.shape}, not images; give (x, y, slice)")
    nothing = np.isnan(array) if array.dtype.kind in "cf" else np.zeros(1, bool)
    if nothing.any() and not nothing.all():
        warnings.warn(Note(f"{nothing.sum()} of {array.size} pixels are NaN; they count as zero"), stacklevel=3)
        array = np.where(nothing, 0, array)
    stack = array.T if array.ndim < 4 else np.moveaxis(array.T, -3, 0)  # the reverse of what `write` does
    return torch.from_numpy(np.ascontiguousarray(stack).astype(np.complex64))


def notes(path: Path) -> dict[str, str]:
    """Return what the comments of a file say of how it was made."""
    comments = _nibabel().load(path).header.extensions
    text = "\n".join(bytes(note.get_content()).decode() for note in comments if note.get_code() == COMMENT)
    return commented(text.rstrip("\0"))


def write(path: Path, value: Tensor, header: Header, attributes: dict[str, Any]) -> None:
    """Write the magnitude of complex images (slice, [time,] y, x), or real ones as they are, in single precision."""
    nibabel = _nibabel()
    real = value.abs() if value.is_complex() else value
    array = real.reshape((1,) * (3 - real.ndim) + tuple(real.shape)).float().numpy(force=True)
    volume = np.moveaxis(array, 0, -3).T  # (x, y, slice, time, batch)
    where = affine(header, (array.shape[-2], array.shape[-1]))
    image = nibabel.Nifti1Image(volume, where)
    image.header.set_xyzt_units("mm")
    if where is None and header.voxel_size is not None:
        image.header["pixdim"][1:4] = header.voxel_size[::-1]
    image.set_sform(where, SCANNER if where is not None else UNKNOWN)
    image.set_qform(where, SCANNER if where is not None else UNKNOWN)
    image.header["descrip"] = " ".join(str(attributes[n]) for n in ("method", "version") if n in attributes)[:79]
    if attributes:
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", comment(attributes).encode()))
    content = image.to_bytes()
    compress = path.name.lower().endswith(".gz")  # level 1 as nibabel: noise shrinks little
    path.write_bytes(gzip.compress(content, 1, mtime=0) if compress else content)


def affine(header: Header, shape: tuple[int, int]) -> NDArray[np.float64] | None:
    """Return the map from (x, y, slice) to NIfTI's millimetres for images of so many rows and columns.

    None where the header does not know.
    """
    if header.voxel_size is None or header.directions is None or header.position is None:
        return None
    rows, columns = shape
    steps = np.asarray(header.directions)[::-1].T * np.asarray(header.voxel_size)[::-1]
    patient = np.eye(4)
    patient[:3, :3] = steps
    patient[:3, 3] = np.asarray(header.position) - steps @ (columns // 2, rows // 2, 0)
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ patient


def _content(path: Path) -> bytes:
    """Return the bytes of a file, compressed or not by its content; nibabel looks at the name alone.

    Raises:
        UserError: where its header says that they are too many, or more than there are.
    """
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        with gzip.open(file) if compressed else file as source:
            try:
                start = source.read(544)
                size = _size(start)
                check_size(size, path.stat().st_size)
                content = start + source.read(max(0, size - len(start)))
            except (zlib.error, EOFError, gzip.BadGzipFile) as error:
                raise UserError("is a damaged NIfTI; copy it again") from error
    if len(content) < size:
        raise UserError(f"is a damaged NIfTI of {len(content)} bytes, whose header says {size}; copy it again")
    return content


def _size(start: bytes) -> int:
    """Return how many bytes a NIfTI has that begins so."""
    from nibabel.nifti1 import Nifti1Header
    from nibabel.nifti2 import Nifti2Header

    kind: Any = Nifti2Header
    length = 540
    if not _version_2(start):
        kind, length = Nifti1Header, 348
    header = kind(start[:length], check=False)
    shape = [max(0, int(n)) for n in header.get_data_shape()]
    return int(max(0, header.get_data_offset())) + math.prod(shape) * header.get_data_dtype().itemsize


def _version_2(start: bytes) -> bool:
    return start[4:8] == b"n+2\0"


def _nibabel() -> ModuleType:
    try:
        import nibabel
    except ImportError:
        raise UserError("NIfTI needs nibabel; pip install -e '.[files]' in the clone") from None
    return nibabel
