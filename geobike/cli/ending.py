"""How the program ends: by a signal, with nobody left to read what it prints, or inside a model."""

import errno
import io
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from geobike.cli.terminal import say

DEAF: Final = 2.0
"""Seconds after which a signal ends the program where Python cannot hear it: inside a library."""

SLOW: Final = 10.0
"""Seconds after which it ends the program though that is still being tidied up."""

CLOSED: Final = 128 + 13
"""Exit code where nobody reads standard output any more: that of SIGPIPE, as of other programs."""

MACHINE: Final = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "make room on that disk"),
    errno.EFBIG: "the limit of a file's size is too low (ulimit -f)",
    errno.EROFS: "write to another disk",
    errno.EIO: "check the disk",
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "raise the limit of open files (ulimit -n)"),
    errno.ENOMEM: "close other programs, or use a machine with more memory",
}
"""What is wrong with a machine, and no mistake of geobike's, with the remedy."""


class Stopped(KeyboardInterrupt):
    """A signal asked the program to end; raised where Python is at that moment."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


_SIGNALS: Final = [
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if (number := getattr(signal, name, None)) is not None
]
_DEFAULT: Final = (signal.SIG_DFL, signal.default_int_handler)

_heard: Final = threading.Event()
_signal: Final[list[int]] = []
"""The signal that was heard."""


@contextmanager
def listening() -> Iterator[None]:
    """Have Ctrl-C, SIGTERM and SIGHUP end the block in order, and the program within seconds."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python tells only this one of signals
        return
    _heard.clear()
    _signal.clear()
    # What is ignored stays so: nohup, and jobs in the background of a script.
    before = {one: signal.getsignal(one) for one in _SIGNALS if signal.getsignal(one) in _DEFAULT}
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    threading.Thread(target=_watch, args=(ours,), name="geobike-signals", daemon=True).start()
    # Written by the system's own handler, also where Python is inside a library.
    other = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    for one in before:
        signal.signal(one, _hear)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        signal.set_wakeup_fd(other)
        theirs.close()


def _hear(number: int, _: FrameType | None) -> None:
    _signal[:] = [number]
    _heard.set()
    raise Stopped(number)


def _watch(ours: socket.socket) -> None:
    """End the program where a signal was not heard, or did not end it in time."""
    for (number,) in iter(lambda: ours.recv(1), b""):
        if number in _SIGNALS:
            break
    else:
        ours.close()
        return
    if _heard.wait(DEAF):
        time.sleep(SLOW)
    say("stopped.")
    _leave_now(128 + number)


def stopped() -> int | None:
    """Return the exit code of the signal that was heard, if any."""
    return 128 + _signal[0] if _signal else None


def open_streams() -> None:
    """Have something to print to: nowhere, where whoever started us has closed a stream."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may not know every letter of a name
        sys.stdout.reconfigure(errors="backslashreplace")


def leave(code: int) -> NoReturn:
    """End with an exit code, after what was printed has been written."""
    code = _flush(code)
    # Photos are with the detector in daemon threads. A library that such a thread is in would end
    # the program with SIGABRT, or not at all, when Python goes away beneath it.
    if stopped() or any(thread.name == "geobike-photo" for thread in threading.enumerate()):
        _leave_now(code)
    sys.exit(code)


def _flush(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = CLOSED
        _to_nowhere()
    except OSError as error:
        remedy = MACHINE.get(error.errno or 0, "write to another place")
        say(f"standard output: {error.strerror or error}; {remedy}")
        code = code or 2
        _to_nowhere()
    return code


def _to_nowhere() -> None:
    """Let Python not fail once more on what could not be written."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave_now(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
