"""Becomes a program that ends with the thread that has started it: attached.py PARENT PROGRAM ...

A run on a cluster must not outlive its worker, which may be killed: the run goes on elsewhere. Only
Linux can do that; on other systems the program is an ordinary one.
"""

import ctypes
import os
import signal
import sys

SET_PARENT_DEATH_SIGNAL = 1  # Of prctl.


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # It has ended before.
            return
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
