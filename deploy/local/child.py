"""Runs a command that dies with its parent: `python child.py <parent pid> command …`.

Only the kernel notices that a parent was killed with -9, so on Linux it is asked to kill this
process then. The request survives exec, which keeps the pid: the supervisor watches the real thing.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # It died before the request was made: nobody would tell us.
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
