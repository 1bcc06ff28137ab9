import h5py
import numpy as np
import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.errors import Note, UserError
from dealias.files.formats.fastmri import sampled_in_full, targets
from dealias.files.open import open
from dealias.files.write import write
from dealias.header import Header
from dealias.phantoms import head
from files.scans import header, image, kspace, transform, unit


def save(path, attributes=None, **arrays):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
        file.attrs.update(attributes or {})
    return path


def same(a, b):
    return float((a - b).abs().max()) <= 1e-6 * float(b.abs().max())


def test_single_and_multi_coil(tmp_path):
    data = kspace(4, 17, 20)
    found = open(save(tmp_path / "s.h5", kspace=data))
    assert found.kspace.shape == (4, 1, 17, 20) and "time" not in found.axes
    assert same(found.centred_kspace[:, 0], torch.from_numpy(data))
    assert open(save(tmp_path / "m.h5", kspace=kspace(4, 3, 17, 20)), slices=1).kspace.shape == (1, 3, 17, 20)


def test_compound_numbers_of_other_tools(tmp_path):
    data = kspace(2, 16, 18)
    pairs = np.empty(data.shape, [("real", ">f4"), ("imag", ">f4")])
    pairs["real"], pairs["imag"] = data.real, data.imag
    assert same(open(save(tmp_path / "k.h5", kspace=pairs)).centred_kspace[:, 0], torch.from_numpy(data))


def test_masks(tmp_path):
    draw = np.random.default_rng(0)
    for shape in ((18,), (16, 18), (2, 16, 18)):
        mask = draw.random(shape) < 0.5
        data = kspace(2, 3, 16, 18) * np.broadcast_to(mask, (2, 16, 18))[:, None]
        given = open(save(tmp_path / "k.h5", kspace=data, mask=mask.astype(np.float32)))
        derived = open(save(tmp_path / "k.h5", kspace=data))
        assert given.mask.expand(derived.mask.shape).equal(derived.mask)
        assert given.mask.float().mean() == mask.mean(dtype=np.float32)


def test_axes_by_attribute_make_a_film(tmp_path):
    data, mask = kspace(2, 5, 3, 16, 18), np.ones((2, 16, 18))
    path = save(tmp_path / "k.h5", {"axes": "slice time coil y x"}, kspace=data, mask=mask)
    found = open(path, slices=1)
    assert "time" in found.axes and found.kspace.shape == (1, 5, 3, 16, 18) and found.mask.shape == (1, 1, 1, 16, 18)
    assert "time" in open(save(tmp_path / "f.h5", kspace=data[0]), axes="time coil y x").axes
    frames = np.random.default_rng(0).random((5, 16, 18)) < 0.5
    for count in (1, 2):  # one mask for each frame, shared by the slices
        some = data[:count] * frames[:, None]
        found = open(save(tmp_path / "m.h5", {"axes": "slice time coil y x"}, kspace=some, mask=frames))
        assert found.mask.shape == (1, 5, 1, 16, 18) and np.array_equal(found.centred_mask[0, :, 0], frames)
    with pytest.raises(UserError, match=r"5 axes .*--axes"):
        open(save(tmp_path / "k.h5", kspace=data))


def test_the_first_name_wins_and_a_nested_one_is_found(tmp_path):
    data = kspace(2, 16, 18)
    assert open(save(tmp_path / "k.h5", kspace=data, other=data)).kspace.shape == (2, 1, 16, 18)
    path = save(tmp_path / "n.h5", **{"scan/kspace": data, "b": data[:1]})
    assert open(path).kspace.shape == (2, 1, 16, 18)
    assert open(path, key="b").kspace.shape == (1, 1, 16, 18)
    assert open(path, key="/scan/kspace").kspace.shape == (2, 1, 16, 18)


def oversampled(path, **more):
    pixels = image(2, 3, 40, 24)
    save(path, ismrmrd_header=header(20, 24, 18), kspace=transform(pixels).astype(np.complex64), **more)
    return torch.from_numpy(pixels)


def test_readout_oversampling_goes_and_the_scale_stays(tmp_path):
    pixels = oversampled(tmp_path / "k.h5")
    found = open(tmp_path / "k.h5")
    assert found.kspace.shape == (2, 3, 20, 24) and found.acceleration == 1
    assert found.header.matrix == (20, 18) and found.header.voxel_size == (4.5, 16.0, 240 / 18)
    assert same(found.coil_images, pixels[..., 10:30, :])
    assert open(tmp_path / "k.h5", slices="0:1").kspace.shape == (1, 3, 20, 24)
    assert open(tmp_path / "k.h5", slices="::2").header.voxel_size == (9.0, 16.0, 240 / 18)


