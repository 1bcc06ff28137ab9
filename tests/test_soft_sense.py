"""A head that folds over the edge of its field of view comes out whole with two sets of maps."""

import h5py
import pytest
import torch

import dealias
from dealias import SoftSense
from dealias.__main__ import execute
from dealias.coils.espirit import espirit_sets
from dealias.errors import UserError
from dealias.noise import of_problem
from dealias.phantoms import head
from dealias.soft_sense import whole
from dealias.testing import assert_close, assert_method
from problems import coil_maps, film

LINES = torch.zeros(72)
LINES[::2] = LINES[24:48] = 1


@pytest.fixture(scope="module")
def full():
    """A head in a field of view of twice the height, of whose k-space every second row was measured."""
    maps = coil_maps(6, 128, 72)
    generator = torch.Generator().manual_seed(0)
    wide = dealias.Acquisition.simulate(head((128, 72)), torch.ones(128, 72), maps, 0.002, generator=generator)
    return dealias.Acquisition.centred(wide.centred_kspace[:, ::2])


def error(image, truth, where):
    return float(((image.abs() - truth) * where).norm() / (truth * where).norm())


@pytest.mark.filterwarnings("ignore:the field of view wraps")
@pytest.mark.parametrize(("name", "better"), [("sense", 4), ("wavelet", 2), ("total_variation", 3)])
def test_two_sets_where_one_leaves_ghosts(full, name, better):
    fast, truth = full.sampled(LINES), full.root_sum_of_squares
    soft = SoftSense.of(fast)
    images = dealias.reconstruct(name, soft)
    assert images.shape == (2, 64, 72)
    assert not images[~soft.support].any()
    one = dealias.reconstruct(name, fast.with_maps(dealias.espirit(fast)))
    both = soft.support[1]
    assert 0.05 < both.float().mean() < 0.4
    assert error(one, truth, both) > better * error(whole(images), truth, both)
    assert error(whole(images), truth, torch.ones(())) < 0.8 * error(one, truth, torch.ones(()))


@pytest.mark.filterwarnings("ignore:the field of view wraps")
def test_sets_are_orthonormal_and_the_first_is_that_of_one(full):
    maps = espirit_sets(full)
    seen = (maps != 0).any(-3)
    assert not (seen[1] & ~seen[0]).any()
    inner = torch.einsum("scyx,tcyx->styx", maps.conj(), maps)
    assert_close(inner[0, 0].real, seen[0].float(), 1e-5, "unit maps")
    assert_close(inner[1, 1].real, seen[1].float(), 1e-5, "unit maps")
    assert inner[0, 1].abs().max() < 1e-5
    assert_close(espirit_sets(full, 1)[0], dealias.espirit(full), 1e-5, "one set")
    with pytest.raises(UserError, match="6 coils cannot have 7 sets"):
        espirit_sets(full, 7)


def batch():
    """Four scans and random orthonormal sets of maps, of which the second is there in half of the picture."""
    scan = film(coils=4)
    generator = torch.Generator().manual_seed(1)
    random = torch.randn(*scan.shape[-2:], 4, 2, dtype=torch.complex64, generator=generator)
    maps = torch.linalg.qr(random)[0].permute(3, 2, 0, 1).clone()
    maps[1, :, :10] = 0
    return SoftSense(scan.kspace, scan.mask, maps[None, None], scan.noise_std)


@pytest.mark.parametrize("name", ["zero_filled", "sense", "wavelet", "total_variation", "image_l1"])
def test_the_contract_of_methods(name):
    assert_method(lambda: dealias.load(name), batch())


def test_the_whole_does_not_depend_on_how_sets_share_the_signal():
    """Any rotation of the maps of a pixel gives the same magnitude."""
    problem = batch()
    turn = torch.linalg.qr(torch.randn(2, 2, dtype=torch.complex64, generator=torch.Generator().manual_seed(2)))[0]
    maps = problem.maps[..., 10:, :]
    images = torch.randn(2, 9, 24, dtype=torch.complex64, generator=torch.Generator().manual_seed(3))
    coils = (maps[0, 0] * images[:, None]).sum(0)
    turned = torch.einsum("ts,scyx->tcyx", turn, maps[0, 0])
    again = (turned.conj() * coils).sum(1)
    assert_close(whole(again).abs(), whole(images).abs(), 1e-5, "rotated sets")
    assert_close(whole(images).sgn(), images[0].sgn(), 1e-5, "the phase of the first")


def test_neighbours_are_of_space_and_an_empty_set_shows_no_noise():
    problem = batch()
    assert (problem.coupled, problem.spatial) == (3, 2)
    assert film().spatial == 2
    assert float(of_problem(torch.tensor([0.0, 0.5])[:, None, None], 3)) == 0.5
    assert float(of_problem(torch.zeros(2, 1, 1), 3)) == 0.0


def test_networks_and_methods_of_films_say_no_in_one_line():
    torch.manual_seed(0)
    with pytest.raises(UserError, match="learned from images of one set of coil maps; use --method sense"):
        dealias.reconstruct("rim", batch())
    with pytest.raises(UserError, match="needs a film"):
        dealias.reconstruct("kt_focuss", batch())


@pytest.mark.filterwarnings("ignore::dealias.errors.Note")
def test_the_command(full, tmp_path):
    with h5py.File(tmp_path / "alias.h5", "w") as file:
        file["kspace"] = full.sampled(LINES).centred_kspace[None].numpy()
    command = ["reconstruct", str(tmp_path / "alias.h5"), "-o", str(tmp_path / "x.h5"), "--method", "sense"]
    execute([*command, "--sets", "2"])
    with h5py.File(tmp_path / "x.h5") as file:
        image = torch.from_numpy(file["image"][()])
    assert error(image[0], full.root_sum_of_squares, torch.ones(())) < 0.016
    with pytest.raises(UserError, match="--sets 2 estimates its maps; leave out --maps"):
        execute([*command, "--sets", "2", "--maps", "none", "--overwrite"])
    with pytest.raises(UserError, match="RIM learned from images of one set of coil maps; use --method sense"):
        execute(["reconstruct", "none.h5", "-o", "y.h5", "--method", "rim", "--sets", "2"])  # before it is read
    with pytest.raises(UserError, match="an error bar knows one set"):
        execute([*command, "--sets", "2", "--uncertainty", "--overwrite"])
