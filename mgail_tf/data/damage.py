"""What is said of files that other libraries cannot read."""

from collections.abc import Iterator
import contextlib
import lzma
import zipfile
import zlib

import gymnasium

from mgail_tf.errors import UserError

# What NumPy, pandas, h5py, PyArrow and Minari, and what they are built on, raise about files that
# are damaged or none of theirs. Errors of our own code are raised as `UserError` where they arise.
ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    gymnasium.error.Error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)


@contextlib.contextmanager
def blamed_on(name: object, what: str = "cannot be read") -> Iterator[None]:
    """Turns what a library raises into one line; only the library is called within.

    Args:
      name: of the file.
      what: is the matter with it.

    Raises:
      UserError: the library has raised something.
    """
    try:
        yield
    except ERRORS as error:
        told = str(error) or type(error).__name__
        raise UserError(f"{name} {what} ({told}); it may be damaged") from error
