"""Raw data as ISMRMRD's own tools write them: by the ismrmrd package, one acquisition per line."""

import warnings

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import ismrmrd
    from ismrmrd import xsd

X, Y, Z = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def transform(images, axes):
    """Centred k-space of images, along some axes."""
    return np.fft.fftshift(np.fft.fftn(np.fft.ifftshift(images, axes=axes), axes=axes, norm="ortho"), axes=axes)


def space(matrix, view):
    size, length = (dict(zip("xyz", values, strict=True)) for values in (matrix, map(float, view)))
    return xsd.encodingSpaceType(matrixSize=xsd.matrixSizeType(**size), fieldOfView_mm=xsd.fieldOfViewMm(**length))


def limit(count, centre):
    return xsd.limitType(minimum=0, maximum=count - 1, center=centre)


def header(encoded, shown, views=None, trajectory="cartesian", **more):
    """A header of so many samples encoded and pixels shown along (x, y, z); millimetres are samples by default."""
    limits = xsd.encodingLimitsType(
        kspace_encoding_step_1=limit(encoded[1], more.get("centre", encoded[1] // 2)),
        kspace_encoding_step_2=limit(encoded[2], encoded[2] // 2),
    )
    encoding = xsd.encodingType(
        encodedSpace=space(encoded, (views or (encoded, shown))[0]),
        reconSpace=space(shown, (views or (encoded, shown))[1]),
        encodingLimits=limits,
        trajectory=xsd.trajectoryType(trajectory),
    )
    if "calibration" in more:
        mode = xsd.calibrationModeType(more["calibration"])
        factor = xsd.accelerationFactorType(kspace_encoding_step_1=2, kspace_encoding_step_2=1)
        encoding.parallelImaging = xsd.parallelImagingType(accelerationFactor=factor, calibrationMode=mode)
    system = xsd.acquisitionSystemInformationType(
        relativeReceiverNoiseBandwidth=more.get("bandwidth"), systemFieldStrength_T=more.get("tesla")
    )
    sequence = xsd.sequenceParametersType(TE=list(more.get("milliseconds", ())))
    conditions = xsd.experimentalConditionsType(H1resonanceFrequency_Hz=63500000)
    return xsd.ismrmrdHeader(
        experimentalConditions=conditions,
        acquisitionSystemInformation=system,
        encoding=[encoding],
        sequenceParameters=sequence,
    ).toXML("utf-8")


def line(data, y=0, z=0, flags=(), **more):
    """One acquisition of samples (coil, x); other arguments are counters, or fields of its header."""
    found = ismrmrd.Acquisition.from_array(np.ascontiguousarray(data, np.complex64))
    found.idx.kspace_encode_step_1, found.idx.kspace_encode_step_2 = y, z
    found.center_sample = data.shape[1] // 2
    found.sample_time_us = 5.0
    found.read_dir[:], found.phase_dir[:], found.slice_dir[:] = X, Y, Z
    for name, value in more.items():
        if hasattr(found.idx, name):
            setattr(found.idx, name, value)
        elif np.ndim(value):
            getattr(found, name)[:] = value
        else:
            setattr(found, name, value)
    for flag in flags:
        found.set_flag(flag)
    return found


def lines(kspace, kept=None, **more):
    """Acquisitions of k-space (coil, x, y) or (coil, x, y, z), of the wanted (y, z)."""
    kspace = kspace if kspace.ndim > 3 else kspace[..., None]
    places = np.ndindex(kspace.shape[2:]) if kept is None else kept
    return [line(kspace[:, :, y, z], y, z, **more) for y, z in places]


def save(path, xml, acquisitions, dataset="dataset"):
    with ismrmrd.File(path, "a") as file:
        group = file[dataset]
        group.acquisitions = acquisitions
        if xml is not None:
            group._contents["xml"] = [xml]
    return path
