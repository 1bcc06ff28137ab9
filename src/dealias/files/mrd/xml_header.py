"""What the XML header of ISMRMRD says of a scan, alone or as fastMRI's `ismrmrd_header`.

Its x is the readout, our rows; its y and z are the phase encodings.
"""

import warnings
from dataclasses import dataclass
from xml.etree import ElementTree

from dealias.errors import Note

XML = "ismrmrd_header"
SYSTEM = "acquisitionSystemInformation"
HERTZ_PER_TESLA = 42.577e6  # of protons
SPACES = ("encodedSpace", "reconSpace")

Sizes = tuple[int, int, int]
Lengths = tuple[float, float, float]


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


@dataclass(frozen=True)
class Encoding:
    """The first encoding of a scan, along (x, y, z), and what the header says of the scanner.

    Arguments:
        encoded: samples of k-space; zero where the header does not say.
        encoded_view: millimetres that those samples encode; None where the header does not say.
        matrix: pixels of the image; zero where the header does not say.
        view: millimetres that the scanner would show; None where the header does not say.
        trajectory: such as "cartesian".
        centres: which of the lines in y and in z is the centre of k-space; None where the header does not say.
        calibration: how parallel imaging was calibrated, such as "embedded"; "" where the header does not say.
        noise_bandwidth: share of its nominal bandwidth that the receiver lets pass of noise.
        coils: how many channels the image has; None where the header does not say.
        vendor: of the scanner.
        echo_times: seconds; none where the header does not say.
        field_strength: tesla; None where the header does not say.
    """

    encoded: Sizes
    encoded_view: Lengths | None
    matrix: Sizes
    view: Lengths | None
    trajectory: str
    centres: tuple[int | None, int | None]
    calibration: str
    noise_bandwidth: float
    coils: int | None
    vendor: str
    echo_times: tuple[float, ...] = ()
    field_strength: float | None = None

    @property
    def spacing(self) -> Lengths | None:
        """Millimetres from pixel to pixel in an image of as many pixels as samples."""
        if self.encoded_view is None:
            return None
        x, y, z = (length / count for length, count in zip(self.encoded_view, self.encoded, strict=True))
        return x, y, z

    @property
    def shown(self) -> Sizes:
        """Which number of those pixels the scanner would show: without oversampling, before any interpolation."""
        if self.view is None or self.encoded_view is None:
            x, y, z = (min(count, size or count) for count, size in zip(self.encoded, self.matrix, strict=True))
            return x, y, z
        x, y, z = (
            min(count, max(1, round(count * view / length)))
            for count, view, length in zip(self.encoded, self.view, self.encoded_view, strict=True)
        )
        return x, y, z


def geometry(xml: str) -> Geometry | None:
    """Return the geometry of the first encoding; None, with a note, where the header cannot be read."""
    try:
        found = encoding(xml)
        if found.view is None or not all((*found.encoded, *found.matrix)):
            raise ValueError("sizes are missing")
    except ValueError as error:
        warnings.warn(Note(f"ismrmrd_header is not understood ({error}); images are not cropped"), stacklevel=2)
        return None
    x, y, z = (length / count for length, count in zip(found.view, found.matrix, strict=True))
    return Geometry(found.encoded[:2], found.matrix[:2], (z, x, y))


def encoding(xml: str) -> Encoding:
    """Return the first encoding of a header.

    Raises:
        ValueError: where it cannot be read.
    """
    if "<!" in xml.replace("<!--", ""):
        raise ValueError("declarations, which could grow without end")
    try:
        root = ElementTree.fromstring(xml.encode())
    except (ElementTree.ParseError, LookupError) as error:  # LookupError: an encoding that nobody knows
        raise ValueError(str(error)) from error
    first = root.find("{*}encoding")
    if first is None:
        raise ValueError("no encoding")
    spaces = [_lengths(first, f"{space}/{what}") for what in ("matrixSize", "fieldOfView_mm") for space in SPACES]
    encoded, matrix = (_sizes(lengths) for lengths in spaces[:2])
    encoded_view, view = spaces[2:]
    if encoded_view is not None and view is None:
        x, y, z = (
            length * (min(1.0, shown / count) if shown and count else 1.0)
            for length, shown, count in zip(encoded_view, matrix, encoded, strict=True)
        )
        view = (x, y, z)
    centres = [_text(first, f"encodingLimits/kspace_encoding_step_{step}/center") for step in (1, 2)]
    share, coils = (_text(root, f"{SYSTEM}/{name}") for name in ("relativeReceiverNoiseBandwidth", "receiverChannels"))
    return Encoding(
        encoded=encoded,
        encoded_view=encoded_view or view,
        matrix=matrix,
        view=view,
        trajectory=_text(first, "trajectory").strip().lower(),
        centres=(int(centres[0]) if centres[0] else None, int(centres[1]) if centres[1] else None),
        calibration=_text(first, "parallelImaging/calibrationMode").strip().lower(),
        noise_bandwidth=float(share) if share and 0 < float(share) <= 1 else 1.0,
        coils=int(coils) if coils.strip().isdecimal() and int(coils) else None,
        vendor=_text(root, f"{SYSTEM}/systemVendor").strip(),
        echo_times=tuple(time / 1000 for time in _numbers(root, "sequenceParameters/TE")),
        field_strength=_field_strength(root),
    )


def _field_strength(root: ElementTree.Element) -> float | None:
    """Return what the header says in tesla, else what its frequency of protons means."""
    frequencies = _numbers(root, "experimentalConditions/H1resonanceFrequency_Hz")
    tesla = [*_numbers(root, f"{SYSTEM}/systemFieldStrength_T"), *(f / HERTZ_PER_TESLA for f in frequencies)]
    return tesla[0] if tesla else None


def _numbers(root: ElementTree.Element, place: str) -> list[float]:
    """Return the numbers of all elements of one name; none where one of them is no number."""
    found = root.findall("/".join(f"{{*}}{tag}" for tag in place.split("/")))
    try:
        return [float(element.text or "") for element in found]
    except ValueError:
        return []


def _text(element: ElementTree.Element, place: str) -> str:
    return element.findtext("/".join(f"{{*}}{tag}" for tag in place.split("/"))) or ""


def _lengths(element: ElementTree.Element, place: str) -> Lengths | None:
    """Return three numbers, None where they are not there.

    Raises:
        ValueError: where they are no positive ones.
    """
    values = [_text(element, f"{place}/{axis}").strip() for axis in "xyz"]
    if "" in values:
        return None
    x, y, z = map(float, values)
    if not all(0 < length < float("inf") for length in (x, y, z)):  # not by min and max, which may miss a NaN
        raise ValueError("sizes that are not positive")
    return x, y, z


def _sizes(lengths: Lengths | None) -> Sizes:
    """Return whole numbers, the nearest ones: a converter may have computed them."""
    if lengths is None:
        return 0, 0, 0
    x, y, z = (max(1, round(length)) for length in lengths)
    return x, y, z
