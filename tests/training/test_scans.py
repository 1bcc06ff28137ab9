"""Examples from measured scans: a slice is read, cut out, undersampled; or taken as it is where it is undersampled."""

import h5py
import numpy as np
import pytest
import torch

import dealias
from dealias.configure import typed_arguments
from dealias.errors import UserError
from dealias.phantoms import head
from dealias.training import scans as module
from dealias.training.scans import Scans, Slices, part_of


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def full():
    """Three slices by four coils, without their maps."""
    images = torch.stack([head((60, 72), seed=seed) for seed in range(3)])
    maps = dealias.coils.simulate((60, 72), 4, generator=seeded(1))
    return dealias.Acquisition.simulate(images, torch.ones(60, 72), maps, 1e-4, generator=seeded(2)).with_maps(None)


@pytest.fixture
def file(full, tmp_path):
    path = tmp_path / "full.h5"
    with h5py.File(path, "w") as stored:
        stored["kspace"] = full.centred_kspace.numpy()
    return path


@pytest.mark.filterwarnings("ignore:the mask samples nothing")
def test_empty_slices_are_never_drawn(full, tmp_path):
    """The first and the last of a volume often hold nothing; they have no image to learn, and no mask."""
    kspace = full.centred_kspace.numpy().copy()
    kspace[[0, 2]] = 0
    np.save(tmp_path / "ends.npy", kspace)
    scans = Scans(Slices([str(tmp_path / "ends.npy")]), crop=(48, 56), batch=2, estimated_maps=0.0)
    for seed in range(3):
        assert scans.examples((48, 56), seeded(seed)).truth.abs().amax((-2, -1)).min() > 0.1
    np.save(tmp_path / "nothing.npy", 0 * kspace)
    with pytest.raises(UserError, match="nothing.npy: holds no signal"):
        Slices([str(tmp_path / "nothing.npy")])


@pytest.mark.filterwarnings("ignore:k-space is not centred", "ignore:.*columns of zeros left of it")
def test_the_centre_of_a_scan_that_lacks_one_side_is_moved_to_the_middle(full, tmp_path):
    """Masks are drawn around the middle, and held-out samples are chosen by their distance from it."""
    np.save(tmp_path / "cropped.npy", full[0].centred_kspace[0, :, 20:].numpy())
    size = Slices([str(tmp_path / "cropped.npy")])[0].kspace.abs().squeeze(-3)
    y, x = divmod(int(size.argmax()), size.shape[-1])
    assert max(min(y, 60 - y), min(x, 52 - x)) <= 1


@pytest.mark.parametrize("estimated_maps", [0.0, 1.0])
def test_a_full_scan_is_undersampled_and_its_image_known(file, estimated_maps):
    scans = Scans(Slices([str(file)]), crop=(48, 56), batch=2, estimated_maps=estimated_maps)
    for seed in range(3):
        example = scans.examples(scans.size(seeded(seed)), seeded(seed))
        problem, target = example.problem, example.truth
        assert problem.shape == target.shape and problem.coils == 4
        assert all(48 <= side <= 56 for side in target.shape[1:])
        assert (1.3 if estimated_maps else 1.9) < problem.acceleration < 8.1, "small parts leave room for the centre"
        residual = (problem.operator(target) - problem.data).abs().square().sum().sqrt()
        assert residual < 0.15 * problem.data.abs().square().sum().sqrt()
        if estimated_maps:
            torch.testing.assert_close(problem.maps, module.estimated(problem))


def test_a_part_is_the_part_of_the_image(full):
    scan = full[0].with_maps(dealias.espirit(full[0]))
    part = part_of(scan, (31, 1000), seeded(3))
    assert part.shape == (31, 72) and part.mask.all()
    turns = [(), (-2,), (-1,), (-2, -1)]
    places = [scan.zero_filled[first : first + 31].flip(axes) for first in range(30) for axes in turns]
    assert min(float((place - part.zero_filled).abs().max()) for place in places) < 1e-5


