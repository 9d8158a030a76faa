"""Runs a program that ends when the process that started it does, however that ended: `kill -9` leaves nothing behind.

    python -I -S with_parent.py 4711 axolotl train recipe.yml

4711 is the starting process. The kernel keeps the promise (PR_SET_PDEATHSIG, prctl(2)) on Linux; elsewhere the program just runs.
Run as a file and not as a module, so that nothing is imported but the standard library: it costs 15 ms.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have this process killed when the thread that started it ends; leave at once where `parent`, its process, has ended already."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    try:
        os.execvp(sys.argv[2], sys.argv[2:])
    except OSError as error:
        sys.exit(f"{sys.argv[2]}: cannot be run: {error.strerror}")
