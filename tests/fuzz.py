"""Files with random damage, read by the commands of dealias: each is refused in one line, or gives a finite image.

    python tests/fuzz.py --count 10000

Every file of `seeds` is damaged in many ways; what is done with it runs in a child process with limits of time and
memory. The counts are printed, and every finding with the number that makes it again: `--only NUMBER`.
"""

import argparse
import contextlib
import io
import os
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

SECONDS, MEMORY = 60, int(1.2 * 2**30)
MARK = b"a line of another file that no output may hold"
FINE = ("refused", "accepted")
HUGE = [0, 1, 2, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64 - 1]


def seeds(folder: Path) -> dict[str, tuple[str, ...]]:
    """Write small sound files; return each with the words of a command, in which @ is the damaged one."""
    import h5py
    import numpy as np
    import torch
    from scipy.io import savemat

    import dealias
    from dealias import cards
    from dealias.methods.rim import RIM
    from files.formats.test_matlab import save as save_matlab
    from files.raw import header, lines, save
    from files.scans import header as xml
    from files.scans import image, kspace, unit

    data, maps = kspace(2, 3, 16, 18), unit(image(3, 16, 18))
    reads, gives = ("info", "@"), ("reconstruct", "@", "-o", "out.h5", "--method", "zero_filled")
    found: dict[str, tuple[str, ...]] = {}

    def h5(name: str, *, one: bool = True, **options: str) -> None:
        with h5py.File(folder / name, "w", **options) as file:
            file.create_dataset("kspace", data=data[:, 0] if one else data, chunks=None if one else (1, 1, 16, 18),
                                compression=None if one else "gzip")  # fmt: skip
            file["mask"], file["maps"] = np.ones(18), maps[:1] if one else maps
            file["ismrmrd_header"] = xml(8, 18, 12)
            file["alias"], file["away"] = h5py.SoftLink("/kspace"), h5py.ExternalLink("secret.bin", "/kspace")
            file.attrs["axes"] = "slice y x" if one else "slice coil y x"
            file.attrs["voxel_size"], file.attrs["matrix"] = (4.0, 1.0, 1.5), (12, 12)

    (folder / "secret.bin").write_bytes(MARK * 100)
    h5("a.h5")
    h5("b.h5", one=False)
    h5("c.h5", libver="latest")
    save(folder / "d.h5", header((16, 18, 1), (16, 18, 1)), lines(data[0]))
    matlabs = data[0].swapaxes(-1, -2).T
    savemat(folder / "e.mat", {"kspace": matlabs, "scan": {"a": 1.0}, "axes": "y x coil"}, do_compression=True)
    savemat(folder / "f.mat", {"kspace": matlabs, "mask": np.ones((16, 18)), "noise_std": 0.1})
    savemat(folder / "g.mat", {"kspace": data[0, 0].astype(complex)}, format="4")
    save_matlab(folder / "h.mat", "7.3", kspace=matlabs, axes="y x coil")
    np.save(folder / "i.npy", data)
    np.savez(folder / "j.npz", kspace=data, mask=np.ones(18), maps=maps, noise_std=0.1)
    np.savez_compressed(folder / "k.npz", kspace=data)
    scan = dealias.Acquisition.centred(data[0])
    dealias.write(folder / "l.cfl", scan)
    for name in "abcdefghijkl":
        (path,) = folder.glob(f"{name}.[!h]*") if name == "l" else folder.glob(f"{name}.*")
        found |= {f"{path.name} info": reads, f"{path.name} reconstruct": gives}
    found["l.hdr reconstruct"] = gives
    picture = torch.from_numpy(abs(image(2, 16, 18)))
    good = folder / "good.npy"
    np.save(good, data)
    for name in ("m.nii", "n.nii.gz", "o.png", "p.h5"):
        dealias.write(folder / name, picture)
        found[f"{name} evaluate"] = ("evaluate", "@", "-o", "compared", "--methods", "zero_filled", "--accelerations",
                                     "2", "--patterns", "1")  # fmt: skip
    for name in ("i.npy", "a.h5", "e.mat"):
        found[f"{name} maps"] = ("reconstruct", str(good), "-o", "out.h5", "--method", "sense", "--maps", "@")
    torch.manual_seed(0)
    cards.save(folder / "q.safetensors", RIM(features=4, iterations=2))
    found["q.safetensors weights"] = ("reconstruct", str(good), "-o", "out.npy", "--maps", "none", "--method", "@")
    found["q.safetensors info"] = reads
    options = "method: wavelet\nmethod_arguments:\n  iterations: 3\nmaps: none\nseed: 3\nkey: null\n"
    (folder / "r.yaml").write_text(options)
    found["r.yaml config"] = ("reconstruct", str(good), "-o", "out.npy", "--config", "@")
    for name in ("strange.h5", "strange.npz", "strange.mat"):
        found |= {f"{name} info": reads, f"{name} reconstruct": gives}
        found[f"{name} nifti"] = ("reconstruct", "@", "-o", "out.nii.gz", "--method", "zero_filled", "--key", "kspace")
        found[f"{name} undersample"] = ("undersample", "@", "-o", "out.h5", "--acceleration", "2", "--noise", "0.01")
    for name in ("strange.h5", "strange.npy"):
        found[f"{name} maps"] = ("reconstruct", str(good), "-o", "out.h5", "--method", "sense", "--maps", "@")
        found[f"{name} evaluate"] = found["p.h5 evaluate"]
    return found


