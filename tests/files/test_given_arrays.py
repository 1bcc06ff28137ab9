"""Patterns and noise scans are read from every format that holds arrays."""

import h5py
import numpy as np
import pytest
import torch
from scipy.io import savemat

from dealias.acquisition import Acquisition
from dealias.coils import whiten
from dealias.errors import UserError
from dealias.files.given_arrays import read_noise, read_pattern

COILS, SAMPLES = 3, 200


def save(path, name, array):
    """Write an array as the format of the extension holds it; for cfl it has BART's axes."""
    if path.suffix == ".npy":
        np.save(path, array)
    elif path.suffix == ".npz":
        np.savez(path, **{name: array, "other": np.ones(3)})
    elif path.suffix == ".mat":
        savemat(path, {name: array})
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file[name] = array
    else:
        path.with_suffix(".hdr").write_text("# Dimensions\n" + " ".join(map(str, array.shape)) + "\n")
        np.asfortranarray(array.astype(np.complex64)).T.tofile(path)
    return path


@pytest.mark.parametrize("kind", ["npy", "npz", "mat", "h5", "cfl"])
def test_patterns(tmp_path, kind):
    pattern = np.zeros((10, 12), np.float32)
    pattern[:, ::3] = 1
    found = read_pattern(save(tmp_path / f"p.{kind}", "mask", pattern))
    assert torch.equal(found, torch.from_numpy(pattern) != 0)


@pytest.mark.parametrize("kind", ["npy", "mat", "h5", "cfl"])
def test_noise_whitens_whatever_axis_the_coils_have(tmp_path, kind):
    draw = np.random.default_rng(0)
    noise = draw.standard_normal((COILS, SAMPLES)) + 1j * draw.standard_normal((COILS, SAMPLES))
    noise *= np.array([1, 2, 5])[:, None]
    stored = {"mat": noise.T, "cfl": noise.T[:, None, None], "h5": noise.T}.get(kind, noise)
    scan = Acquisition.centred(torch.from_numpy(noise.astype(np.complex64)[:, :, None]))
    found = read_noise(save(tmp_path / f"n.{kind}", "noise", stored))
    wanted = whiten(scan, noise)
    torch.testing.assert_close(whiten(scan, found).kspace, wanted.kspace, rtol=1e-4, atol=1e-4)


def test_mistakes(tmp_path):
    with pytest.raises(UserError, match=r"n.npy: holds real numbers; a noise scan is complex"):
        read_noise(save(tmp_path / "n.npy", "", np.ones((3, 9))))
    (tmp_path / "a.txt").write_text("words")
    with pytest.raises(UserError, match="is no file of arrays; give a sampling pattern as "):
        read_pattern(tmp_path / "a.txt")
    np.savez(tmp_path / "two.npz", a=np.ones(3), b=np.ones(3))
    with pytest.raises(UserError, match="holds the arrays a, b; give a sampling pattern alone, or call it 'mask'"):
        read_pattern(tmp_path / "two.npz")
    with pytest.raises(UserError, match="does not exist"):
        read_pattern(tmp_path / "none.npy")
