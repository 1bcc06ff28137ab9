"""What the readouts of raw data say is believed, whatever their header says; a Note tells where the two differ."""

import re
from contextlib import nullcontext as nothing

import h5py
import ismrmrd
import numpy as np
import pytest
import torch

from dealias.errors import Note, UserError
from dealias.files.open import open
from files.raw import header, line, lines, save, transform
from files.scans import image

Y, X, COILS = 24, 20, 3
REVERSE = ismrmrd.ACQ_IS_REVERSE
USUAL = header((X, Y, 1), (X, Y, 1), ((40, 48, 5), (40, 48, 5)))


def scan(*lead, size=(X, Y), coils=COILS, seed=0):
    """Images (..., coil, x, y) and their k-space."""
    pixels = image(*lead, coils, *size, seed=seed)
    return torch.from_numpy(pixels), transform(pixels, (-2, -1)).astype(np.complex64)


def with_system(tags, xml=USUAL):
    """A header that says something of the scanner."""
    xml = re.sub(r"<acquisitionSystemInformation ?/>", "", xml)
    system = f"<acquisitionSystemInformation>{tags}</acquisitionSystemInformation>"
    return xml.replace("<experimentalConditions>", f"{system}<experimentalConditions>")


def same(found, pixels):
    assert found.coil_images.shape == pixels.shape
    torch.testing.assert_close(found.coil_images, pixels, rtol=0, atol=2e-6)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "scan.h5"


def test_headers_without_a_counter_are_refused(path):
    _, kspace = scan()
    save(path, USUAL, lines(kspace))
    with h5py.File(path, "a") as file:
        table = file["dataset/data"][()]
        names = [name for name in table.dtype["head"]["idx"].names if name != "kspace_encode_step_2"]
        head = [(name, table.dtype["head"][name]) for name in table.dtype["head"].names if name != "idx"]
        head.append(("idx", [(name, table.dtype["head"]["idx"][name]) for name in names]))
        other = np.zeros(table.shape, [("head", head), ("data", h5py.vlen_dtype(np.float32))])
        other["data"] = table["data"]
        del file["dataset/data"]
        file["dataset/data"] = other
    with pytest.raises(UserError, match="lack kspace_encode_step_2"):
        open(path)


def test_readouts_without_samples_are_left_out(path):
    pixels, kspace = scan()
    same(open(save(path, USUAL, [*lines(kspace), line(kspace[:, :0, 3], 3)])), pixels[None])


def test_repetitions_that_are_slices_by_their_positions(path):
    pixels, kspace = scan(3)
    readouts = [a for s in range(3) for a in lines(kspace[s], repetition=s, position=(0, 0, 6 * s))]
    with pytest.warns(Note, match="3 slices by their positions"):
        same(open(save(path, USUAL, readouts)), pixels)


@pytest.mark.parametrize("slices", [1, 3])
def test_one_partition_is_no_volume(path, slices):
    """Pulseq's scans of one partition say z = 2."""
    pixels, kspace = scan(slices)
    xml = header((X, Y, 2), (X, Y, 1), ((40, 48, 5), (40, 48, 5)))
    readouts = [a for s in range(slices) for a in lines(kspace[s], slice=s, position=(0, 0, 6 * s))]
    with pytest.warns(Note, match="one partition, not 2"):
        found = open(save(path, xml, readouts))
    same(found, pixels)
    assert found.header.voxel_size == (6 if slices > 1 else 5, 2, 2)


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("told", [True, False])
def test_partial_fourier_whose_centre_the_header_misses(path, every, told):
    """The header names the middle of the matrix; Siemens' converter tells the centre in a user counter."""
    pixels, kspace = scan(size=(X, 64))
    omitted, centre = 20, 12
    kept = [y for y in range(omitted, 64) if y % every == 0 or abs(y - 32) < 4]
    readouts = [line(kspace[:, :, y], y - omitted) for y in kept]
    if told:
        for readout in readouts:
            readout.idx.user[5] = centre
    with pytest.warns(Note, match=f"centre at line {centre} in y, not 32" if told else r"centre at line 1\d in y"):
        found = open(save(path, header((X, 64, 1), (X, 64, 1)), readouts))
    columns = torch.zeros(64, dtype=torch.bool)
    columns[kept] = True
    if told:
        assert torch.equal(found.centred_mask.flatten(), columns)
        wanted = torch.from_numpy(kspace)[None] * columns
        torch.testing.assert_close(found.centred_kspace, wanted, rtol=0, atol=1e-5)
    else:
        assert (found.centred_mask.flatten() != columns).sum() <= 4 * every


def test_a_user_counter_without_meaning_changes_nothing(path):
    pixels, kspace = scan()
    readouts = lines(kspace)
    for readout in readouts:
        readout.idx.user[5] = 3
    same(open(save(path, USUAL, readouts)), pixels[None])


