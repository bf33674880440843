"""Looks for files that break a reader, guided by what they make it do.

    pip install atheris
    python tests/fuzzing/fuzz.py npz -max_total_time=3600

`readers.READERS` has the names. What breaks a reader is kept below `found/`, where a test reads it
again; what it has learned of inputs is kept in `corpus/`, so that the same command goes on.
"""

import hashlib
import importlib
import pathlib
import random
import sys
from typing import Any

import atheris as untyped_atheris
from hypothesis import given, settings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

atheris: Any = untyped_atheris  # The compiled module does not tell its names to type checkers.

with atheris.instrument_imports(include=["mgail_tf", "minari", "zipfile"]):
    from readers import READERS, keep_promise

    if "saved_model" in sys.argv:
        # The reader imports it, and so TensorFlow, where it is called: too late to be watched.
        importlib.import_module("mgail_tf.loaded_policy")

FOUND, CORPUS = (pathlib.Path(__file__).with_name(name) for name in ("found", "corpus"))
# Seconds and MiB that an input may take, and bytes that it is drawn from.
BOUNDS = "-timeout=10", "-rss_limit_mb=1024", "-max_len=4096", "-len_control=0"


# Random inputs that it begins with; it would take long to come to their length.
SEEDS = 50


def main(name: str, *options: str) -> None:
    """Fuzzes one of the readers; what breaks it is kept in `found`."""

    @settings(deadline=None, database=None)
    @given(READERS[name].files)
    def keeps(files):
        try:
            keep_promise(READERS[name], files)
        except BaseException:
            digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:8]
            for path, content in files.items():
                file = FOUND / name / digest / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            raise

    corpus = CORPUS / name
    if not corpus.exists():
        corpus.mkdir(parents=True)
        draw = random.Random(0)
        for number in range(SEEDS):
            (corpus / str(number)).write_bytes(draw.randbytes(draw.randint(50, 2000)))
    arguments = [sys.argv[0], *BOUNDS, *options, str(corpus)]
    fuzzed: Any = keeps
    atheris.Setup(arguments, fuzzed.hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
