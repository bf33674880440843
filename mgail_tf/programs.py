"""The programs, by name: each is imported when it is called.

Their imports take a second or more. Whoever presses Ctrl-C meanwhile ends them without a traceback.
"""

import functools
import importlib
import signal
import sys


def start(name: str) -> None:
    """Calls a program, a module of `mgail_tf.commands`."""
    usual = signal.signal(signal.SIGINT, signal.SIG_DFL)
    program = importlib.import_module(f"mgail_tf.commands.{name}").program
    try:
        signal.signal(signal.SIGINT, usual)
        program()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


train = functools.partial(start, "train")
benchmark = functools.partial(start, "benchmark")
evaluate = functools.partial(start, "evaluate")
export = functools.partial(start, "export")
collect_demonstrations = functools.partial(start, "collect_demonstrations")
import_demonstrations = functools.partial(start, "import_demonstrations")
train_expert = functools.partial(start, "train_expert")
tabulate_experts = functools.partial(start, "tabulate_experts")
tabulate_results = functools.partial(start, "tabulate_results")
