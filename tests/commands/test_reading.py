"""How a file is read: its own mask, its direction of the transform, patterns and noise of a user's."""

import h5py
import numpy as np
import pytest
import torch

from complaints import complaint
from dealias.__main__ import execute
from dealias.errors import Note
from dealias.files.open import open
from dealias.phantoms import head
from files.raw import header, lines, save, transform
from problems import coil_maps

Y, X, COILS = 32, 36, 3


def run(*words):
    execute([str(word) for word in words])


@pytest.fixture
def masked(tmp_path):
    """A file of all samples beside the mask of those that a method may use."""
    kspace = transform(head((Y, X)).numpy() * coil_maps(COILS, Y, X).numpy(), (-2, -1))[None].astype(np.complex64)
    mask = np.zeros(X, np.float32)
    mask[::2] = mask[X // 2 - 8 : X // 2 + 8] = 1
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["kspace"], file["mask"] = kspace, mask
    return tmp_path / "a.h5", kspace, mask


def test_a_mask_to_apply_or_to_ignore(masked, tmp_path, capsys):
    path, kspace, mask = masked
    words = ("undersample", path, "--mask", tmp_path / "p.npy", "-o")
    np.save(tmp_path / "p.npy", np.ones(X))
    text = complaint([*words, tmp_path / "no.h5"])
    assert "--file_mask apply keeps what the mask samples, --file_mask ignore all" in text
    run(*words, tmp_path / "few.h5", "--file_mask", "apply")
    run(*words, tmp_path / "all.h5", "--file_mask", "ignore")
    np.testing.assert_allclose(open(tmp_path / "few.h5").centred_kspace, kspace * mask, atol=1e-6)
    np.testing.assert_allclose(open(tmp_path / "all.h5").centred_kspace, kspace, atol=1e-6)
    run("info", path, "--file_mask", "apply")
    assert "1.38x" in capsys.readouterr().out


def test_a_pattern_of_a_users_own(masked, tmp_path):
    path, kspace, mask = masked
    np.save(tmp_path / "p.npy", mask)
    words = ("undersample", path, "--file_mask", "ignore", "-o", tmp_path / "u.h5", "--mask")
    run(*words, tmp_path / "p.npy")
    np.testing.assert_allclose(open(tmp_path / "u.h5").centred_kspace, kspace * mask, atol=1e-6)
    with pytest.warns(Note, match="--acceleration is left aside"):
        run(*words, tmp_path / "p.npy", "--acceleration", 2, "--overwrite")
    np.save(tmp_path / "p.npy", mask[:9])
    assert "the pattern has shape (9,), k-space (32, 36)" in complaint([*words, tmp_path / "p.npy", "--overwrite"])
    assert "missing: --acceleration" in complaint([*words, "gaussian", "--overwrite"])


def test_raw_data_turned_around(tmp_path):
    kspace = transform(head((Y, X)).numpy()[None], (-2, -1)).astype(np.complex64)
    save(tmp_path / "a.h5", header((Y, X, 1), (Y, X, 1)), lines(kspace))
    for word in ("auto", "yes", "no"):
        words = ("-o", tmp_path / f"{word}.npy", "--method", "zero_filled", "--conjugate", word)
        run("reconstruct", tmp_path / "a.h5", *words)
    auto, yes, no = (np.load(tmp_path / f"{word}.npy") for word in ("auto", "yes", "no"))
    np.testing.assert_array_equal(auto, no)
    np.testing.assert_allclose(np.roll(yes[..., ::-1, ::-1], (1, 1), (-2, -1)).conj(), no, atol=1e-5)


@pytest.mark.filterwarnings("ignore::dealias.errors.Note")
def test_maps_are_those_of_the_measured_coils(tmp_path):
    """Maps made of raw data with a noise scan, and given to its reconstruction, are whitened once."""
    import ismrmrd

    from files.raw import line

    draw = np.random.default_rng(0)
    noise = draw.standard_normal((COILS, 2000)) + 1j * draw.standard_normal((COILS, 2000))
    noise = np.array([[0.01, 0, 0], [0.005, 0.01, 0], [0.002j, 0, 0.02]]) @ noise
    kspace = transform(head((Y, X)).numpy() * coil_maps(COILS, Y, X).numpy(), (-2, -1)).astype(np.complex64)
    scan = [line(noise, flags=[ismrmrd.ACQ_IS_NOISE_MEASUREMENT]), *lines(kspace)]
    save(tmp_path / "a.h5", header((Y, X, 1), (Y, X, 1)), scan)
    run("maps", tmp_path / "a.h5", "-o", tmp_path / "m.h5")
    for name, maps in (("given", tmp_path / "m.h5"), ("auto", "auto")):
        words = ("-o", tmp_path / f"{name}.npy", "--method", "sense", "--maps", maps)
        run("reconstruct", tmp_path / "a.h5", *words)
    given, auto = (torch.from_numpy(np.load(tmp_path / f"{name}.npy")).abs() for name in ("given", "auto"))
    inside = auto > 0.2 * auto.max()
    assert (given - auto)[inside].norm() < 0.05 * auto[inside].norm()
