"""What fastMRI's `ismrmrd_header` says of a scan, read from its XML; ISMRMRD's x is the readout, our rows."""

import warnings
from dataclasses import dataclass
from xml.etree import ElementTree

from dealias.errors import Note


@dataclass(frozen=True)
class Geometry:
    """Grid of the measurement and of the image that the scanner would show.

    Arguments:
        encoded: rows and columns of k-space.
        matrix: rows and columns of the image.
        voxel_size: millimetres along (slice, y, x).
    """

    encoded: tuple[int, int]
    matrix: tuple[int, int]
    voxel_size: tuple[float, float, float]

    @property
    def oversampled(self) -> bool:
        """Whether the readout was sampled twice as densely as the image needs."""
        return self.encoded[0] == 2 * self.matrix[0]


def geometry(xml: str) -> Geometry | None:
    """Return the geometry of the first encoding; None, with a note, where the header cannot be read."""
    try:
        if "<!" in xml.replace("<!--", ""):
            raise ValueError("declarations, which could grow without end")
        encoding = ElementTree.fromstring(xml.encode()).find("{*}encoding")
        if encoding is None:
            raise ValueError("no encoding")
        encoded = _triple(encoding, "encodedSpace/matrixSize")
        matrix = _triple(encoding, "reconSpace/matrixSize")
        field_of_view = _triple(encoding, "reconSpace/fieldOfView_mm")
        if min(*encoded, *matrix) < 1 or not 0 < min(field_of_view) <= max(field_of_view) < float("inf"):
            raise ValueError("sizes that are not positive")
        voxel = [length / count for length, count in zip(field_of_view, matrix, strict=True)]
        rows_columns = (int(encoded[0]), int(encoded[1])), (int(matrix[0]), int(matrix[1]))
        return Geometry(*rows_columns, (voxel[2], voxel[0], voxel[1]))
    except (ValueError, ElementTree.ParseError) as error:
        warnings.warn(Note(f"ismrmrd_header is not understood ({error}); images are not cropped"), stacklevel=2)
        return None


def _triple(encoding: ElementTree.Element, place: str) -> tuple[float, float, float]:
    place = "/".join(f"{{*}}{tag}" for tag in place.split("/"))
    values = [encoding.findtext(f"{place}/{{*}}{axis}") for axis in "xyz"]
    if None in values:
        raise ValueError("sizes are missing")
    x, y, z = (float(value or "nan") for value in values)
    return x, y, z
