"""How much a compressed file may unpack to, because a small one can fill any memory."""

import pathlib

from mgail_tf.errors import UserError

# Recorded numbers become a few times as large, and those of which nearly all are 0 up to a hundred
# times; so many bytes besides do no harm.
COMPRESSED, FREELY = 100, 2**28


def check(path: pathlib.Path, unpacked: int) -> None:
    """Checks that a file is about as large as what it says that it holds.

    Args:
      path: the file.
      unpacked: bytes of all of its arrays.

    Raises:
      UserError: it is far smaller.
    """
    size = path.stat().st_size
    if unpacked > FREELY + COMPRESSED * size:
        raise UserError(
            f"{path} is damaged, or holds hardly anything but zeros: it says that it has "
            f"{unpacked:,} bytes of numbers, and is one of {size:,} bytes; if that is right, save "
            "it uncompressed"
        )
