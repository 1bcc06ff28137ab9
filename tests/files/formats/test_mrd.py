"""Raw data written by the ismrmrd package, and by ISMRMRD's own generator where it is installed."""

import shutil
import subprocess

import h5py
import ismrmrd
import nibabel
import numpy as np
import pytest
import torch

from dealias.driver import reconstruct
from dealias.errors import Note, UserError
from dealias.files.formats import fastmri, mrd
from dealias.files.open import open
from dealias.files.recognition import recognise
from dealias.files.write import write
from files.raw import header, line, lines, save, transform
from files.scans import image

NOISE, CALIBRATION, CALIBRATION_AND_IMAGING = (
    ismrmrd.ACQ_IS_NOISE_MEASUREMENT,
    ismrmrd.ACQ_IS_PARALLEL_CALIBRATION,
    ismrmrd.ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING,
)
FLAT = header((32, 18, 1), (16, 18, 1))  # (x, y, z), the readout oversampled


def flat(*lead, coils=2, seed=0):
    """Images (..., coil, x, y) whose outer half along x is empty, as oversampling leaves it, and their k-space."""
    pixels = np.zeros((*lead, coils, 32, 18), np.complex64)
    pixels[..., 8:24, :] = image(*lead, coils, 16, 18, seed=seed)
    return torch.from_numpy(pixels[..., 8:24, :]), transform(pixels, (-2, -1))


def close(a, b, share=1e-5):
    assert a.shape == b.shape and float((a - b).abs().max()) <= share * float(b.abs().max())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "scan.h5"


def test_one_slice(path):
    pixels, kspace = flat()
    found = open(save(path, FLAT, lines(kspace)))
    close(found.coil_images, pixels[None])
    assert found.acceleration == 1 and "time" not in found.axes and found.noise_std is None
    assert found.header.voxel_size == (1, 1, 1) and found.header.matrix == (16, 18)
    assert "<encoding>" in found.header.text["ismrmrd_header"]
    assert recognise(path) is mrd


def test_fastmri_stays_fastmri(path):
    with h5py.File(path, "w") as file:
        file["kspace"] = flat()[1]
        file["dataset/data"] = np.ones(3)
    assert recognise(path) is fastmri


@pytest.mark.parametrize("size", [(32, 17), (30, 18), (34, 19)])
def test_odd_sizes_and_any_shown_part(path, size):
    """Seven of odd-sized rows are shown: the origin stays in the middle."""
    pixels = image(1, *size)
    shown = (7, size[1], 1)
    views = ((size[0], size[1], 5), (7, size[1], 5))
    found = open(save(path, header((*size, 1), shown, views), lines(transform(pixels, (-2, -1)))))
    middle = size[0] // 2
    close(found.coil_images[0], torch.from_numpy(pixels[:, middle - 3 : middle + 4]))
    assert found.header.voxel_size == (5, 1, 1)


def test_an_interpolated_image_has_the_voxels_of_its_samples(path):
    """The scanner shows 64 x 64 pixels of 32 x 32 millimetres; 16 x 18 samples encode 32 x 36 of them."""
    views = ((64, 36, 4), (32, 32, 4))
    found = open(save(path, header((32, 18, 1), (64, 64, 1), views), lines(flat()[1])))
    assert found.header.voxel_size == (4, 2, 2) and found.header.matrix == (16, 16)


def test_counters_become_axes(path):
    pixels, kspace = flat(3, 2, 4)  # slice, contrast, repetition
    scan = [
        acquisition
        for s, c, r in np.ndindex(3, 2, 4)
        for acquisition in lines(kspace[s, c, r], slice=s, contrast=c, repetition=2 * r, position=(0, 0, 5 * s))
    ]
    found = open(save(path, FLAT, np.random.default_rng(0).permutation(np.array(scan, object)).tolist()))
    assert "time" in found.axes
    close(found.coil_images, pixels)
    one = open(path, slices=1)
    close(one.coil_images, pixels[1:2])
    assert found.header.voxel_size == (5, 1, 1) and one.header.position == (0, 0, 5)
    write(path.with_name("again.h5"), found)
    again = open(path.with_name("again.h5"))
    close(again.kspace, found.kspace)
    assert again.header == found.header and "time" in again.axes


def test_phases_are_time_and_their_repetitions_a_batch(path):
    pixels, kspace = flat(2, 3)  # repetition, phase
    scan = [a for r, p in np.ndindex(2, 3) for a in lines(kspace[r, p], repetition=r, phase=p)]
    found = open(save(path, FLAT, scan))
    assert "time" in found.axes
    close(found.coil_images, pixels[None])