def test_the_same_generator_the_same_example(file):
    scans = Scans(Slices([str(file)]), noise=(0.01, 0.02), crop=(48, 56))
    first, second, other = (scans.examples((48, 56), seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.problem.kspace, second.problem.kspace) and torch.equal(first.truth, second.truth)
    assert not torch.equal(first.problem.kspace, other.problem.kspace)


def test_noise_is_added_to_the_data_and_not_to_the_image(full):
    scan = full[0].with_maps(dealias.espirit(full[0]))
    example = Scans([scan], crop=(48, 48), noise=(0.02, 0.02), estimated_maps=0.0).examples((48, 48), seeded(4))
    truth, problem = example.truth, example.problem
    sampled = problem.mask.expand(problem.kspace.shape)
    level = float((problem.operator(truth) - problem.data)[sampled].real.std() / truth.abs().max())
    assert level == pytest.approx(0.02, rel=0.1)


def test_an_undersampled_scan_is_taken_as_it_is(full):
    mask = dealias.sampling.cartesian((60, 72), 2, centre=0.25, generator=seeded())
    scan = full[0].sampled(mask).with_maps(dealias.espirit(full[0]))
    example = Scans([scan], estimated_noise=0.0).examples((40, 40), seeded())
    assert example.target is None
    torch.testing.assert_close(example.problem[0].kspace, scan.kspace)


def test_slices_are_read_when_they_are_asked_for(file, full, monkeypatch):
    asked = []
    usual = module.open
    monkeypatch.setattr(module, "open", lambda path, slices=None: asked.append(slices) or usual(path, slices=slices))
    slices = Slices([str(file)])
    assert len(slices) == 3 and asked == [0], "one, to see whether the file is sound"
    scan = slices[2]
    assert asked == [0, 2] and scan.kspace.shape == (4, 60, 72)
    torch.testing.assert_close(scan.kspace, full[2].kspace)
    estimates = []
    monkeypatch.setattr(module, "estimated", lambda scan: estimates.append(1))
    assert torch.equal(slices[2].maps, scan.maps) and not estimates, "maps are remembered"


def test_maps_of_the_file_are_kept_and_other_formats_held(full, tmp_path):
    maps = dealias.coils.simulate((60, 72), 4, generator=seeded(1))
    np.savez(tmp_path / "scan.npz", kspace=full.centred_kspace.numpy(), maps=maps.numpy())
    slices = Slices([str(tmp_path)])
    assert len(slices) == 3
    torch.testing.assert_close(slices[1].maps, maps)


def test_scans_of_unequal_sizes_and_coils(file, full, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as stored:
        stored["kspace"] = full.centred_kspace[:1, :3, :, 4:-4].numpy()
    slices = Slices([str(tmp_path)])
    assert {slices[number].coils for number in range(len(slices))} == {3, 4}
    one, two = (Scans(slices, crop=(48, 48), batch=batch) for batch in (1, 2))
    assert {one.examples((48, 48), seeded(seed)).problem.coils for seed in range(12)} == {3, 4}
    with pytest.raises(UserError, match="batch 1"):
        [two.examples((48, 48), seeded(seed)) for seed in range(12)]


def test_what_cannot_be_learned_from(full, tmp_path):
    with pytest.raises(UserError, match="none.h5"):
        Slices([str(tmp_path / "none.h5")])
    with h5py.File(tmp_path / "film.h5", "w") as stored:
        stored["kspace"] = torch.stack([full.centred_kspace] * 2, 1).numpy()
        stored.attrs["axes"] = "slice time coil y x"
    with pytest.raises(UserError, match="film.h5: holds films"):
        Slices([str(tmp_path / "film.h5")])


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"crop": [20, 64]}, "crop cannot range"),
        ({"acceleration": [0.5, 4]}, "acceleration"),
        ({"noise": [0.1, 0.01]}, "noise"),
        ({"lines": 1.5}, "how often"),
        ({"batch": 0}, "batch"),
        ({"columns": 3}, "takes no argument 'columns'"),
    ],
)
def test_what_cannot_be_drawn(values, text):
    with pytest.raises(UserError, match=text) as caught:
        Scans((), **typed_arguments(Scans, values, given=("scans",)))
    assert "\n" not in str(caught.value)
