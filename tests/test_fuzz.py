"""A short run of the fuzzer: damaged and strange files are refused in one line, or give finite images."""

import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).parent / "fuzz.py"


def test_damaged_files():
    done = subprocess.run([sys.executable, str(FUZZ), "--count", "60"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = [int(part.split()[0]) for part in done.stdout.splitlines()[-1].split(", ")]
    assert sum(counts) == 60 and len(counts) == 2  # refused and accepted
