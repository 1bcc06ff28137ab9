"""Means, deviations and paired gains by hand; box plots are read back."""

import numpy as np
import pytest
from PIL import Image as Picture

from dealias.errors import UserError
from dealias.evaluation.compare import COLUMNS
from dealias.evaluation.report import boxes, by_acceleration, summary


def row(method, pattern, acceleration="4", **scores):
    return {name: "1" for name in COLUMNS} | {
        "method": method, "pattern": str(pattern), "acceleration": acceleration, "mask": "gaussian", **scores
    }  # fmt: skip


ROWS = [row("first", i, psnr=str(p)) for i, p in enumerate((20, 30))]
ROWS += [row("second", i, psnr=str(p)) for i, p in enumerate((22, 33))]


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_means_deviations_and_gains():
    lines = summary(ROWS)
    titles = cells(lines[0])
    first, second = (dict(zip(titles, cells(line), strict=True)) for line in lines[2:])
    assert len({len(line) for line in lines}) == 1
    assert first["PSNR / dB"] == "25.00 ± 7.07" and second["PSNR / dB"] == "27.50 ± 7.78"
    # the deviation of the differences 2 and 3, not that of the images
    assert second["gain over first / dB"] == "+2.50 ± 0.71" and first["gain over first / dB"] == ""
    assert first["images"] == "2"


def test_a_table_that_fits_a_terminal():
    whole, narrow = summary(ROWS), summary(ROWS, 100)
    assert len(whole[0]) > 100 >= len(narrow[0])
    titles = cells(narrow[0])
    assert titles[:5] == ["mask", "R", "method", "images", "PSNR / dB"] and titles[-2:] == cells(whole[0])[-2:]
    assert "PSNR / dB" in cells(summary(ROWS, 20)[0])


def test_gains_are_of_the_same_data_only():
    lines = summary([*ROWS[:1], *ROWS[2:], row("second", 7, psnr="90")])
    second = dict(zip(cells(lines[0]), cells(lines[3]), strict=True))
    assert second["images"] == "3" and second["gain over first / dB"] == "+2.00"


def test_perfect_images_and_single_ones():
    lines = summary([row("first", 0, psnr="inf"), row("second", 0, psnr="30", nmse="0.00123")])
    first, second = (dict(zip(cells(lines[0]), cells(line), strict=True)) for line in lines[2:])
    assert first["PSNR / dB"] == "inf" and second["PSNR / dB"] == "30.00" and second["NMSE"] == "0.00123"


def test_accelerations_are_in_order():
    rows = [row("first", 0, acceleration=value) for value in ("10", "2", "2.5")]
    assert [cells(line)[1] for line in summary(rows)[2:]] == ["2", "2.5", "10"]
    assert [key for key in by_acceleration(rows)] == [("gaussian", value) for value in ("2", "2.5", "10")]


def test_boxes_stand_where_their_numbers_are(tmp_path):
    low = [row("low", i, psnr=str(20 + i / 10), ssim="0.5") for i in range(10)]
    high = [row("high", i, psnr=str(30 + i / 10), ssim="0.9") for i in range(10)]
    boxes(tmp_path / "a.png", [*low, *high])
    pixels = np.asarray(Picture.open(tmp_path / "a.png").convert("RGB")).astype(int)
    orange = (abs(pixels - (255, 127, 14)).sum(-1) < 30)[:, : pixels.shape[1] // 4]  # medians of PSNR
    ys, xs = np.nonzero(orange)
    middle = ys.mean()
    assert xs[ys > middle].mean() > xs[ys < middle].mean() + 100  # the second method below, to the right
    boxes(tmp_path / "b.png", [row("$perfect", 0, psnr="inf", nmse="0"), row("bad", 0, psnr="inf")])
    with pytest.raises(UserError, match="exists already"):
        boxes(tmp_path / "a.png", low)