def test_averages_are_averaged(path):
    pixels, kspace = flat()
    noise = np.random.default_rng(0).standard_normal(kspace.shape)
    scan = [*lines(kspace + noise, average=0), *lines(kspace - noise, average=1)]
    close(open(save(path, FLAT, scan)).coil_images, pixels[None])


def test_cine_as_ocmr_stores_it(path):
    """Slices of phases, each with lines of its own measured twice, the echo asymmetric, zero where nothing was."""
    _, kspace = flat(2, 3)  # slice, phase
    kept = [[y for y in range(18) if y in (8, 9, 10) or (y + s + p) % 3 == 0] for s, p in np.ndindex(2, 3)]
    scan = []
    for s, p, a in np.ndindex(2, 3, 2):
        for y in kept[3 * s + p]:
            scan.append(line(kspace[s, p, :, 5:, y], y, center_sample=11, slice=s, phase=p, average=a))
    found = open(save(path, FLAT, scan))
    mask = np.zeros((2, 3, 1, 32, 18), bool)
    for (s, p), ys in zip(np.ndindex(2, 3), kept, strict=True):
        mask[s, p, :, 5:, ys] = True
    assert "time" in found.axes and found.kspace.shape == (2, 3, 2, 32, 18)
    assert (found.centred_mask.numpy() == mask).all()
    close(found.centred_kspace, torch.from_numpy(kspace * mask))


def test_partial_fourier_lies_where_its_centre_says(path):
    """Lines are counted from the first that was measured; the header says which of them is the centre."""
    _, kspace = flat()
    scan = [line(kspace[:, :, y], y - 6) for y in range(6, 18)]
    found = open(save(path, header((32, 18, 1), (16, 18, 1), centre=3), scan))
    assert found.centred_mask.squeeze().tolist() == [False] * 6 + [True] * 12
    whole = open(save(path.with_name("whole.h5"), FLAT, lines(kspace)))
    close(found.centred_kspace[..., 6:], whole.centred_kspace[..., 6:])
    assert not found.centred_kspace[..., :6].any()


@pytest.mark.parametrize("discard", [0, 3])
def test_an_asymmetric_echo_lies_with_its_centre_sample(path, discard):
    _, kspace = flat()
    late = kspace[:, 10:]  # the first ten samples were never taken
    scan = [line(late[:, :, y], y, center_sample=6, discard_pre=discard) for y in range(18)]
    found = open(save(path, FLAT, scan))
    mask = found.centred_mask.squeeze()
    assert mask.shape == (32, 18) and mask.all(1).tolist() == [False] * (10 + discard) + [True] * (22 - discard)
    close(found.centred_kspace[0], torch.from_numpy(kspace) * mask)
    write(path.with_name("image.h5"), found.coil_images[:, 0], found.header)
    with h5py.File(path.with_name("image.h5")) as file:
        assert file["image"].shape == (1, 16, 18)  # oversampling goes from the image then


def calibrated(kspace, *, separate):
    """Every other line, and calibration lines around the centre with another contrast where they are separate."""
    scan = [line(kspace[:, :, y], y) for y in range(1, 18, 2)]
    if separate:
        return [*scan, *(line(7 * kspace[:, :, y], y, flags=[CALIBRATION]) for y in range(6, 12))]
    scan += [line(kspace[:, :, y], y, flags=[CALIBRATION]) for y in range(6, 12, 2)]
    return [*scan, line(kspace[:, :, 9], 9, flags=[CALIBRATION, CALIBRATION_AND_IMAGING])]


@pytest.mark.parametrize("mode", ["embedded", "interleaved", None])
def test_embedded_calibration_lines_are_part_of_the_image(path, mode):
    _, kspace = flat()
    more = {"calibration": mode} if mode else {}
    found = open(save(path, header((32, 18, 1), (16, 18, 1), **more), calibrated(kspace, separate=False)))
    kept = [y in range(1, 18, 2) or y in range(6, 12, 2) for y in range(18)]
    assert found.centred_mask.squeeze().tolist() == kept
    whole = open(save(path.with_name("whole.h5"), FLAT, lines(kspace)))
    close(found.centred_kspace, whole.centred_kspace * torch.tensor(kept))


@pytest.mark.parametrize("mode", ["separate", "external", None])
def test_separate_calibration_lines_are_not(path, mode):
    _, kspace = flat()
    more = {"calibration": mode} if mode else {}
    xml = header((32, 18, 1), (16, 18, 1), **more)
    with pytest.warns(Note, match="6 separate calibration readouts are left out"):
        found = open(save(path, xml, calibrated(kspace, separate=True)))
    assert found.centred_mask.squeeze().tolist() == [y % 2 == 1 for y in range(18)]


