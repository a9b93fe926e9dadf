"""Fuzz a reader, guided by coverage: ``python -m tests.fuzz hif -max_total_time=60``.

Without a target it lists them; ``all`` fuzzes one after another. Options after the target are those
of libFuzzer. An input that breaks a reader is kept in a file ``crash-...`` in the folder at hand.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

# The parsers only: kernels are compiled by Numba, which cannot compile what is instrumented.
with atheris.instrument_imports(include=["graphray.kinds", "graphray.ingest"]):
    from tests.fuzz.targets import TARGETS


def main(arguments: list[str]) -> int:
    """Fuzz what is asked for; the exit code is libFuzzer's."""
    if not arguments or arguments[0] not in ("all", *TARGETS):
        print(__doc__, "\nTargets: ", ", ".join(TARGETS), sep="")
        return 2
    if arguments[0] == "all":
        # libFuzzer ends its process, so that each target has one of its own.
        run = [sys.executable, "-m", "tests.fuzz"]
        return max(subprocess.call([*run, name, *arguments[1:]]) for name in TARGETS)
    target = TARGETS[arguments[0]]
    with tempfile.TemporaryDirectory() as name:
        corpus = Path(name) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(target.seeds):
            (corpus / f"seed-{number}").write_bytes(seed)
        words = Path(name) / "words"
        escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in target.words)
        words.write_text("".join(f'"{word}"\n' for word in escaped))
        atheris.Setup([sys.argv[0], f"-dict={words}", str(corpus), *arguments[1:]], target.run)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    os.environ["GRAPHRAY_PROGRESS"] = "0"
    sys.exit(main(sys.argv[1:]))
