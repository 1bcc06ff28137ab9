"""How long a user waits before anything happens: `import dealias`, and the help of every command.

The import is timed inside a fresh interpreter, the commands from outside with the interpreter's own start.

    python benchmarks/startup.py [--repetitions 9]
"""

import argparse
import statistics
import subprocess
import sys
import time

from _machine import describe, refuse_if_busy
from dealias import find

IMPORT = (
    "import sys, time; start = time.perf_counter(); import dealias; print(time.perf_counter() - start); "
    "assert not {'torch', 'numpy'} & sys.modules.keys()"
)


def main():
    """Print medians in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=9)
    options = parser.parse_args()
    refuse_if_busy()
    print(describe())
    command = [sys.executable, "-c", IMPORT]
    times = [float(subprocess.check_output(command)) for _ in range(options.repetitions)]
    print(f"import dealias       {1000 * statistics.median(times):6.1f} ms (must be under 50)")
    for name in find.names("commands"):
        times = []
        for _ in range(options.repetitions):
            start = time.perf_counter()
            subprocess.run([sys.executable, "-m", "dealias", name, "--help"], check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - start)
        print(f"{name + ' --help':20} {1000 * statistics.median(times):6.1f} ms (must be under 300)")


if __name__ == "__main__":
    main()
