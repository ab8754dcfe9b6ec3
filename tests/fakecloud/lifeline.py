"""Ends the program with the one that started it."""
import ctypes
import os
import select
import signal
import stat
import threading

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def follow_parent(end):
    """`end` is called when standard input is a pipe whose writer goes; SIGTERM comes when the parent dies.

    The kernel means the thread that started us, so that thread must live as long as its program.
    """
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died in between
        end()
    try:
        kind = os.fstat(0).st_mode
    except OSError:
        return
    if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
        threading.Thread(target=_watch, args=(end,), name="lifeline", daemon=True).start()


def _watch(end):
    poll = select.poll()
    poll.register(0, select.POLLHUP | select.POLLRDHUP)
    poll.poll()
    end()