@pytest.mark.parametrize("flag", [23, 24, 26, 27, 28, 29, 30, 31])
def test_what_is_no_image_is_left_out(path, flag):
    pixels, kspace = flat()
    scan = [line(1000 * kspace[:, :5, 0], 3, flags=[flag]), *lines(kspace)]
    close(open(save(path, FLAT, scan)).coil_images, pixels[None])


def test_another_encoding_is_left_out(path):
    pixels, kspace = flat()
    with pytest.warns(Note, match="1 readouts of another encoding"):
        found = open(save(path, FLAT, [line(kspace[:, :, 0], encoding_space_ref=1), *lines(kspace)]))
    close(found.coil_images, pixels[None])


@pytest.mark.parametrize("averages", [1, 4])
def test_noise_scans_whiten(path, averages):
    """Correlated noise of a known strength, at another bandwidth than the image's, comes out white and as said."""
    draw = np.random.default_rng(0)
    mixing = np.array([[3, 0, 0], [1, 2, 0], [0.5j, -1, 0.1]])

    def noise(*shape):
        white = draw.standard_normal((3, *shape)) + 1j * draw.standard_normal((3, *shape))
        return np.einsum("ij,j...->i...", mixing, white)

    xml = header((64, 64, 1), (64, 64, 1), bandwidth=0.8)
    scan = [line(noise(4000) * 2 * 0.8**0.5, flags=[NOISE], sample_time_us=1.25)]  # a quarter of the time, twice
    for average in range(averages):
        scan += lines(noise(64, 64), average=average)
    with pytest.warns(Note, match="images are in units of the noise"):
        found = open(save(path, xml, scan))
    assert open(path, whiten=False).noise_std is None
    assert found.noise_std.shape == (1, 1, 1, 1) and found.noise_std.item() == averages**-0.5
    samples = found.kspace[0].flatten(1).to(torch.complex128) * averages**0.5
    covariance = samples @ samples.mH / samples.shape[1] / 2
    torch.testing.assert_close(covariance.abs(), torch.eye(3, dtype=torch.float64), rtol=0, atol=0.1)


def test_a_noise_scan_without_noise_is_said(path):
    pixels, kspace = flat()
    with pytest.warns(Note, match="the noise scan is not used: .*zero"):
        found = open(save(path, FLAT, [line(np.zeros((2, 64)), flags=[NOISE]), *lines(kspace)]))
    close(found.coil_images, pixels[None])
    assert found.noise_std is None


def volume(coils=2):
    pixels = image(coils, 12, 16, 18).transpose(0, 2, 3, 1)  # coil, x, y, z
    return torch.from_numpy(pixels.copy()), transform(pixels, (1, 2, 3))


def test_a_volume_that_is_full_in_z_becomes_its_slices(path):
    pixels, kspace = volume()
    columns = [(y, z) for y in range(0, 18, 2) for z in range(12)]
    found = open(save(path, header((16, 18, 12), (16, 18, 10)), lines(kspace, columns)))
    assert found.kspace.shape == (10, 2, 16, 18) and found.acceleration == 2 and "time" not in found.axes
    whole = open(save(path.with_name("full.h5"), header((16, 18, 12), (16, 18, 12)), lines(kspace)))
    close(whole.coil_images, pixels.permute(3, 0, 1, 2))
    close(found.centred_kspace, (whole.centred_kspace * (torch.arange(18) % 2 == 0))[1:11])
    assert found.header.position == (0, 0, -5) and open(path, slices="3:5").header.position == (0, 0, -2)
    assert open(path, slices=-1).kspace.shape == (1, 2, 16, 18)


def test_an_undersampled_volume_becomes_one_image_per_readout_position(path):
    pixels, kspace = volume()
    ellipse = [(y, z) for y, z in np.ndindex(18, 12) if ((y - 9) / 9) ** 2 + ((z - 6) / 6) ** 2 <= 1]
    found = open(save(path, header((16, 18, 12), (8, 18, 12)), lines(kspace, ellipse)))
    assert found.kspace.shape == (8, 2, 18, 12) and found.acceleration == pytest.approx(216 / len(ellipse))
    mask = torch.zeros(18, 12, dtype=torch.bool)
    mask[tuple(np.array(ellipse).T)] = True
    wanted = torch.from_numpy(transform(pixels.permute(1, 0, 2, 3).numpy(), (-2, -1))) * mask
    close(found.centred_kspace, wanted[4:12].to(torch.complex64))
    assert torch.equal(found.centred_mask[0, 0], mask)
    assert found.header.position == (-4, 0, 0) and found.header.matrix == (18, 12)
    assert found.header.directions == ((1, 0, 0), (0, 1, 0), (0, 0, 1))


