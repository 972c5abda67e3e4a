"""Fuzzes the readers of strangers' bytes, guided by coverage: ``python -m tests.fuzz --help``.

Each reader runs in a process of its own for some seconds, since libFuzzer ends the process in
which it found something. What it finds is written beside, and is run again as

    python -m tests.fuzz NAME --file crash-…
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MAX_LENGTH = 1500  # bytes: what nests deeper than the engine's stack is for a worker to end
TIMEOUT = 60  # seconds for one text, after which its reading is taken to be endless
MEMORY = 3000  # MiB


def main() -> int:
    """Fuzz; the number of readers in which something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="readers; all, unless named")
    parser.add_argument("--seconds", type=int, default=60, help="for each reader")
    parser.add_argument("--file", type=Path, help="read this file once instead")
    parser.add_argument("--findings", type=Path, default=Path("build/fuzz"), help="a folder")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        _fuzz(options.names[0], options.seconds, options.findings)
    from tests.fuzz.readers import READERS, read  # noqa: PLC0415 (atheris must come first)

    names = options.names or list(READERS)
    if unknown := set(names) - READERS.keys():
        told = f"no reader is called {' or '.join(sorted(unknown))}"
        parser.error(f"{told}; there are {', '.join(READERS)}")
    if options.file:
        for name in names:
            read(name, options.file.read_bytes())
        return 0
    options.findings.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz", "--here"]
    command += ["--seconds", str(options.seconds), "--findings", str(options.findings)]
    return sum(_told(name, [*command, name]) for name in names)


def _told(name: str, command: list[str]) -> bool:
    """Run *command*, tell how it ended; whether something was found."""
    with tempfile.TemporaryDirectory(prefix="stancegraph-fuzz-") as folder:  # it ends untidily
        env = {**os.environ, "TMPDIR": folder}
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    lines = ended.stderr.splitlines()
    if ended.returncode == 0:
        counts = [line for line in lines if line.startswith("Done ")]
        print(f"{name}: nothing found. {' '.join(counts)}", flush=True)  # noqa: T201
    else:
        print(f"{name}: FOUND\n{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}", flush=True)  # noqa: T201
    return ended.returncode != 0


def _fuzz(name: str, seconds: int, findings: Path) -> None:
    """Give a reader what libFuzzer thinks of, in this process, which ends."""
    import atheris  # noqa: PLC0415 (it has no wheel for every Python, and is for this alone)

    with atheris.instrument_imports(include=["stancegraph", "tests.fuzz.readers"]):
        from tests.fuzz.readers import read  # noqa: PLC0415
        from tests.fuzz.seeds import LEXICON, SEEDS  # noqa: PLC0415
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(SEEDS[name]):
            (corpus / str(number)).write_bytes(seed[:MAX_LENGTH])
        words = Path(folder) / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in LEXICON[name]), "ascii")
        arguments = [
            name, str(corpus), f"-dict={words}", f"-max_total_time={seconds}",
            f"-max_len={MAX_LENGTH}", f"-timeout={TIMEOUT}", f"-rss_limit_mb={MEMORY}",
            f"-artifact_prefix={findings}/{name}-", "-print_final_stats=0", "-verbosity=1",
        ]  # fmt: skip
        atheris.Setup(arguments, lambda data: read(name, data))
        atheris.Fuzz()
        sys.stderr.flush()
        os._exit(0)


def _escaped(word: str) -> str:
    r"""*word* as a dictionary of libFuzzer has it: ``\x22`` for a quotation mark."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02X}"
        for byte in word.encode()
    )


if __name__ == "__main__":
    sys.exit(main())
