"""reconstruct --adapt: a network learns from each scan before it reconstructs it."""

import h5py
import numpy as np
import pytest
import torch

import dealias
from complaints import complaint
from dealias import cards, find, sampling
from dealias.__main__ import execute
from dealias.phantoms import head


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images = torch.stack([head((32, 30), seed=seed) for seed in (1, 2)])
    scan = dealias.Acquisition.simulate(images, sampling.gaussian((32, 30), 3, centre=0.06), None, 0.002)
    dealias.write("scan.h5", scan)
    cards.save("net.safetensors", find.method("rim")(features=4, iterations=2))
    return tmp_path


def test_the_image_is_that_of_the_adapted_network(here, capsys):
    execute("reconstruct scan.h5 -o image.h5 --method net.safetensors --adapt --updates 6 --seed 3".split())
    scan = dealias.open("scan.h5")
    found = dealias.adapt("net.safetensors", scan, updates=6, seed=3)
    assert found.best > 0
    assert f"dealias: {found}" in capsys.readouterr().err.splitlines()
    with h5py.File("image.h5") as file:
        image = file["image"][()]
    assert np.allclose(image, dealias.reconstruct(found.method, scan).numpy(), rtol=1e-5)


def test_a_result_without_it_is_another(here):
    (here / "in").mkdir()
    (here / "scan.h5").rename("in/scan.h5")
    execute("reconstruct in -o out --method net.safetensors".split())
    text = complaint("reconstruct in -o out --method net.safetensors --adapt --updates 3".split())
    assert "1 failed" in text


def test_what_cannot_be(here):
    command = "reconstruct scan.h5 -o image.h5 --method"
    assert "give --adapt" in complaint(f"{command} net.safetensors --updates 5".split())
    assert "0 updates" in complaint(f"{command} net.safetensors --adapt --updates 0".split())
    assert "no duration" in complaint(f"{command} net.safetensors --adapt --time soon".split())
    assert "no network" in complaint(f"{command} wavelet --adapt".split())
    assert "error bar" in complaint(f"{command} net.safetensors --adapt --uncertainty".split())


def test_a_method_that_learns_nothing_is_refused_before_the_work(here):
    text = complaint("reconstruct nothing_here.h5 -o image.h5 --method wavelet --adapt")
    assert text.startswith("Wavelet is no network that could be adapted")
