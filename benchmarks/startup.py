"""How long a user waits before anything happens: `import dealias`, and the help of every command.

The import is timed inside a fresh interpreter, the commands from outside with the interpreter's own start, which is
their floor.

    python benchmarks/startup.py [--repetitions 9]
"""

import shutil
import statistics
import subprocess
import sys
from importlib.util import find_spec

from _row import Row, medians, show
from dealias import find

IMPORT = "import sys, time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"
LIGHT = "import sys, dealias; assert not {'torch', 'numpy'} & sys.modules.keys()"


def imported(package, repetitions):
    """Return the median milliseconds of an import in a fresh interpreter."""
    command = [sys.executable, "-c", IMPORT.format(package)]
    return 1000 * statistics.median(float(subprocess.check_output(command)) for _ in range(repetitions))


def process(*command):
    """Return a function that runs a command to its end."""
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def rows(repetitions: int = 9):
    """Time the import and the slowest help."""
    subprocess.run([sys.executable, "-c", LIGHT], check=True)
    peer = imported("sigpy", repetitions) if find_spec("sigpy") else None
    yield Row("import dealias", "ms", imported("dealias", repetitions), peer, "import sigpy")
    python = sys.executable
    functions = {name: process(python, "-m", "dealias", name, "--help") for name in find.names("commands")}
    functions["python"] = process(python, "-c", "pass")
    if shutil.which("bart"):
        functions["bart"] = process("bart", "pics", "-h")
    seconds = medians(functions, repetitions)
    floor, peer = seconds.pop("python"), seconds.pop("bart", None)
    slowest = max(seconds, key=lambda name: seconds[name])
    yield Row(
        f"dealias {slowest} --help, the slowest of {len(seconds)}",
        "ms",
        1000 * seconds[slowest],
        None if peer is None else 1000 * peer,
        "bart pics -h",
        1000 * floor,
        "python -c pass",
    )


if __name__ == "__main__":
    show(rows)