def test_fastmri_crops_its_image_both_ways_and_so_do_we(tmp_path):
    pixels = oversampled(tmp_path / "k.h5", reconstruction_rss=np.ones((2, 20, 18)))
    found = open(tmp_path / "k.h5")
    write(tmp_path / "o.h5", found.coil_images.abs().square().sum(-3).sqrt(), found.header)
    theirs = pixels[..., 10:30, 3:21].abs().square().sum(1).sqrt()
    with h5py.File(tmp_path / "o.h5") as file:
        assert same(torch.from_numpy(file["reconstruction"][()]), theirs)
        assert file["reconstruction"].shape == targets(tmp_path / "k.h5").shape
        assert file["ismrmrd_header"][()].decode() == header(20, 24, 18)


def test_column_masks_survive_and_pixel_masks_forbid(tmp_path):
    columns = np.arange(24) % 3 == 0
    oversampled(tmp_path / "k.h5")
    with h5py.File(tmp_path / "k.h5", "a") as file:
        file["kspace"][...] *= columns
    found = open(tmp_path / "k.h5")
    assert found.kspace.shape[-2:] == (20, 24) and found.acceleration == pytest.approx(3)
    assert found.centred_mask.shape[-2] == 1 and not found.kspace[~found.mask.expand_as(found.kspace)].any()
    with h5py.File(tmp_path / "k.h5", "a") as file:
        file["kspace"][..., :5, :] = 0
    assert open(tmp_path / "k.h5").kspace.shape[-2:] == (40, 24)


def test_oversampling_goes_once(tmp_path):
    oversampled(tmp_path / "k.h5")
    found = open(tmp_path / "k.h5")
    write(tmp_path / "again.h5", found)
    again = open(tmp_path / "again.h5")
    assert same(again.kspace, found.kspace) and again.header == found.header


@pytest.mark.parametrize(
    "text",
    [
        "<broken",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "<a/>",
        "<a><encoding/></a>",
        header(0, 0, 0),
        "",
    ],
)
def test_a_header_that_is_not_understood_is_kept_with_a_note(tmp_path, text):
    path = save(tmp_path / "k.h5", kspace=kspace(2, 16, 18), ismrmrd_header=text)
    with pytest.warns(Note, match="ismrmrd_header is not understood"):
        found = open(path)
    assert found.header.text["ismrmrd_header"] == text and found.header.matrix is None


def test_targets(tmp_path):
    one, two = np.full((2, 8, 8), 1.0), np.full((2, 8, 8), 2.0, ">f8")
    single = save(tmp_path / "s.h5", kspace=kspace(2, 16, 18), reconstruction_rss=one, reconstruction_esc=two)
    multi = save(tmp_path / "m.h5", kspace=kspace(2, 2, 16, 18), reconstruction_rss=one, reconstruction_esc=two)
    assert targets(single).unique().item() == 2 and targets(multi).unique().item() == 1
    assert targets(single).dtype == torch.float32 and targets(single, slices=1).shape == (1, 8, 8)
    assert targets(save(tmp_path / "n.h5", kspace=kspace(2, 16, 18))) is None
    assert targets(save(tmp_path / "g.h5", **{"kspace/a": one, "reconstruction/b": one})) is None
    with pytest.raises(UserError, match=r"x\.h5: does not exist"):
        targets(tmp_path / "x.h5")


def test_what_other_tools_may_have_written(tmp_path):
    arrays = {"kspace": kspace(2, 16, 18), "mask/a": [1], "ismrmrd_header/b": [1]}
    found = open(save(tmp_path / "k.h5", {"voxel_size": "thin", "matrix": ["a", "b"]}, **arrays))
    assert found.header == Header() and found.acceleration == 1