def test_an_asymmetric_echo_of_an_undersampled_volume_is_said(path):
    _, kspace = volume()
    scan = [line(kspace[:, 4:, y, z], y, z, center_sample=4) for y, z in np.ndindex(18, 12) if (y + z) % 2]
    with pytest.warns(Note, match="the readout is not fully sampled"):
        assert open(save(path, header((16, 18, 12), (16, 18, 12)), scan)).kspace.shape == (16, 2, 18, 12)


def rotation(seed=1):
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))
    return np.float32(turn * np.sign(np.linalg.det(turn)))


@pytest.mark.parametrize("shown", [18, 12])
@pytest.mark.parametrize("gap", [1.0, 7.0, -7.0])
def test_slices_lie_in_nifti_where_the_scanner_measured(path, shown, gap):
    read, phase, normal = rotation()
    centre = np.array([10.0, -20.0, 30.0])
    views = ((64.0, 27.0, 1.0), (32.0, 1.5 * shown, 1.0))
    _, kspace = flat(3)
    scan = [
        a
        for s in range(3)
        for a in lines(
            kspace[s], slice=s, position=centre + gap * s * normal, read_dir=read, phase_dir=phase, slice_dir=normal
        )
    ]
    found = open(save(path, header((32, 18, 1), (16, shown, 1), views), scan))
    write(path.with_name("i.nii.gz"), found.root_sum_of_squares, found.header)
    volume = nibabel.load(path.with_name("i.nii.gz"))
    assert volume.shape == (shown, 16, 3)
    for s, row, column in ((0, 0, 0), (2, 0, 0), (0, 15, 0), (1, 15, shown - 1), (0, 8, shown // 2)):
        patient = centre + gap * s * normal + 2.0 * (row - 8) * read + 1.5 * (column - shown // 2) * phase
        for world in (volume.get_sform(), volume.get_qform()):
            np.testing.assert_allclose((world @ (column, row, s, 1))[:3], patient * (-1, -1, 1), atol=2e-3)


def test_a_volume_lies_in_nifti_where_the_scanner_measured(path):
    """Both ways of cutting it give one place to one voxel: that of the brightest point."""
    read, phase, normal = rotation(2)
    centre, views = np.array([1.0, 2.0, 3.0]), ((24.0, 36.0, 36.0),) * 2
    pixels = np.zeros((1, 16, 18, 12), np.complex64)
    pixels[0, 11, 4, 7] = 1
    kspace = transform(pixels, (1, 2, 3))
    patient = centre + 1.5 * (11 - 8) * read + 2.0 * (4 - 9) * phase + 3.0 * (7 - 6) * normal
    for name, kept in (("full", None), ("odd", [(y, z) for y, z in np.ndindex(18, 12) if (y, z) != (0, 0)])):
        where = {"position": centre, "read_dir": read, "phase_dir": phase, "slice_dir": normal}
        scan = lines(kspace, kept, **where)
        found = open(save(path.with_name(f"{name}.h5"), header((16, 18, 12), (16, 18, 12), views), scan))
        write(path.with_name(f"{name}.nii"), reconstruct("zero_filled", found), found.header)
        volume = nibabel.load(path.with_name(f"{name}.nii"))
        place = np.unravel_index(volume.get_fdata().argmax(), volume.shape)
        np.testing.assert_allclose((volume.affine @ (*place, 1))[:3], patient * (-1, -1, 1), atol=1e-3)


def test_slices_at_uneven_distances_have_no_place(path):
    _, kspace = flat(3)
    places = ((0, 0, 0), (0, 0, 1), (0, 0, 7))
    scan = [a for s in range(3) for a in lines(kspace[s], slice=s, position=places[s])]
    with pytest.warns(Note, match="uneven distances: images will not say where they lie"):
        assert open(save(path, FLAT, scan)).header.directions is None


def test_datasets_by_name(path):
    pixels, kspace = flat()
    for name in ("first", "second"):
        save(path, FLAT, lines(kspace if name == "first" else 2 * kspace), name)
    with pytest.raises(UserError, match="several datasets: first, second; name one with --key"):
        open(path)
    with pytest.raises(UserError, match="no dataset 'thrid'"):
        open(path, key="thrid")
    close(open(path, key="second").coil_images, 2 * pixels[None])


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def scan_of(xml=FLAT, **more):
    return lambda p: save(p, xml, lines(flat()[1], **more))


ZOO = {
    "truncated": (lambda p: cut(scan_of()(p)), "damaged or truncated"),
    "no header": (scan_of(None), "XML header is not understood"),
    "broken header": (scan_of(b"<ismrmrdHeader"), "XML header is not understood"),
    "entities": (scan_of(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "declarations"),
    "unknown letters": (scan_of(FLAT.encode().replace(b"utf-8", b"utf-9")), "XML header is not understood"),
    "no numbers": (scan_of(FLAT.encode().replace(b"<x>32", b"<x>many")), "XML header is not understood"),
    "huge": (scan_of(FLAT.encode().replace(b"<x>32", b"<x>1e400")), "XML header is not understood"),
    "no number": (scan_of(FLAT.encode().replace(b"<x>32.0", b"<x>nan")), "XML header is not understood"),
    "radial": (scan_of(header((32, 18, 1), (16, 18, 1), trajectory="radial")), "trajectory is radial, .*supported yet"),
    "spiral": (scan_of(header((32, 18, 1), (16, 18, 1), trajectory="spiral")), "not supported yet; grid the data"),
    "to and fro": (
        lambda p: save(p, FLAT, [line(flat()[1][:, :, y], y, flags=[22][: y % 2]) for y in range(18)]),
        "to and fro.* not supported yet",
    ),
    "noise alone": (scan_of(flags=[NOISE]), "no readouts of an image"),
    "navigators": (scan_of(flags=[23]), "no readouts of an image"),
    "lines": (
        lambda p: save(p, FLAT, [*lines(flat()[1]), line(flat()[1][:, :, 0], 60000)]),
        "at line 60000 of 18 in y",
    ),
    "discarded": (scan_of(discard_pre=20, discard_post=20), "discards 20 and 20 of 32 samples"),
    "volumes": (
        lambda p: save(
            p, header((16, 18, 12), (16, 18, 12)), [*lines(volume()[1]), *lines(volume()[1], slice=1)]
        ),
        "holds 2 volumes",
    ),
    "nan": (lambda p: save(p, FLAT, lines(flat()[1] * np.nan)), "NaN or infinite"),
    "empty": (lambda p: save(p, FLAT, []), "holds no readouts|holds no"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ZOO)
@pytest.mark.filterwarnings("ignore")
def test_one_line_that_names_the_file(path, kind):
    make, text = ZOO[kind]
    make(path)
    with pytest.raises(UserError, match=text) as caught:
        open(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value) and ";" in str(caught.value)


def test_options_that_do_not_fit(path):
    scan_of()(path)
    with pytest.raises(UserError, match="leave --axes out"):
        open(path, axes="slice coil y x")
    with pytest.raises(UserError, match="there is no slice 1"):
        open(path, slices=1)


@pytest.mark.skipif(shutil.which("ismrmrd_generate_cartesian_shepp_logan") is None, reason="no ismrmrd-tools here")
@pytest.mark.parametrize("acceleration", [1, 2])
def test_ismrmrds_own_generator(path, acceleration):
    """Its coil images, divided by its coil maps, are its phantom; its noise comes out as one."""
    words = f"-m 64 -c 4 -r 2 -a {acceleration} -w 16 -n 0.05 {'-C -k' if acceleration > 1 else ''}".split()
    tool = "ismrmrd_generate_cartesian_shepp_logan"
    subprocess.run([tool, *words, "-o", path], check=True, capture_output=True)
    found = open(path)
    assert found.kspace.shape == (1, 2 * acceleration, 4, 64, 64) and "time" in found.axes
    with h5py.File(path) as file:
        truth, maps = (file["dataset"][name][0] for name in ("phantom", "csm"))
    truth, maps = (torch.from_numpy(value["real"] + 1j * value["imag"]) for value in (truth, maps))
    images = found.coil_images[0].mean(0)
    combined = (images * maps.mT.conj()).sum(0) / maps.mT.abs().square().sum(0).clamp(min=1e-3)
    if acceleration == 1:
        likeness = (combined * truth.mT.conj()).sum().abs() / combined.norm() / truth.norm()
        assert likeness > 0.98 and found.noise_std is None
        return
    assert found.acceleration == pytest.approx(64 / 40) and found.noise_std.unique().item() == 1
    twice = (found.kspace[0, 0] - found.kspace[0, 2])[found.mask[0, 0].expand(4, 64, 64)]  # the same lines again
    assert twice.real.std() / 2**0.5 == pytest.approx(1, abs=0.05)
