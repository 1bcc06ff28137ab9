"""What the papers printed, in a second copy: tables, sizes, steps, losses and centres that the pages compare with.

| Recurrent Inference Machines for Accelerated MRI Reconstruction (Lonning et al., 2018)
| Convolutional Recurrent Neural Networks for Dynamic MR Image Reconstruction (Qin et al., 2019), table I
"""

import inspect
import math
from pathlib import Path

import pytest
import yaml

from dealias import cards, sampling
from dealias.find import method
from dealias.training.films import FilmSimulation
from dealias.training.simulate import Simulation
from test_reproductions import room  # noqa: F401

pytestmark = pytest.mark.usefixtures("room")
CONFIGS = Path(cards.__file__).parent / "configs"
# k-t FOCUSS, k-t SLR, 3D CNN-S, 3D CNN, CRNN A, CRNN B, as printed
PSNR = {
    6.0: (32.506, 34.632, 34.370, 35.841, 35.676, 36.916),
    9.0: (29.721, 31.409, 30.838, 32.694, 32.864, 33.707),
    11.0: (27.593, 29.577, 28.803, 31.035, 30.991, 31.648),
}
HFEN = {
    6.0: (0.211, 0.161, 0.170, 0.138, 0.141, 0.118),
    9.0: (0.310, 0.260, 0.280, 0.215, 0.216, 0.198),
    11.0: (0.390, 0.327, 0.363, 0.281, 0.283, 0.256),
}


def defaults(function):
    """The defaults of a function's or constructor's arguments."""
    return {name: item.default for name, item in inspect.signature(function).parameters.items()}


def test_table_one_of_the_crnn_paper():
    import dynamic

    assert dynamic.METHODS == ("k-t FOCUSS", "k-t SLR", "3D CNN-S", "3D CNN", "CRNN A", "CRNN B")
    assert dynamic.PAPER.keys() == PSNR.keys() == HFEN.keys() == {*dynamic.ACCELERATIONS}
    for r, (psnr, hfen) in dynamic.PAPER.items():
        assert psnr == pytest.approx(PSNR[r], abs=0.0051)
        assert [value / 1000 for value in hfen] == pytest.approx(HFEN[r])
    assert [*dynamic.PRINTED.values()] == [338_946, 3_389_460, 262_020, 1_040_132]


def test_times_of_the_rim_paper():
    import times

    assert [*times.MILLISECONDS.values()] == [236, 126, 40, 1203]


def test_the_rims_grids_and_training():
    import generalisation
    import hyper_parameters
    from _image_trainings import PLAIN, rim

    assert hyper_parameters.STEPS == (4, 6, 8, 10, 12) and hyper_parameters.FEATURES == (32, 64, 128)
    assert generalisation.ACCELERATIONS == (2.0, 3.0, 4.0, 5.0)
    training = rim(100)
    assert training["method_arguments"] == {"features": 64, "iterations": 8}, "no consistency, which is ours"
    assert training["loss"] == "squared_error" and training["simulation"]["crop"] == [30, 30]
    assert PLAIN == {"lines": 0, "image_noise": 0, "band": 0, "coils": 0, "hide_noise_level": 0}
    given = defaults(method("rim"))
    assert (given["iterations"], given["features"]) == (8, 64)


def test_the_project_pages_training(monkeypatch):
    import _project_page
    import spread

    class Asked:
        def history(self, **settings):
            return settings

    settings = _project_page.history(Asked(), "complex_rim", 1000)
    assert settings["method_arguments"] == {"features": 32, "iterations": 10}
    assert settings["simulation"]["acceleration"] == [2.0, 6.0] and settings["simulation"]["crop"] == [30, 30]
    assert math.pi * settings["simulation"]["centre"] ** 2 == pytest.approx(0.02)
    assert settings["rate"] == 1e-3 and (_project_page.STEPS, _project_page.SIDE) == (10, 96)
    assert spread.ACCELERATIONS == (2, 3, 4, 5, 6) and spread.FOLLOWED == (4, 6)


def test_the_crnns_training_in_full():
    import _film_trainings
    import iterations

    for name, features in (("CRNN A", None), ("CRNN B", 128)):
        arguments = _film_trainings.network(name, full=True)["method_arguments"]
        assert arguments["iterations"] == 10 and arguments.get("features") == features
    assert defaults(method("crnn"))["features"] == 64 and iterations.ITERATIONS == 20
    common = _film_trainings.models(0, 600, full=True).common
    assert common["loss"] == "last_squared_error" and common["clip"] == 5.0
    size = {name: common["simulation"][name] for name in ("crop", "columns", "frames")}
    assert size == {"crop": [32, 32], "columns": [256, 256], "frames": 15}


