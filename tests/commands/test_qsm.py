"""dealias qsm as a user meets it: NIfTI or k-space in, a folder of stages out."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from brains import error, phantom, scan
from complaints import complaint
from dealias import cards, sampling
from dealias.__main__ import execute
from dealias.errors import Note, UserError
from dealias.methods.rim import RIM
from dealias.susceptibility import stages
from dealias.susceptibility.echoes import Told, bids_files, read_echoes
from dealias.susceptibility.scan import reconstructed, shared_phase
from dealias.susceptibility.volumes import affine_of, geometry, read_volume, write_volume

GIVEN = "qsm --magnitude mag.nii.gz --phase phase.nii.gz -o out --radius 15".split()


def write_kspace(name, kspace, **more):
    head, made = phantom(), scan()
    said = {"echo_times": made.echo_times, "field_strength": 7.0, "voxel_size": head.voxel_size}
    said |= {"b0_direction": head.direction, "axes": "echo coil z y x", **more}
    with h5py.File(name, "w") as file:
        data = file.create_dataset("kspace", data=kspace.numpy())
        data.attrs.update({key: value for key, value in said.items() if value is not None})


def result(name):
    return read_volume(name)[0]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    head, made = phantom(), scan()
    affine = affine_of(head.chi.shape, head.voxel_size, head.direction)
    write_volume(tmp_path / "mag.nii.gz", made.images[:, 0].abs(), affine)
    write_volume(tmp_path / "phase.nii.gz", made.images[:, 0].angle(), affine)
    said = {"EchoTime": made.echo_times, "MagneticFieldStrength": 7}
    (tmp_path / "phase.json").write_text(json.dumps(said))
    return tmp_path


def test_nifti_to_susceptibility_and_no_stage_twice(here, capsys):
    execute(GIVEN)
    head, chi = phantom(), result(here / "out/chi.nii.gz")
    mask = result(here / "out/local_mask.nii.gz") > 0.5
    pair = torch.stack([chi[mask], head.chi[mask]])
    assert float(torch.corrcoef(pair)[0, 1]) > 0.5
    nuclei = mask & (head.labels >= 1) & (head.labels <= 6)
    assert float(chi[nuclei].mean()) > 0.02 and abs(float(chi[mask].mean())) < 1e-4
    for name in ("magnitude", "phase", "field", "field_noise", "mask", "r2star", "local_field"):
        assert (here / f"out/{name}.nii.gz").is_file()
    assert (here / "out/chi.png").stat().st_size > 5000
    report = json.loads((here / "out/qsm.json").read_text())
    assert report["unit"] == "ppm" and report["stages"]["chi"]["reference"] == "whole mask"
    assert report["stages"]["chi"]["regularisation"] == 2e-4 and report["iron_paramagnetic"]
    assert report["stages"]["local_field"]["radius"] == 15 and report["stages"]["local_field"]["threshold"] == 0.05
    assert report["stages"]["echoes"]["offset"] == {"smoothing": [2.0, 2.0, 2.0]}
    assert report["stages"]["field"]["fit"] == {"passes": 3} and report["stages"]["field"]["mask"]["poor"] == 0.9
    assert report["stages"]["chi"]["penalty"] == 0.1 and report["stages"]["chi"]["iterations"] == 30
    assert {"dealias", "torch", "nibabel"} < report["stages"]["chi"]["versions"].keys()
    capsys.readouterr()
    execute(GIVEN)
    assert capsys.readouterr().err.count("done before") == 5
    with pytest.raises(UserError, match="--overwrite"):
        execute([*GIVEN, "--inversion", "division"])
    execute([*GIVEN, "--inversion", "division", "--overwrite"])
    assert capsys.readouterr().err.count("done before") >= 4
    assert not torch.equal(result(here / "out/chi.nii.gz"), chi)


def test_a_network_inverts(here):
    cards.save("w.safetensors", RIM(features=2, iterations=1, channels=1, dimensions=3))
    write_kspace("k.h5", scan().kspace)
    assert "--inversion" in complaint("qsm k.h5 -o out --method w.safetensors".split())
    execute([*GIVEN, "--inversion", "w.safetensors"])
    report = json.loads((here / "out/qsm.json").read_text())["stages"]["chi"]
    assert report["inversion"] == "w.safetensors" and len(report["weights"]) == 16
    assert torch.isfinite(result(here / "out/chi.nii.gz")).all()


def test_an_interrupted_run_goes_on_where_it_was(here, capsys, monkeypatch):
    def interrupted(path, volume, affine, *, overwrite):
        if path.name == "local_mask.nii.gz":
            raise KeyboardInterrupt
        write_volume(path, volume, affine, overwrite=overwrite)

    with monkeypatch.context() as patch:
        patch.setattr(stages, "write_volume", interrupted)
        with pytest.raises(KeyboardInterrupt):
            execute([*GIVEN, "--inversion", "division"])
    assert (here / "out/local_field.nii.gz").is_file() and not (here / "out/chi.nii.gz").exists()
    capsys.readouterr()
    execute([*GIVEN, "--inversion", "division"])  # without --overwrite, though half of a stage lies there
    said = capsys.readouterr().err
    assert said.count("done before") == 3 and "local_field: done before" not in said
    assert (here / "out/chi.nii.gz").is_file()


def test_both_conventions_of_phase(here):
    phase, affine = read_volume(here / "phase.nii.gz")
    write_volume(here / "phase.nii.gz", -phase, affine, overwrite=True)
    with pytest.warns(Note, match="diamagnetic"):
        execute(GIVEN)
    execute([*GIVEN[:-4], "-o", "turned", *GIVEN[-2:], "--conjugate"])
    assert json.loads((here / "turned/qsm.json").read_text())["iron_paramagnetic"]


def test_kspace_gives_what_images_give(here):
    execute(GIVEN)
    write_kspace("full.h5", scan().kspace)
    execute("qsm full.h5 -o k --radius 15".split())
    mask = result(here / "out/local_mask.nii.gz") > 0.5
    assert error(result(here / "k/chi.nii.gz"), result(here / "out/chi.nii.gz"), mask) < 0.02


def test_a_mask_for_kspace(here):
    write_kspace("full.h5", scan().kspace)
    head, (_, affine) = phantom(), read_volume(here / "phase.nii.gz")
    write_volume(here / "m.nii.gz", head.mask, affine)
    execute("qsm full.h5 -o k --mask m.nii.gz --inversion division".split())
    assert torch.equal(result(here / "k/mask.nii.gz") > 0.5, head.mask)


def test_undersampled_kspace_is_solved_along_the_readout():
    kspace, truth = scan().kspace[:2], scan().images[:2]
    mask = torch.rand(2, 1, 40, 40, 1, generator=torch.Generator().manual_seed(0)) < 0.4
    mask[..., 14:26, 14:26, :] = True
    filled = reconstructed(kspace * mask, "zero_filled")
    sparse = reconstructed(kspace * mask, "total_variation")
    assert sparse.shape == truth.shape
    assert float((sparse - truth).norm()) < 0.8 * float((filled - truth).norm())
    many = scan(4)
    joined = reconstructed(many.kspace[:1] * mask[:1], "sense")
    size = torch.linalg.vector_norm(many.images[:1], dim=1, keepdim=True)
    assert float((joined.abs() - size).norm()) < 0.3 * float(size.norm())


def test_echoes_tell_each_other_their_phase():
    made = scan(1, 100.0)
    generator = torch.Generator().manual_seed(0)
    kept = torch.stack([sampling.gaussian((40, 40), 4.0, generator=generator) for _ in made.images])
    sampled = made.kspace * kept[:, None, :, :, None]
    phase = shared_phase(sampled, made.echo_times)
    mask = phantom().mask
    errors = []
    for images in (reconstructed(sampled, "total_variation", phase), reconstructed(sampled, "total_variation")):
        weight = made.images.abs() * mask
        turn = (images * made.images.conj()).angle()
        errors.append(float((weight * turn.square())[-2:].sum() / weight[-2:].sum()) ** 0.5)
    assert errors[0] < 0.9 * errors[1]
    assert shared_phase(made.kspace, made.echo_times) is None
    assert shared_phase(sampled[:2], made.echo_times[:2]) is None


def test_geometry_of_an_oblique_scan():
    affine = affine_of((8, 8, 8), (2.0, 1.5, 1.0), (0.8, 0.6, 0.0))
    voxel_size, direction = geometry(affine)
    assert voxel_size == pytest.approx((2, 1.5, 1)) and direction == pytest.approx((0.8, 0.6, 0))
    affine[0, 1] += 0.5
    with pytest.raises(UserError, match="sheared"):
        geometry(affine)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"MagneticFieldStrength": 7}, "--echo_times"),
        ({"EchoTime": [3, 6, 9, 12, 15, 18], "MagneticFieldStrength": 7}, "milliseconds"),
        ({"EchoTime": [0.006, 0.003, 0.009, 0.012, 0.015, 0.018], "MagneticFieldStrength": 7}, "do not grow"),
        ({"EchoTime": [0.003, 0.006], "MagneticFieldStrength": 7}, "one for each"),
        ({"EchoTime": [0.003, 0.006, 0.009, 0.012, 0.015, 0.018]}, "--field_strength"),
    ],
)
def test_sidecars_that_do_not_say_enough(here, said, text):
    (here / "phase.json").write_text(json.dumps(said))
    assert text in complaint(GIVEN)
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda p: p * 1303.8, "--full_turn 8192"),
        (lambda p: p * 57.29578, "--full_turn 360"),
        (lambda p: p[..., :-1], "magnitude is of shape"),
        (lambda p: p[:1], "one echo"),
        (lambda p: p[:, :1], "several slices"),
        (lambda p: p / 0, "NaN or infinite"),
    ],
)
def test_phases_that_cannot_be(here, change, text):
    phase, affine = read_volume(here / "phase.nii.gz")
    write_volume(here / "phase.nii.gz", change(phase), affine, overwrite=True)
    assert text in complaint(GIVEN)
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("mask", "text"),
    [
        (torch.zeros(40, 40, 40), "empty"),
        (torch.ones(40, 40, 38), "of that size"),
        (torch.nn.functional.pad(torch.ones(3, 3, 3), (0, 37) * 3), "elsewhere"),
    ],
)
def test_masks_that_cannot_be(here, mask, text):
    _, affine = read_volume(here / "phase.nii.gz")
    write_volume(here / "m.nii.gz", mask, affine)
    assert text in complaint([*GIVEN, "--mask", "m.nii.gz"])


def test_a_bipolar_readout_is_named(here):
    phase, affine = read_volume(here / "phase.nii.gz")
    phase[1::2] += 3 * (torch.arange(40) - 20) / 40
    write_volume(
        here / "phase.nii.gz", torch.remainder(phase + torch.pi, 2 * torch.pi) - torch.pi, affine, overwrite=True
    )
    assert "--bipolar" in complaint(GIVEN)
    assert not (here / "out/magnitude.nii.gz").exists()


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"voxel_size": None}, "voxel_size"),
        ({"axes": "z y x"}, "named"),
        ({"echo_times": [1.0]}, "one for each"),
        ({"field_strength": []}, "no numbers"),
    ],
)
def test_kspace_that_does_not_say_enough(here, more, text):
    write_kspace("bad.h5", scan().kspace, **more)
    assert text in complaint("qsm bad.h5 -o out".split())


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda k: torch.fft.fftshift(k, dim=(-3, -2, -1)), "axes=(-3, -2, -1)"),
        (lambda k: k / 0, "NaN"),
        (lambda k: 0 * k, "zero everywhere"),
        (lambda k: k[:, :, :1], "no slice"),
        (lambda k: k.real.to(torch.int32), "complex numbers"),
    ],
)
def test_kspace_that_is_none(here, change, text):
    write_kspace("bad.h5", change(scan().kspace))
    assert text in complaint("qsm bad.h5 -o out".split())
    assert not (here / "out").exists()


def bids(folder, names):
    magnitude, affine = read_volume(Path("mag.nii.gz"))
    phase, _ = read_volume(Path("phase.nii.gz"))
    for number, name in enumerate(names):
        for part, volumes in (("mag", magnitude), ("phase", phase)):
            place = folder / name.replace("PART", part)
            write_volume(place, volumes[number], affine)
            said = {"EchoTime": scan().echo_times[number], "MagneticFieldStrength": 7}
            place.with_name(place.name.replace(".nii.gz", ".json")).write_text(json.dumps(said))


def test_a_bids_folder_has_its_echoes_in_order(here):
    (here / "sub-01/anat").mkdir(parents=True)
    numbers = (1, 2, 3, 9, 10, 11)  # the tenth comes after the ninth
    bids(here / "sub-01/anat", [f"sub-01_echo-{n}_part-PART_MEGRE.nii.gz" for n in numbers])
    echoes = read_echoes(*bids_files(here / "sub-01"), Told())
    assert echoes.echo_times == scan().echo_times and echoes.field_strength == 7
    torch.testing.assert_close(echoes.images[:, 0], scan().images[:, 0], rtol=1e-4, atol=1e-4)
    bids(here / "sub-01/anat", ["sub-01_run-2_echo-1_part-PART_MEGRE.nii.gz"])
    assert "several scans" in complaint("qsm sub-01 -o out".split())
    assert "part-mag" in complaint("qsm . -o out".split())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("qsm mag.nii.gz -o out", "--magnitude"),
        ("qsm echoes.npy -o out", "echoes.npy: is NumPy .npy and .npz, and k-space of echoes is read from HDF5"),
        ("qsm --magnitude phase.nii.gz --phase mag.nii.gz -o out", "exchange"),
        ("qsm --magnitude mag.nii.gz --phase phase.nii.gz -o .", "folder of the results"),
        ("qsm --magnitude mag.nii.gz --phase phase.nii.gz -o out --radius -5", "radius"),
        ("qsm --magnitude mag.nii.gz --phase phase.nii.gz -o out --regularisation 0", "regularisation"),
        ("qsm --magnitude mag.nii.gz --phase moved.nii.gz -o out", "lies elsewhere"),
        ("qsm --magnitude mag.nii.gz --phase odd.nii.gz -o out", "no number"),
    ],
)
def test_what_users_mistake(here, arguments, text):
    phase, affine = read_volume(here / "phase.nii.gz")
    np.save("echoes.npy", phase)
    write_volume(here / "odd.nii.gz", phase, affine)
    (here / "odd.json").write_text(json.dumps({"EchoTime": scan().echo_times, "MagneticFieldStrength": "3T"}))
    affine[0, 3] += 5
    write_volume(here / "moved.nii.gz", phase, affine)
    assert text in complaint(arguments)
    assert not (here / "out").exists()


def test_nothing_given(here):
    assert "--magnitude" in complaint("qsm -o out".split())
