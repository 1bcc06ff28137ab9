"""On what a training is judged."""

import numpy as np
import pytest
import torch

import dealias
from dealias.errors import UserError
from dealias.phantoms import head
from dealias.training import validation_set as module
from dealias.training.films import hearts
from dealias.training.validation_set import of_films, validation_set


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three heads, and a scan of two slices by six coils."""
    folder = tmp_path_factory.mktemp("validation")
    images = torch.stack([head((64, 72), seed=seed) for seed in range(3)])
    np.save(folder / "heads.npy", images.numpy())
    maps = dealias.coils.simulate((64, 72), 6, generator=torch.Generator().manual_seed(1))
    scan = dealias.Acquisition.simulate(images[:2], torch.ones(64, 72), maps, 0.001)
    np.savez(folder / "scan.npz", kspace=scan.centred_kspace.numpy())
    np.savez(folder / "fast.npz", kspace=scan.sampled(dealias.sampling.gaussian((64, 72), 3)).centred_kspace.numpy())
    return folder


def test_images_are_seen_by_one_coil_or_several(folder):
    one, again, several = (
        validation_set([str(folder / "heads.npy")], several_coils=several) for several in (False, False, True)
    )
    assert [(e.problem.coils, round(e.problem.acceleration)) for e in one] == [(1, 2)] * 3 + [(1, 4)] * 3
    assert [(e.problem.coils, round(e.problem.acceleration)) for e in several] == [(1, 4)] * 3 + [(8, 4)] * 3
    assert all(torch.equal(a.problem.kspace, b.problem.kspace) for a, b in zip(one, again, strict=True))
    assert torch.equal(one[0].truth, several[0].truth)
    scan = several[-1].problem
    torch.testing.assert_close(scan.maps, dealias.espirit(scan))


def test_measured_scans_are_undersampled_by_points_and_by_lines(folder):
    examples = validation_set([str(folder / "scan.npz")])
    assert [(example.problem.coils, round(example.problem.acceleration)) for example in examples] == [(6, 4)] * 4
    points, lines = (example.problem.centred_mask[0] for example in examples[:2])
    assert (lines == lines[0]).all() and not (points == points[0]).all()
    assert lines[0, 30:43].all() and points[26:39, 30:43].all(), "what ESPIRiT needs"
    wanted = head((64, 72), seed=0)
    seen = (examples[0].problem.maps != 0).any(-3)
    error = examples[0].truth.abs() - wanted.abs()  # the phase is that of ESPIRiT's maps
    assert float(error[seen].abs().mean()) < 0.01


def test_about_five_images_judge_or_three_where_coils_do_and_each_measured_slice(folder, monkeypatch, untyped):
    np.save(folder / "many.npy", torch.stack([head((32, 32), seed=seed) for seed in range(12)]).numpy())
    monkeypatch.setattr(module, "of_images", lambda images, cases: [(len(images), cases)])
    monkeypatch.setattr(module, "of_scans", lambda scans: [len(scans)])
    sources = [str(folder / "many.npy"), str(folder / "scan.npz")]
    one, several = (module.validation_set(sources, several_coils=several) for several in (False, True))
    assert one == [(6, ((1, 2.0, 0.001), (1, 4.0, 0.001))), 2]
    assert several == [(3, ((1, 4.0, 0.001), (8, 4.0, 0.002))), 2]


def test_empty_slices_judge_nothing(folder, tmp_path):
    """Their PSNR would be infinite, and so would the mean by which the best weights are known."""
    kspace = np.load(folder / "scan.npz")["kspace"]
    np.savez(tmp_path / "ends.npz", kspace=np.concatenate([0 * kspace[:1], kspace]))
    examples, wanted = (validation_set([str(path)]) for path in (tmp_path / "ends.npz", folder / "scan.npz"))
    assert len(examples) == len(wanted) == 4
    assert all(torch.equal(a.truth, b.truth) for a, b in zip(examples, wanted, strict=True))


def test_what_judges_nothing_is_refused(folder):
    with pytest.raises(UserError, match="fast.npz: is undersampled"):
        validation_set([str(folder / "fast.npz")])
    with pytest.raises(UserError, match="none.npy"):
        validation_set([str(folder / "none.npy")])


def test_films():
    film = hearts(1)[0]
    examples, again = (of_films([film, film[:6]]) for _ in range(2))
    assert [example.problem.shape for example in examples] == [(10, 64, 208), (6, 64, 208)] * 2
    assert [round(example.problem.acceleration) for example in examples] == [6, 6, 9, 9]
    assert all(torch.equal(a.problem.kspace, b.problem.kspace) for a, b in zip(examples, again, strict=True))
    top = (film.shape[1] - 64) // 2
    part = film[:10, top : top + 64].abs()
    torch.testing.assert_close(examples[0].truth.abs(), part / part.max())
    assert examples[0].truth.imag.abs().max() > 0.1 and float(examples[0].problem.noise_std) == pytest.approx(0.001)
    narrow, _ = of_films([film[:, :40, :40]])
    assert narrow.truth.shape == (10, 40, 40) and round(narrow.problem.acceleration) == 6