@pytest.mark.parametrize(
    "shape, dimensions", [((3, 17, 20), 2), ((2, 3, 17, 20), 2), ((5, 3, 17, 20), 3), ((2, 5, 1, 17, 20), 3)]
)
@pytest.mark.parametrize("mask_shape", [None, (20,), (17, 20), "full"])
def test_kspace_comes_back(tmp_path, shape, dimensions, mask_shape):
    coilless = (*shape[:-3], 1, *shape[-2:])
    mask = np.random.default_rng(0).random(coilless if mask_shape == "full" else mask_shape or coilless) < 0.4
    given = None if mask_shape is None else mask
    head = Header((4.0, 1.0, 1.5), (17, 16), {"patient_id": "none", "ismrmrd_header": header(17, 20, 16)})
    maps = unit(image(*shape[-3:])) if shape[-3] > 1 else None
    before = Acquisition.centred(kspace(*shape) * mask, given, maps, 0.25, head, ("time", "y", "x")[-dimensions:])
    write(tmp_path / "k.h5", before, attributes={"mask_seed": 3, "none": None, "list": [1, "a"]})
    after = open(tmp_path / "k.h5")
    assert same(after.kspace, before.kspace) and torch.equal(after.mask.expand_as(before.mask), before.mask)
    assert after.noise_std.item() == 0.25 and len(after.axes) == dimensions
    assert after.header.text == head.text | {"none": "None", "list": "[1, 'a']"} and after.header.matrix == (17, 16)
    assert (after.maps is None) if maps is None else torch.equal(after.maps, before.maps)
    with h5py.File(tmp_path / "k.h5") as file:
        assert file["kspace"].dtype == np.complex64 and file.attrs["mask_seed"] == 3
        assert file.attrs["none"] == "None" and file.attrs["list"] == "[1, 'a']"


def test_geometry_comes_back_without_a_header(tmp_path):
    along = ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0), (1.0, 0.0, 0.0))
    head = Header((4.0, 1.0, 1.5), (16, 16), directions=along, position=(1.0, 2.0, 3.0))
    noise = torch.tensor([0.1, 0.2]).reshape(2, 1, 1, 1)
    write(tmp_path / "k.h5", Acquisition.centred(kspace(2, 1, 17, 20), noise_std=noise, header=head))
    assert open(tmp_path / "k.h5").header == head
    second = open(tmp_path / "k.h5", slices=1)
    assert second.noise_std.item() == pytest.approx(0.2) and second.header.position == (1, 2, 7)


@pytest.mark.parametrize("shape", [(17, 20), (3, 17, 20), (3, 4, 17, 20)])
def test_images_out(tmp_path, shape):
    pixels = torch.from_numpy(image(*shape))
    write(
        tmp_path / "i.hdf5",
        pixels,
        Header(matrix=(40, 16), voxel_size=(1.0, 2.0, 3.0)),
        attributes={"method": "rim"},
    )
    with h5py.File(tmp_path / "i.hdf5") as file:
        wanted = pixels[..., 2:18].numpy()
        assert file["image"].shape == ((1, 17, 16) if len(shape) == 2 else (*shape[:-1], 16))
        assert np.array_equal(file["image"][()].reshape(wanted.shape), wanted)
        assert file["reconstruction"].dtype == np.float32 and file.attrs["method"] == "rim"
        np.testing.assert_allclose(file["reconstruction"][()], np.abs(file["image"][()]), rtol=1e-6)
        assert file.attrs["voxel_size"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("slices", [1, 2, 3])
@pytest.mark.parametrize("shared", [False, True])
def test_frames_are_not_taken_for_slices(slices, shared, tmp_path):
    mask = torch.rand(1 if shared else slices, 3, 1, 24, 26, generator=torch.Generator().manual_seed(0)) < 0.6
    mask[..., 12, 13] = True
    maps = torch.polar(torch.tensor(0.5**0.5), torch.rand(1, 3, 2, 24, 26))
    scan = Acquisition.simulate(head((24, 26)).expand(slices, 3, 24, 26), mask, maps, axes=("time", "y", "x"))
    write(tmp_path / "film.h5", scan)
    again = open(tmp_path / "film.h5")
    assert "time" in again.axes
    assert torch.equal(again.mask, scan.mask)
    assert torch.allclose(again.maps, scan.maps) and torch.allclose(again.kspace, scan.kspace, atol=1e-5)


def test_empty_slices_are_padding():
    mask = torch.ones(4, 1, 6, 8, dtype=torch.bool)
    mask[2:] = False
    assert sampled_in_full(mask)
    mask[0, ..., ::2] = False
    mask[1, ..., 1::2] = False
    assert not sampled_in_full(mask)