def damaged(content: bytes, draw: random.Random) -> bytes:
    """Return bytes with one to three damages."""
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        place = draw.randrange(max(1, min(len(data), draw.choice((64, 512, 4096, len(data) or 1)))))
        kind = draw.randrange(8)
        if kind == 0:
            data[place : place + 1] = bytes([draw.randrange(256)])
        elif kind == 1 and data:
            data[place] ^= 1 << draw.randrange(8)
        elif kind == 2:
            size = draw.choice((1, 2, 4, 8))
            data[place : place + size] = draw.choice((b"\0", b"\xff")) * size
        elif kind == 3:
            size = draw.choice((1, 2, 4, 8))
            number = draw.choice(HUGE) % 256**size
            data[place : place + size] = number.to_bytes(size, draw.choice(("little", "big")))
        elif kind == 4:
            del data[place + draw.choice((0, 1, 100)) :]
        elif kind == 5:
            data[place:place] = bytes(draw.randrange(256) for _ in range(draw.choice((1, 4, 64))))
        elif kind == 6:
            del data[place : place + draw.choice((1, 4, 64))]
        else:
            other = draw.randrange(len(data) or 1)
            data[place : place + 8] = data[other : other + 8]
    return bytes(data)


def outcome(words: list[str], folder: Path) -> str:
    """Return what came of one command: what it says, or what went wrong."""
    import numpy as np

    import dealias.__main__ as program

    said, sys.argv = io.StringIO(), ["dealias", *words]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            code = program.main()
        except BaseException:
            lines = traceback.format_exc().splitlines()
            place = [line.strip() for line in lines if "/dealias/" in line][-1]
            return f"traceback {place.rpartition('/dealias/')[2]}: {lines[-1][:150]}"
    text = said.getvalue()
    if MARK in text.encode(errors="replace") or any(MARK in path.read_bytes() for path in folder.rglob("out*")):
        return "leak"
    if code == 2:
        if "does not fit into memory" in text:
            return "large"
        last = text.strip().splitlines()[-1]
        return "refused" if last.startswith("dealias: ") else f"no sentence: {last[:150]}"
    if code:
        return f"code {code}: {text[-200:]}"
    if (folder / "out.npy").exists() and not np.isfinite(np.load(folder / "out.npy")).all():
        return "not finite"
    if (folder / "out.h5").exists():
        import h5py

        with h5py.File(folder / "out.h5") as file:
            if not all(np.isfinite(file[name][()]).all() for name in file if file[name].dtype.kind in "cf"):
                return "not finite"
    return "accepted"


def worker(numbers: list[int], cases: list[tuple[str, tuple[str, ...]]], folder: Path, report: int) -> None:
    """Do the numbers one after the other, each in an empty folder; write what came of each."""
    import torch

    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (pages + 2 * MEMORY, pages + 2 * MEMORY))
    for number in numbers:
        name, words = cases[number % len(cases)]
        file = name.split()[0]
        here = folder / "work"
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir()
        os.chdir(here)
        _make(here / file, folder, random.Random(number))
        shutil.copy(folder / "secret.bin", here / "secret.bin")
        start = time.process_time()
        result = outcome([file if word == "@" else word for word in words], here)
        spent = time.process_time() - start
        said = " ".join(result.split()) if spent < SECONDS else "slow"
        os.write(report, f"{number}\t{said}\n".encode(errors="replace"))


def _make(path: Path, folder: Path, draw: random.Random) -> None:
    """Write a damaged file, and the sound ones that belong to it."""
    from strange import strange

    if path.stem == "strange":
        strange(path, draw)
        return
    for part in folder.glob(f"{path.stem.split('.')[0]}.*"):
        shutil.copy(part, path.with_name(part.name))
    path.write_bytes(damaged((folder / path.name).read_bytes(), draw))


def run(count: int, first: int, only: int | None) -> Counter[str]:
    """Return how often each outcome came, and print the findings."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz_"))
    cases = list(seeds(folder).items())
    todo = [only] if only is not None else list(range(first, first + count))
    counts: Counter[str] = Counter()
    while todo:
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.close(read)
            code = 1
            try:
                worker(todo, cases, folder, write)
                code = 0
            finally:
                os._exit(code)
        os.close(write)
        done, how = [], "done"
        for how, number, result in _followed(read, len(todo)):
            if how == "done":
                done.append(number)
                _note(counts, cases, number, result)
        if how == "hang":
            os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(read)
        todo = todo[len(done) :]
        if todo and (how == "hang" or code):
            _note(counts, cases, todo.pop(0), "hang" if how == "hang" else f"crash {code}")
    shutil.rmtree(folder)
    return counts


def _followed(read: int, wanted: int) -> Iterator[tuple[str, int, str]]:
    """Yield what a worker reports, "done" with number and result, until it ends, or is silent for too long."""
    text = b""
    while wanted:
        if not select.select([read], [], [], 2 * SECONDS)[0]:
            yield "hang", 0, ""
            return
        part = os.read(read, 65536)
        if not part:
            yield "end", 0, ""
            return
        *lines, text = (text + part).split(b"\n")
        for line in lines:
            wanted -= 1
            number, result = line.split(b"\t", 1)
            yield "done", int(number), result.decode(errors="replace")


def _note(counts: Counter[str], cases: list[tuple[str, tuple[str, ...]]], number: int, result: str) -> None:
    counts[result.split()[0].rstrip(":")] += 1
    if result not in FINE:
        print(f"{number}\t{cases[number % len(cases)][0]}\t{result}", flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    options = argparse.ArgumentParser(description="Damage files at random and read them.")
    options.add_argument("--count", type=int, default=1000)
    options.add_argument("--first", type=int, default=0, help="number of the first damage")
    options.add_argument("--only", type=int, help="this damage alone")
    given = options.parse_args()
    totals = run(given.count, given.first, given.only)
    print(", ".join(f"{count} {name}" for name, count in totals.most_common()))
    sys.exit(bool(set(totals) - {*FINE}))
