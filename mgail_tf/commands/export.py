"""Writes a policy in another format: --saved_model DIR --format litert --out policy.tflite."""

import pathlib
import sys

from absl import flags

from mgail_tf import policy_files, whole, writable
from mgail_tf.commands import command_line
from mgail_tf.errors import UserError
from mgail_tf.quiet import quiet

SAVED_MODEL = flags.DEFINE_string("saved_model", None, "the folder", required=True)
FORMAT = flags.DEFINE_enum("format", "litert", ["litert"], "LiteRT, once TensorFlow Lite")
OUT = flags.DEFINE_string("out", None, "the file", required=True)


def main() -> None:
    if OUT.value.endswith("/") or not writable.is_file_possible(OUT.value):
        raise UserError(f"--out={OUT.value}: cannot be written as a file")
    policy_files.find(SAVED_MODEL.value)
    # TensorFlow takes seconds to import; what is wrong is told before.
    with quiet():
        from mgail_tf.litert import hardly_resolved, to_litert
        from mgail_tf.loaded_policy import load

        converted = to_litert(SAVED_MODEL.value)
        rounded = hardly_resolved(load(SAVED_MODEL.value))
    whole.write(pathlib.Path(OUT.value), converted)
    if rounded:
        print(
            f"observation components {rounded} are too large for how little they vary: LiteRT "
            "calculates in 32 bits and rounds them; subtract an offset in the environment",
            file=sys.stderr,
        )
    print(f"{OUT.value}: {len(converted):,} bytes")


def program() -> None:
    """The console command."""
    command_line.run(main)
