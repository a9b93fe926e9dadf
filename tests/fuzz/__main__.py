"""Fuzz a reader, guided by coverage: ``python -m tests.fuzz hif -max_total_time=60``.

Without a target it lists them; ``all`` fuzzes one after another. Options after the target are those
of libFuzzer. What was found worth trying is kept in ``.fuzz/TARGET/corpus`` for the next time, and
an input that breaks a reader in a file ``.fuzz/TARGET/crash-...``.
"""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import atheris

from graphray import kernels

# Kernels are compiled by Numba, which cannot compile what is instrumented.
KERNELS = [f"graphray.kernels.{module.name}" for module in pkgutil.iter_modules(kernels.__path__)]

with atheris.instrument_imports(include=["graphray"], exclude=KERNELS):
    from tests.fuzz.targets import TARGETS

FOLDER = Path(".fuzz")


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
    folder = FOLDER / arguments[0]
    corpus, words = folder / "corpus", folder / "words"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in target.words)
    words.write_text("".join(f'"{word}"\n' for word in escaped))
    options = [f"-dict={words}", f"-artifact_prefix={folder}/", str(corpus), *arguments[1:]]
    atheris.Setup([sys.argv[0], *options], target.run)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    os.environ["GRAPHRAY_PROGRESS"] = "0"
    sys.exit(main(sys.argv[1:]))
