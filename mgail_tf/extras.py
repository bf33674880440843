"""Libraries that only one use of the package needs: imported there, and asked for if missing."""

from collections.abc import Iterator
import contextlib
import importlib.util

from mgail_tf.errors import UserError


@contextlib.contextmanager
def needed(purpose: str, extra: str) -> Iterator[None]:
    """Turns a failed import into one line that says what to install.

    Args:
      purpose: what needs the library, as the beginning of a sentence.
      extra: the package's extra that brings it, as in pyproject.toml.

    Raises:
      UserError: a module that is imported within is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise UserError(f'{purpose} needs {error.name}: pip install "mgail_tf[{extra}]"') from error


def check(purpose: str, extra: str, module: str) -> None:
    """Asks for a library at once, where much is done before it is used.

    Args:
      purpose, extra: as of `needed`.
      module: the library's.

    Raises:
      UserError: it is not installed.
    """
    with needed(purpose, extra):
        if importlib.util.find_spec(module) is None:
            raise ModuleNotFoundError(name=module)
