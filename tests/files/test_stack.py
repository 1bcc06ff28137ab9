"""Slices that come some at a time: in order, their notes once, and their errors as they are."""

import warnings
from functools import partial

import h5py
import numpy as np
import pytest
import torch

import dealias
from dealias.errors import Note, UserError
from dealias.files import slice_ranges
from dealias.files.gather import gather
from dealias.files.stack import Stack
from problems import coil_maps, film

PLACES = [slice(0, 2), slice(2, 4), slice(4, 5)]


def noted(place):
    warnings.warn(Note("read"), stacklevel=1)
    if place.start:
        warnings.warn(Note(f"{place.start} is not the first"), stacklevel=1)
    return list(range(5))[place]


def told(recorded):
    return [str(warning.message) for warning in recorded if issubclass(warning.category, Note)]


def test_parts_come_in_order_and_notes_once_at_the_end(recwarn):
    stack = Stack(noted, PLACES, 5).map(lambda part: [10 * value for value in part])
    assert stack.ahead(sum) == [10, 50, 40] and stack.first() == [0, 10]
    assert not told(recwarn)
    assert [*stack] == [[0, 10], [20, 30], [40]]
    assert told(recwarn) == ["read", "slices 2 to 3, and others likewise: 2 parts: 2 is not the first"]
    assert stack.shape((2, 7)) == (5, 7)


def test_one_part_is_made_once_and_its_notes_are_told(recwarn):
    calls = []

    def make():
        calls.append(1)
        return noted(slice(0, 5))

    stack = Stack.once(make)
    assert stack.ahead(sum) == [10] and not told(recwarn)
    assert [*stack] == [[0, 1, 2, 3, 4]] and [*stack.map(sum)] == [10]
    assert len(calls) == 1 and told(recwarn) == ["read"] and stack.shape((5, 7)) == (5, 7)


def test_what_was_noted_before_an_error_is_told(recwarn):
    with pytest.raises(ZeroDivisionError):
        [*Stack(noted, PLACES, 5).map(lambda part: 1 / (part[0] - 2))]
    assert "slices 2 to 3: 2 is not the first" in told(recwarn)


@pytest.mark.parametrize("name", ["a.h5", "a.npy", "a.cfl", "a.mat"])
@pytest.mark.parametrize("error", [RuntimeError("out of memory"), OSError(5, "gone"), UserError("b.h5: is damaged")])
def test_an_error_in_the_making_of_parts_is_no_error_of_the_disk(name, error, tmp_path):
    def read(place):
        if place.start:
            raise error
        return film(batch=(1,))

    with pytest.raises(type(error)) as caught:
        dealias.write(tmp_path / name, Stack(read, [slice(0, 1), slice(1, 3)], 3))
    assert caught.value is error and not any(tmp_path.iterdir())


@pytest.mark.parametrize("places", [PLACES, [slice(n, n + 1) for n in range(5)], [slice(0, 5)]])
@pytest.mark.parametrize("own", ["", "mask", "maps", "noise_std"])
def test_parts_make_the_scan_that_they_are_of(places, own):
    scan = film(batch=(5, 3), coils=2, axes=("time", "y", "x"))
    values = {"mask": scan.centred_mask, "maps": scan.maps, "noise_std": torch.full((1,) * 5, 0.1)}
    if own:
        values[own] = torch.cat([values[own]] * 5)
        values[own][3] = 0.2 if own == "noise_std" else values[own][3].flip(-3 if own == "maps" else 0)
    kspace = scan.centred_kspace * values["mask"]

    def read(place):
        chosen = {name: value[place] if len(value) > 1 else value for name, value in values.items()}
        return dealias.Acquisition.centred(kspace[place], **chosen, axes="time y x", shift=None)

    found = gather(Stack(read, places, 5 if len(places) > 1 else None))
    assert found.axes == ("slice", "time", "coil", "y", "x")
    np.testing.assert_allclose(found.kspace, kspace.numpy(), atol=1e-6)
    for name, value in values.items():
        np.testing.assert_allclose(getattr(found, name), value.numpy(), atol=1e-6, err_msg=name)


def test_a_file_is_cut_where_it_is_large(tmp_path, monkeypatch):
    scan = dealias.Acquisition.simulate(dealias.phantoms.head((16, 20)).expand(5, 16, 20), torch.ones(20))
    for name in ("a.h5", "a.npy", "a.cfl", "a.mat"):
        dealias.write(tmp_path / name, scan)
        read = Stack.of(tmp_path / name, {}, lambda **reading: reading)
        assert [*read] == [{}]
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 2 * 16 * 20 * 8)
    for name in ("a.h5", "a.npy", "a.cfl"):
        stack = Stack.of(tmp_path / name, {"axes": None}, lambda **reading: reading["slices"])
        assert [(place.start, place.stop) for place in stack] == [(0, 2), (2, 4), (4, 5)] and stack.slices == 5
    assert len([*Stack.of(tmp_path / "a.mat", {}, lambda **reading: reading)]) == 1  # of version 5


@pytest.mark.parametrize("name", ["a.h5", "a.npy", "a.mat"])
@pytest.mark.parametrize("parts", ["last", "first", "in turn"])
def test_real_and_imaginary_parts_come_in_slices_too(name, parts, tmp_path, monkeypatch):
    heads = dealias.phantoms.head((48, 40)) * torch.linspace(1, 2, 5)[:, None, None]
    kspace = dealias.Acquisition.simulate(heads, torch.ones(40), coil_maps(2, 48, 40)).centred_kspace.numpy()
    array = np.stack((kspace.real, kspace.imag), 0 if parts == "first" else -1)
    if parts == "in turn":
        array = np.moveaxis(array, 1, -2).reshape(5, 48, 40, 4)
    if name == "a.npy":
        np.save(tmp_path / name, array)
    else:
        turned = name == "a.mat"
        with h5py.File(tmp_path / name, "w", userblock_size=512 if turned else 0) as file:
            if turned and parts == "in turn":
                array = array.transpose(1, 2, 0, 3)
            file["kspace"] = array.T if turned else array
    if name == "a.mat":
        with (tmp_path / name).open("r+b") as file:
            file.write(b"MATLAB 7.3 MAT-file".ljust(128))
    monkeypatch.setattr(slice_ranges, "AT_ONCE", 2 * kspace[0].nbytes)
    axes = None if parts == "in turn" else "slice coil y x"
    with pytest.warns(Note, match="taken for real and imaginary parts"):
        stack = Stack.of(tmp_path / name, {"axes": axes}, partial(dealias.open, tmp_path / name))
        found = gather(stack)
    assert len(stack.places) == 3 and stack.slices == 5
    np.testing.assert_allclose(found.kspace, kspace, atol=1e-6)
