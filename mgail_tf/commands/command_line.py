"""What the programs of this folder share: flags, folders, and one line for bad input."""

from collections.abc import Callable, Iterable, Sequence
import contextlib
import dataclasses
import errno
import os
import pathlib
import re
import shlex
import shutil
import signal
import sys
import threading
from typing import Any, NoReturn, TextIO
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Users' own environments may be in a module of the folder that they are in.
sys.path.append(os.getcwd())

from absl import app, flags, logging

from mgail_tf.commands import standard_error
from mgail_tf.errors import DataWarning, UserError, printable
from mgail_tf.training.stopping import Stopped


def run(
    main: Callable[[], None],
    short_help: Callable[[], str] | None = None,
    long_help: Callable[[], str] | None = None,
) -> None:
    """Runs `main()`; bad input ends in one line and exit status 2, divergence in 3.

    Args:
      main: the program.
      short_help, long_help: texts for --help and --helpfull, instead of absl's.
    """
    for flag, text in ("--help", short_help), ("--helpfull", long_help):
        if text and flag in sys.argv[1:]:
            try:
                print(text(), flush=True)
            except OSError as error:
                _tell_of_stdout(error)
            return
    standard_error.never_fail()
    logging.set_verbosity(logging.ERROR)
    warnings.simplefilter("always", DataWarning)
    warnings.showwarning = _show_warning

    def guarded(_):
        try:
            main()
            if sys.stdout:
                sys.stdout.flush()
        except UserError as error:
            _fail(error, error.status)
        except Stopped as stopped:
            kept = f"the work of {stopped.steps:,} steps is kept, and the same command goes on"
            print(f"stopped; {kept}", file=sys.stderr)
            sys.exit(128 + stopped.number)
        except KeyboardInterrupt:
            sys.exit(130)
        except OSError as error:
            _tell_of_stdout(error)
        except ValueError:
            if not (sys.stdout and sys.stdout.closed):
                raise
            _fail("what is printed cannot be written: an environment has closed stdout")

    try:
        app.run(guarded, flags_parser=_parse_flags)
    except SystemExit as ended:
        _end_threads(ended.code)
        raise


def _end_threads(code: Any) -> None:
    """Ends this process at once where an environment's threads would keep it from ending."""
    others = (thread for thread in threading.enumerate() if not thread.daemon)
    if any(thread is not threading.main_thread() for thread in others):
        for stream in filter(None, (sys.stdout, sys.stderr)):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _tell_of_stdout(error: OSError) -> NoReturn:
    """Ends a program that cannot print any more; other errors are raised again.

    Raises:
      OSError: it is another one.
    """
    is_closed = isinstance(error, BrokenPipeError)
    if not is_closed and error.errno != errno.ENOSPC:
        raise error
    # Python would try to print what is left, and fail once more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if is_closed:
        sys.exit(128 + signal.SIGPIPE)  # As of any program in a pipe whose reader is gone.
    _fail(f"what is printed cannot be written ({error.strerror})")


def call(program: str) -> str:
    """How a program is called from where this one was: `python run/evaluate.py`, for example.

    Args:
      program: its file's name in `run/`, without ending.
    """
    this = pathlib.Path(sys.argv[0])
    if this.suffix == ".py":
        return f"{_short(sys.executable)} {shlex.quote(str(this.with_name(f'{program}.py')))}"
    command = "train" if program == "main" else program.replace("_", "-")
    return _short(str(this.with_name(f"mgail-{command}")))


def call_tensorboard() -> str:
    """How TensorBoard is called that is installed beside this Python."""
    beside = pathlib.Path(sys.executable).with_name("tensorboard")
    if beside.exists():
        return _short(str(beside))
    return f"{_short(sys.executable)} -m tensorboard.main"


def _short(program: str) -> str:
    """A program's name if a shell finds it by that, else its path; for a shell."""
    name = pathlib.Path(program).name
    return shlex.quote(name if shutil.which(name) == program else program)


def describe(field: dataclasses.Field) -> str:
    """Returns a line of help on an option: its meaning, choices and default."""
    choices = field.metadata["choices"]
    default = field.default
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    notes = [] if default is None else [f"default: {default}"]
    if choices:
        notes.insert(0, "one of " + ", ".join(choices))
    ending = f" ({'; '.join(notes)})" if notes else ""
    return f"  --{field.name}: {field.metadata['help']}{ending}"


# Of Linux and of macOS, in bytes; what is written beside a file has a longer name than the file.
LONGEST_NAME, LONGEST_PATH = 240, 1000

_python_shows = warnings.showwarning


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Shows one line of what concerns the user's data, without the place in our code."""
    if issubclass(category, DataWarning):
        print(f"warning: {printable(with_flags(str(message)))}", file=sys.stderr)
    else:
        _python_shows(message, category, filename, lineno, file, line)


def _parse_flags(arguments: list[str]) -> None:
    try:
        left = flags.FLAGS(arguments)[1:]
    except flags.Error as error:
        _fail(error)
    except SystemExit:
        sys.exit(0)  # Help was asked for and given, which is no failure.
    for name in flags.FLAGS:
        _check_given(name, flags.FLAGS[name])
        _check_length(name, flags.FLAGS[name].value)
    if left:
        _fail(f"unexpected arguments: {' '.join(left)}; settings are given as --name=value")


def _check_given(name: str, flag: flags.Flag) -> None:
    """Refuses what was given and is empty: a variable of a shell that was not set, for example."""
    value = flag.value
    if flag.present and (value == "" or isinstance(value, list) and (not value or "" in value)):
        _fail(f"--{name}={flag.serialize().partition('=')[2]}: a value is missing")


def _check_length(name: str, value: Any) -> None:
    """Refuses a word that no file system takes for a name; a file's path has words between `/`."""
    if not isinstance(value, str):
        return
    longest = max(len(os.fsencode(part)) for part in value.split("/"))
    for length, bound in (longest, LONGEST_NAME), (len(os.fsencode(value)), LONGEST_PATH):
        if length > bound:
            _fail(f"--{name}={value[:20]}...: {length} letters are too many, {bound} can be")


def _fail(error: object, status: int = UserError.status) -> NoReturn:
    print(f"error: {printable(with_flags(' '.join(str(error).split())))}", file=sys.stderr)
    sys.exit(status)


def with_flags(message: str) -> str:
    """Turns the arguments that a message of the library names, as in `seed=3`, into flags."""

    def flag(match: re.Match[str]) -> str:
        name = match[1].partition("=")[0]
        # Another program's flags are not known here; what is no name is quoted for other reasons.
        return f"--{match[1]}" if name in flags.FLAGS else match[1]

    return re.sub(r"`(\w+(?:=[^`]*)?)`", flag, message)


def print_table(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    """Prints a table in Markdown; every row has as many cells as the header."""
    print(table(header, rows))


def table(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown; every row has as many cells as the header."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(" ".join(["|", *[f"{cell} |" for cell in cells]]) for cells in lines)


def parse_integers(name: str, words: Sequence[str]) -> tuple[int, ...]:
    """Returns a flag's list of words as a tuple of integers.

    Raises:
      UserError: a word is not an integer.
    """
    try:
        return tuple(int(word) for word in words)
    except ValueError as error:
        raise UserError(f"--{name}={','.join(words)}: use integers, as in 100,50") from error
