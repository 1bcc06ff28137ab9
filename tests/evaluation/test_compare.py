"""Every row once, the same numbers in whatever order, and all methods on the same data."""

import pytest
import torch

import dealias
from dealias.errors import UserError
from dealias.evaluation import metrics
from dealias.evaluation.compare import COLUMNS, Protocol, compare, key_of, measured
from dealias.evaluation.references import Reference
from dealias.phantoms import head


@pytest.fixture(scope="module")
def reference():
    image = head((40, 48))
    return Reference("a.npy", 3, image / image.abs().max(), 1.7)


class Recorder(dealias.Method):
    """Keeps the problems that it meets; its image is the zero-filled one."""

    iterations = 1
    seen = []

    def estimates(self, problem):
        self.seen.append(problem)
        yield problem.zero_filled


PROTOCOL = Protocol(accelerations=(2.0, 4.0), patterns=2)


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_every_row_has_its_place_and_its_numbers(reference):
    methods = {"zero": dealias.load("zero_filled"), "sense": dealias.load("sense")}
    rows = list(compare(methods, reference, PROTOCOL))
    assert len(rows) == 2 * 2 * 2 and len({key_of(row) for row in rows}) == 8
    assert all(row.keys() == set(COLUMNS) for row in rows)
    row = rows[6]
    assert (row["file"], row["slice"], row["frame"], row["method"]) == ("a.npy", 3, 0, "zero")
    assert (row["acceleration"], row["pattern"], row["noise"], row["coils"]) == (4.0, 1, 0.001, 1)
    assert row["actual_acceleration"] == pytest.approx(4, rel=0.01) and row["seconds"] > 0
    image = measured(reference, PROTOCOL, 4.0, 1).zero_filled
    for name in ("mse", "nmse", "nrmse", "psnr", "ssim", "hfen"):
        score = getattr(metrics, name)
        assert row[name] == pytest.approx(float(score(image, reference.image)), rel=1e-5)
        if name != "ssim":
            wanted = float(score(image, reference.image, phase=True))
            assert row[f"complex_{name}"] == pytest.approx(wanted, rel=1e-5)


def test_all_methods_see_the_same_data(reference):
    Recorder.seen.clear()
    list(compare({"a": Recorder(), "b": Recorder()}, reference, Protocol((3.0,), patterns=2)))
    a, b, c, d = Recorder.seen
    assert torch.equal(a.kspace, b.kspace) and torch.equal(c.kspace, d.kspace)
    assert not torch.equal(a.mask, c.mask)


def test_what_was_done_before_changes_nothing(reference):
    methods = {"zero": dealias.load("zero_filled"), "wavelet": dealias.load("wavelet", iterations=2)}
    whole = list(compare(methods, reference, PROTOCOL))
    done = {key_of(row) for row in whole[::3]}
    rest = list(compare(methods, reference, PROTOCOL, done))
    assert without_seconds(rest) == without_seconds([row for row in whole if key_of(row) not in done])
    alone = list(compare({"wavelet": methods["wavelet"]}, reference, Protocol(accelerations=(4.0,), patterns=1)))
    assert without_seconds(alone) == without_seconds([whole[5]])
    assert not list(compare(methods, reference, PROTOCOL, {key_of(row) for row in whole}))


def test_seed_slice_file_and_acceleration_draw_anew(reference):
    first = measured(reference, PROTOCOL, 4.0, 0).kspace
    others = [
        measured(reference, Protocol(seed=1), 4.0, 0),
        measured(Reference("b.npy", 3, reference.image, 1), PROTOCOL, 4.0, 0),
        measured(Reference("a.npy", 4, reference.image, 1), PROTOCOL, 4.0, 0),
        measured(reference, PROTOCOL, 4.0, 1),
        measured(reference, PROTOCOL, 2.0, 0),
    ]
    assert torch.equal(first, measured(reference, PROTOCOL, 4.0, 0).kspace)
    assert not any(torch.equal(first, other.kspace) for other in others)


def test_simulated_coils_and_noise(reference):
    scan = measured(reference, Protocol(coils=5, noise=0.1, mask="cartesian"), 1.0, 0)
    assert scan.coils == 5 and float(scan.noise_std) == pytest.approx(0.1)
    clean = scan.operator.forward(reference.image)
    assert float((scan.kspace - clean).real.std()) == pytest.approx(0.1, rel=0.05)


def test_a_scan_that_was_measured_gets_no_more_noise(reference):
    full = dealias.Acquisition.simulate(reference.image, torch.ones(48), noise_std=0.02)
    scan = Reference("a.h5", 0, full.zero_filled, 1.0, full)
    row, *_ = compare({"zero": dealias.load("zero_filled")}, scan, Protocol(accelerations=(1.0,), patterns=1))
    assert row["noise"] == 0 and row["psnr"] > 100
    kept = measured(scan, PROTOCOL, 4.0, 0)
    assert torch.equal(kept.kspace, full.kspace * kept.mask)


def test_the_range_of_the_volume(reference):
    own = next(compare({"zero": dealias.load("zero_filled")}, reference, Protocol((4.0,), patterns=1)))
    volume = next(
        compare({"zero": dealias.load("zero_filled")}, reference, Protocol((4.0,), patterns=1, range="volume"))
    )
    gain = 20 * torch.tensor(1.7).log10().item()
    assert volume["psnr"] - own["psnr"] == pytest.approx(gain, abs=1e-4)
    assert volume["complex_psnr"] - own["complex_psnr"] == pytest.approx(gain, abs=1e-4)
    assert volume["ssim"] > own["ssim"] and volume["nmse"] == own["nmse"]


@pytest.mark.parametrize("simulated", [True, False])
def test_a_film_has_a_row_for_each_frame(simulated):
    image = torch.stack([head((32, 36), seed=seed) for seed in range(3)])
    full = None if simulated else dealias.Acquisition.simulate(image, torch.ones(36), axes=("time", "y", "x"))
    film = Reference("film.h5", 0, image, 1.0, full)
    rows = list(compare({"zero": dealias.load("zero_filled")}, film, Protocol((3.0,), patterns=1)))
    assert [row["frame"] for row in rows] == [0, 1, 2]
    scan = measured(film, Protocol(), 3.0, 0)
    assert not torch.equal(scan.mask[0], scan.mask[1])  # another draw for every frame
    rest = list(compare({"zero": dealias.load("zero_filled")}, film, Protocol((3.0,), patterns=1), {key_of(rows[1])}))
    assert without_seconds(rest) == without_seconds([rows[0], rows[2]])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"patterns": 0}, "1 or more"),
        ({"accelerations": ()}, "--accelerations 2,3,4,5"),
        ({"accelerations": (0.5,)}, "--accelerations 2,3,4,5"),
        ({"noise": -1.0}, "noise of -1"),
        ({"mask": "gausian"}, "did you mean gaussian"),
        ({"mask_arguments": {"with": 3}}, "did you mean width"),
    ],
)
def test_impossible_protocols(wrong, message):
    with pytest.raises(UserError, match=message):
        Protocol(**wrong)
