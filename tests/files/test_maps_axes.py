"""Maps of others fit a scan whatever order their axes have."""

from itertools import permutations

import h5py
import numpy as np
import pytest
import torch

from dealias.acquisition import Acquisition
from dealias.coils import simulate
from dealias.files.maps_axes import fitted
from dealias.files.open import open
from dealias.phantoms import head
from problems import coil_maps


def scan(maps, every=2):
    image = torch.stack([head(maps.shape[-2:], seed=n) for n in range(maps.shape[0])]) if maps.ndim > 3 else None
    image = head(maps.shape[-2:]) if image is None else image
    mask = torch.zeros(maps.shape[-1])
    mask[::every] = mask[maps.shape[-1] // 2 - 4 : maps.shape[-1] // 2 + 4] = 1
    return Acquisition.simulate(image, mask, maps).with_maps(None)


@pytest.mark.parametrize("shape", [(24, 30), (24, 24)])
@pytest.mark.parametrize("order", [(1, 2, 0), (0, 1, 2), (2, 1, 0)])
@pytest.mark.parametrize("single", [None, 0, 2, 3])
def test_one_image(order, single, shape):
    maps = coil_maps(4, *shape)
    given = maps.permute(order) if single is None else maps.permute(order).unsqueeze(single)
    torch.testing.assert_close(fitted(given, scan(maps)).squeeze(), maps)


@pytest.mark.parametrize("order", [*permutations(range(4))][::3])
def test_volumes(order):
    """A cube of maps fits in several ways; one explains the coil images."""
    draws = [torch.Generator().manual_seed(n) for n in range(16)]
    maps = torch.stack([simulate((16, 16), 4, generator=draw) for draw in draws])
    torch.testing.assert_close(fitted(maps.permute(order), scan(maps, 1)), maps)


def test_maps_that_fit_no_order_stay():
    maps = coil_maps(4, 24, 30)
    assert fitted(maps[:3], scan(maps)).shape == (3, 24, 30)


def test_opening_with_maps(tmp_path):
    maps = coil_maps(4, 24, 30)
    np.save(tmp_path / "k.npy", scan(maps).centred_kspace.numpy())
    torch.testing.assert_close(open(tmp_path / "k.npy", maps=maps.permute(1, 2, 0)[:, :, None]).maps, maps)


@pytest.mark.parametrize("name", ["k.h5", "k.npz"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 2, 3), (3, 2, 1, 0)])
@pytest.mark.parametrize("coils", [3, 5])
def test_maps_of_the_wanted_slices(name, order, coils, tmp_path):
    """Of five slices, also where there are five coils: then all maps are read, and their order found."""
    draws = [torch.Generator().manual_seed(n) for n in range(5)]
    maps = torch.stack([simulate((24, 20), coils, generator=draw) for draw in draws])
    arrays = {"kspace": scan(maps).centred_kspace.numpy(), "maps": maps.permute(order).numpy()}
    if name == "k.npz":
        np.savez(tmp_path / name, **arrays)
    else:
        with h5py.File(tmp_path / name, "w") as file:
            file.update(arrays)
    for slices in (None, 2, slice(1, 5, 2)):
        found = open(tmp_path / name, slices=slices).maps
        wanted = maps[slices] if isinstance(slices, slice) else maps if slices is None else maps[2:3]
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
