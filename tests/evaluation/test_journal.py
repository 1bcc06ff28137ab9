"""A table that is killed at any byte, shared, on a full disk."""

import os
import resource
import signal
import subprocess
import sys

import pytest

from dealias.errors import UserError
from dealias.evaluation.journal import Journal, remember

COLUMNS = ("name", "value")


def written(path, count):
    with Journal(path, COLUMNS) as journal:
        for number in range(len(journal.rows), count):
            journal.add({"name": f"a, {number}", "value": number})


def test_rows_are_there_at_once_and_again(tmp_path):
    with Journal(tmp_path / "t.csv", COLUMNS) as journal:
        journal.add({"value": 1, "name": 'x,"y'})
        assert (tmp_path / "t.csv").read_text() == 'name,value\n"x,""y",1\n'
    with Journal(tmp_path / "t.csv", COLUMNS) as again:
        assert again.rows == [{"name": 'x,"y', "value": "1"}]


def test_a_table_cut_at_any_byte_keeps_its_whole_rows(tmp_path):
    path = tmp_path / "t.csv"
    written(path, 3)
    whole = path.read_bytes()
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        with Journal(path, COLUMNS) as journal:
            assert len(journal.rows) == max(0, whole[:size].count(b"\n") - 1)
        written(path, 3)
        assert path.read_bytes() == whole


def test_two_writers(tmp_path):
    with Journal(tmp_path / "t.csv", COLUMNS):
        with pytest.raises(UserError, match="another process is writing"):
            written(tmp_path / "t.csv", 1)
    written(tmp_path / "t.csv", 1)


def test_a_killed_writer_gives_the_table_free(tmp_path):
    code = (
        "import sys; from pathlib import Path; from dealias.evaluation.journal import Journal\n"
        "with Journal(Path('t.csv'), ('name', 'value')) as journal:\n"
        "    journal.add({'name': 'a', 'value': 1}); print('ready', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    with pytest.raises(UserError, match="another process"):
        written(tmp_path / "t.csv", 2)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.stdin.close(), process.stdout.close()
    with Journal(tmp_path / "t.csv", COLUMNS) as journal:
        assert journal.rows == [{"name": "a", "value": "1"}]


def test_a_full_disk_leaves_no_half_row(tmp_path):
    path = tmp_path / "t.csv"
    written(path, 3)
    size = path.stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(path, COLUMNS) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, limits[1]))
        try:
            with pytest.raises(UserError, match="no space left"):
                journal.add({"name": "a long name", "value": 4})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert os.path.getsize(path) == size and len(journal.rows) == 3
        journal.add({"name": "later", "value": 4})
    assert path.read_text().endswith("2\nlater,4\n")


@pytest.mark.parametrize("held", [b"name,other\n", b"name,value\n1\n", b"\xff\xfe\n", b"\n"])
def test_another_table_is_left_alone(tmp_path, held):
    (tmp_path / "t.csv").write_bytes(held)
    with pytest.raises(UserError, match="no table of this version"):
        written(tmp_path / "t.csv", 1)
    assert (tmp_path / "t.csv").read_bytes() == held


def test_settings(tmp_path):
    path = tmp_path / "s.json"
    first = {"noise": 0.1, "date": 1, "methods": {"a": "1"}}
    remember(path, first, (), "methods")
    remember(path, {**first, "date": 2, "methods": {"b": "2"}}, ("noise",), "methods")
    with pytest.raises(UserError, match="with noise 0.1, not 0.2"):
        remember(path, {**first, "noise": 0.2}, ("noise",), "methods")
    with pytest.raises(UserError, match="another 'a'"):
        remember(path, {**first, "methods": {"a": "3"}}, ("noise",), "methods")
    remember(path, {**first, "noise": 0.2}, (), "methods")  # an empty table may begin anew
    path.write_text("{")
    with pytest.raises(UserError, match="damaged"):
        remember(path, first, ("noise",), "methods")