def test_films_are_sampled_as_the_papers():
    import _films
    import film

    assert (film.ACCELERATION, film.COLUMN) == (9, 120)
    assert 256 * _films.READOUT == 192 and 256 * _films.LINES == 190
    assert defaults(sampling.kt)["central"] == 8
    assert defaults(method("kt_slr"))["power"] == 0.1


def test_the_common_rate_and_centre():
    from _image_trainings import RATE, USUAL, rim, unet

    assert (USUAL, RATE) == (1e-3, 3e-3), "ADAM's, and the best of sensitivity.py where a training is short"
    assert (unet(1, crop=64, batch=2)["rate"], rim(1)["rate"]) == (USUAL, RATE)
    assert defaults(method("wavelet"))["iterations"] == 40, "the RIM paper's"
    assert (defaults(sampling.gaussian)["centre"], defaults(Simulation)["centre"]) == (0.02, 0.02)
    assert defaults(FilmSimulation)["acceleration"] == (2.0, 11.0)


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("variational_network", {"features": 48, "iterations": 10, "size": 11, "nodes": 31}),
        ("e2e_varnet", {"features": 18, "iterations": 12, "poolings": 4, "map_features": 8, "map_poolings": 4}),
        ("varnet", {"features": 18, "iterations": 9, "poolings": 4, "start": "blank", "shared": False}),
        ("basis_pursuit", {"features": 64, "iterations": 4, "block": "resnet", "gradients": 10}),
        ("modl", {"features": 64, "iterations": 10, "block": "cnn", "gradients": 10}),
        ("conv_decoder", {"rate": 0.008}),
        ("crnn", {"features": 64, "iterations": 10}),
        ("complex_rim", {"features": 64, "iterations": 8}),
        ("unet", {"features": 32, "poolings": 3, "pooling": "max", "output": "magnitude"}),
        ("kt_focuss", {"power": 0.5}),
    ],
)
def test_the_papers_sizes_are_the_defaults_and_those_of_their_trainings(name, printed):
    given = defaults(method(name))
    assert printed.items() <= given.items()
    path = CONFIGS / f"{name}_paper.yaml"
    if path.exists():
        assert printed.items() <= (given | yaml.safe_load(path.read_text())["method_arguments"]).items()


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("variational_network_paper", "last_squared_error"),
        ("e2e_varnet_paper", "ssim"),
        ("varnet_paper", "ssim"),
        ("basis_pursuit_paper", "measured"),
        ("unet", "magnitude_error"),
    ],
)
def test_the_papers_losses(name, loss):
    assert yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())["loss"] == loss


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_training_sees_who_chooses(path):
    settings = yaml.safe_load(path.read_text())
    seen = [*settings.get("data", ()), *settings.get("scans", ()), *settings.get("films", ())]
    assert not {*seen} & {*settings.get("validation", ())}


@pytest.mark.parametrize("name", cards.weights())
def test_no_shipped_weight_saw_who_judges(name):
    """The held-back brain, bodies elsewhere, the measured films; hearts by their seeds."""
    import _data
    import _films

    settings = cards.read(cards.path_of(name))["settings"]
    seen = {Path(file).stem for file in [*settings["data"], *settings.get("films", ()), *settings.get("scans", ())]}
    judges = ["siat_brain_val", "kellman_fatwater", "ukat_b0_256", "ukat_r2star_philips", "ukat_t1_philips"]
    assert _data.foreign().keys() == {*judges[1:]}
    assert (seen or settings.get("bodies")) and not seen & {*judges, "sc_kspace", *_films.MEASURED.values()}
    assert settings["phantoms"] < _films.FIRST - 1


def test_no_page_trains_on_who_judges(monkeypatch):
    import _data
    import _film_trainings
    import _films
    import _image_trainings

    monkeypatch.setattr(_data, "sources", lambda name: [name])
    monkeypatch.setattr(_image_trainings, "sources", lambda name: [name])
    assert _image_trainings.brains(0).common == {"data": ["siat_brain_train"], "validation": ["siat_brain_val"]}
    common = _film_trainings.models(0, 10).common
    assert common["data"] == ["siat_brain_train"] and common["phantoms"] < _films.FIRST - 1
    asked = []
    monkeypatch.setattr(_films, "heart", lambda shape, seed: asked.append(seed) or _films.torch.rand(*shape) + 0j)
    _films.hearts(3, frames=2, rows=4)
    assert asked == [1000, 1001, 1002] and _film_trainings.training("CRNN A")["films"] == []