def test_lines_of_zeros_were_not_measured(path):
    _, kspace = scan()
    kept = torch.arange(Y) % 3 != 1
    found = open(save(path, USUAL, lines(kspace * kept.numpy())))
    assert torch.equal(found.centred_mask.flatten(), kept)
    kspace[:, :4] = 0  # as some zero-fill an asymmetric echo
    found = open(save(path.with_name("echo.h5"), USUAL, lines(kspace)))
    assert not found.centred_mask[..., :4, :].any() and found.centred_mask[..., 4:, :].all()


def test_lines_beyond_the_matrix(path):
    pixels, kspace = scan()
    small = header((X, 16, 1), (X, 16, 1), ((40, 48, 5), (40, 48, 5)), centre=12)
    with pytest.warns(Note, match="24 lines in y, not 16"):
        found = open(save(path, small, lines(kspace)))
    same(found, pixels[None])
    assert found.header.voxel_size == (5, 2, 2)


@pytest.mark.parametrize("first", [1, 2])
def test_lines_that_are_counted_from_one(path, first):
    pixels, kspace = scan()
    readouts = [line(kspace[:, :, y], y + first) for y in range(Y)]
    same(open(save(path, USUAL, readouts)), pixels[None])


def test_readouts_of_twice_the_headers_length_are_oversampled(path):
    pixels, kspace = scan(size=(2 * X, Y))
    with pytest.warns(Note, match="readouts of 40 samples, not 20"):
        found = open(save(path, USUAL, lines(kspace)))
    same(found, pixels[None, :, X // 2 : X // 2 + X])
    assert found.header.voxel_size == (5, 2, 2)


def test_a_centre_sample_that_holds_nothing(path):
    pixels, kspace = scan(size=(64, Y))
    xml = header((64, Y, 1), (64, Y, 1))
    with pytest.warns(Note, match="their centre at sample 32, not 3"):
        found = open(save(path, xml, lines(kspace, center_sample=3)))
    same(found, pixels[None])


@pytest.mark.parametrize("encoded", [(X, Y, "11.9996"), (36, 40, "11.9996"), (X, Y, "12")])
def test_sizes_that_a_converter_computed(path, encoded):
    """Philips' scans encode more than was measured, and not a whole number of it."""
    pixels = image(12, X, Y).transpose(1, 2, 0)[None]
    kspace = transform(pixels, (1, 2, 3)).astype(np.complex64)
    view = ((40, 48, 36), (40, 48, 36))
    xml = header((*encoded[:2], 12), (X, Y, 12), view, centre=Y // 2).replace("<z>12</z>", f"<z>{encoded[2]}</z>", 1)
    found = open(save(path, xml, lines(kspace)))
    same(found, torch.from_numpy(pixels).permute(3, 0, 1, 2))
    assert found.header.voxel_size == (3, 2, 2)


@pytest.mark.parametrize("missing", ["reconSpace", "fieldOfView_mm", "encodedSpace", "encodingLimits", "both"])
def test_headers_that_leave_something_out(path, missing):
    pixels, kspace = scan()
    tags = ["reconSpace", "encodedSpace"] if missing == "both" else [missing]
    xml = USUAL
    for tag in tags:
        xml = re.sub(rf"<{tag}>.*?</{tag}>", "", xml, flags=re.DOTALL)
    found = open(save(path, xml, lines(kspace)))
    same(found, pixels[None])
    assert (found.header.voxel_size is None) == (missing in ("fieldOfView_mm", "both"))


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("told", [True, False])
def test_readouts_of_other_coils_are_left_out(path, first, told):
    pixels, kspace = scan()
    body = [line(np.ones((1, X)), y) for y in range(0, Y, 4)]
    xml = USUAL
    if told:
        xml = with_system(f"<receiverChannels>{COILS}</receiverChannels>")
    readouts = [*body, *lines(kspace)] if first else [*lines(kspace), *body]
    with pytest.warns(Note, match=f"6 readouts of other than {COILS} channels.* are left out"):
        found = open(save(path, xml, readouts))
    same(found, pixels[None])


def test_echoes_that_run_backwards_are_turned(path):
    pixels, kspace = scan(2)
    there = lines(kspace[0], contrast=0)
    back = lines(kspace[1][:, ::-1], contrast=1, flags=[REVERSE], center_sample=X - 1 - X // 2)
    found = open(save(path, USUAL, [*there, *back]))
    same(found, pixels[None])


def test_an_asymmetric_echo_that_runs_backwards(path):
    _, kspace = scan()
    late = kspace[:, 6:]
    readouts = lines(late[:, ::-1], flags=[REVERSE], center_sample=late.shape[1] - 1 - (X // 2 - 6))
    found = open(save(path, USUAL, readouts))
    torch.testing.assert_close(found.centred_kspace[0, :, 6:], torch.from_numpy(late), rtol=0, atol=1e-5)
    assert not found.centred_mask[..., :6, :].any()


@pytest.mark.parametrize("order", [(0, 2, 4, 1, 3), (4, 3, 2, 1, 0), (0, 1, 2, 3, 4)])
def test_slices_lie_by_their_positions(path, order):
    """Interleaved slices are counted as they were measured; the image has them as they lie."""
    pixels, kspace = scan(5)
    readouts = [a for n, s in enumerate(order) for a in lines(kspace[s], slice=n, position=(0, 0, 4.0 * s))]
    mixed = order == (0, 2, 4, 1, 3)
    with pytest.warns(Note, match="5 slices in the order of their positions") if mixed else nothing():
        found = open(save(path, USUAL, readouts))
    same(found, pixels if mixed else pixels[list(order)])
    assert found.header.voxel_size == (4, 2, 2) and found.header.position == (0, 0, 4.0 * (0 if mixed else order[0]))
    if mixed:
        with pytest.warns(Note, match="positions"):
            same(open(path, slices=1), pixels[1:2])


def test_slices_that_their_counter_does_not_tell_apart(path):
    pixels, kspace = scan(3)
    readouts = [a for s in (2, 0, 1) for a in lines(kspace[s], position=(0, 0, 4.0 * s))]
    with pytest.warns(Note, match="3 slices by their positions"):
        found = open(save(path, USUAL, readouts))
    same(found, pixels)


def test_directions_that_are_none_are_said(path):
    with pytest.warns(Note, match="no unit vectors: images will not say where they lie"):
        found = open(save(path, USUAL, lines(scan()[1], read_dir=(0.5, 0, 0))))
    assert found.header.directions is None
    assert open(save(path.with_name("none.h5"), USUAL, lines(scan()[1], **dict.fromkeys(DIRECTIONS, (0, 0, 0)))))


DIRECTIONS = ("read_dir", "phase_dir", "slice_dir")


@pytest.mark.parametrize("vendor", ["SIEMENS", "Siemens Healthineers", "GE", ""])
def test_siemens_directions_count_against_the_transform(path, vendor):
    """K-space of an image along its directions is that of a forward transform: the conjugate of the usual one."""
    pixels, kspace = scan(1, coils=1)
    siemens = vendor.lower().startswith("siemens")
    save(path, with_system(f"<systemVendor>{vendor}</systemVendor>"), lines((kspace.conj() if siemens else kspace)[0]))
    same(open(path), pixels)
    other = open(path, conjugate=not siemens).coil_images
    same(open(path, conjugate=siemens), pixels)
    assert not torch.allclose(other.abs(), pixels.abs(), atol=0.1)
    flipped = torch.roll(other.flip(-2, -1), (1, 1), (-2, -1))
    torch.testing.assert_close(flipped.conj(), pixels, rtol=0, atol=2e-6)


def test_siemens_volumes_turn_in_all_directions(path):
    pixels = image(1, X, Y, 6)
    kspace = transform(pixels, (1, 2, 3)).conj().astype(np.complex64)
    xml = with_system("<systemVendor>SIEMENS</systemVendor>", header((X, Y, 6), (X, Y, 6)))
    found = open(save(path, xml, lines(kspace)))
    same(found, torch.from_numpy(pixels).permute(3, 0, 1, 2))


def test_maps_follow_the_whitening(path):
    """Maps of the measured coils, given at opening, are mixed as the coils are."""
    draw = np.random.default_rng(0)
    mixing = np.array([[3, 0, 0], [1, 2, 0], [0.5j, -1, 0.5]])
    white = draw.standard_normal((3, 4000)) + 1j * draw.standard_normal((3, 4000))
    sensitivities = image(COILS, X, Y, seed=3) + np.arange(1, 4)[:, None, None]
    maps = torch.from_numpy(np.complex64(sensitivities / np.linalg.norm(sensitivities, axis=0)))
    picture = image(X, Y, seed=4)
    kspace = transform(picture * maps.numpy(), (-2, -1))
    noise = line(mixing @ white, flags=[ismrmrd.ACQ_IS_NOISE_MEASUREMENT])
    save(path, USUAL, [noise, *lines(kspace)])
    with pytest.warns(Note, match="units of the noise"):
        found = open(path, maps=maps)
    combined = (found.maps.conj() * found.coil_images).sum(-3, keepdim=True) * found.maps
    torch.testing.assert_close(combined, found.coil_images, rtol=0, atol=1e-4)
    assert torch.allclose(torch.linalg.vector_norm(found.maps, dim=-3), torch.ones(()), atol=1e-5)
    plain = open(path, maps=maps, whiten=False)
    torch.testing.assert_close(plain.zero_filled[0], torch.from_numpy(picture), rtol=0, atol=1e-5)
