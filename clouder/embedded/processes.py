"""Processes that end when we do.

The runner blocks the signals that ask it to stop and looks at them at moments of its own choosing, so a Ctrl-C never
interrupts it between starting a process and remembering it. Whatever it starts gets those signals unblocked again,
and on Linux is told by the kernel when the runner dies without a word (SIGKILL).
"""

import abc
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BLOCKED_SIGNALS = (*STOP_SIGNALS, signal.SIGCHLD)
# What a part gets when its runner dies: all of them stop cleanly on it (PostgreSQL: its fast stop).
SIGNAL_AT_OUR_DEATH = signal.SIGINT
POLL_SECONDS = 0.005
# A port taken by somebody else in the meantime, and what a killed predecessor leaves for some moments.
PASSING_FAULTS = ("in use", "already exists")
RETRY_SECONDS = 15.0

_PR_SET_PDEATHSIG = 1
# Loaded here and not between fork and exec, where little is safe.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class PartError(Exception):
    """A part cannot run; the message is one sentence for the person at the terminal."""


class InterruptedStartError(Exception):
    """Someone asked us to stop while parts were starting."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_code = 128 + signum


def raise_if_interrupted() -> None:
    """Take a blocked stop signal that waits for us, and raise InterruptedStartError for it."""
    pending = signal.sigpending() & set(STOP_SIGNALS)
    if pending:
        raise InterruptedStartError(signal.sigwait(pending))


def forget_signals() -> None:
    """Take all blocked signals that wait for us: unblocked later, they would end us when our work is done anyway."""
    while pending := signal.sigpending() & set(BLOCKED_SIGNALS):
        signal.sigwait(pending)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago; another process may take it before it is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def before_exec(signal_at_our_death: int) -> Callable[[], None]:
    """What a child does between fork and exec: take its signals back and follow us when we die (Linux)."""
    parent = os.getpid()

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, BLOCKED_SIGNALS)
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal_at_our_death)
            if os.getppid() != parent:
                os._exit(1)  # we died in between: the kernel would never tell

    return prepare


@dataclass(frozen=True)
class Account:
    """How a process becomes the system user it must be: a command in front, or a user and group id to switch to."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None

    @property
    def owner(self) -> int:
        """The user id that the process's files have outside of any namespace."""
        return os.geteuid() if self.user is None else self.user


def spawn(
    command: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    account: Account | None = None,
) -> subprocess.Popen[bytes]:
    """Start a part's process in a session of its own, so that the terminal's Ctrl-C does not reach it.

    Its output replaces `log`; `stdin` is its whole input (short: it goes into a pipe at once). With `account` it runs
    as that one (root only). Raises PartError when the program cannot be executed.
    """
    account = account or Account()
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                [*account.prefix, *command],
                cwd="/",
                env=env,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=account.user,
                group=account.group,
                extra_groups=None if account.user is None else [],
                preexec_fn=before_exec(SIGNAL_AT_OUR_DEATH),  # noqa: PLW1509 - the runner has one thread
            )
        except OSError as error:
            raise PartError(f"{command[0]} cannot be run: {error.strerror}.") from error
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(stdin.encode())
    return process


def run_to_end(process: subprocess.Popen[bytes]) -> int:
    """Wait for a short helper process and return its exit code; kill it with its children when we are interrupted."""
    try:
        while True:
            raise_if_interrupted()
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=0.1)
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def last_line(log: Path) -> str:
    """The last line with something in it, or an empty text."""
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


class Server(abc.ABC):
    """A part: one process that listens on a free port of 127.0.0.1, with its log in the data folder."""

    name: str
    # Tried in this order until the process is gone: signal, seconds to wait.
    stop_steps: tuple[tuple[int, float], ...] = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
    patience_seconds = 60.0

    def __init__(self, folder: Path, log_name: str) -> None:
        """Keep everything of this part in `folder` (absolute); nothing is started yet."""
        self.folder = folder
        self.log = folder / log_name
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @abc.abstractmethod
    def start_process(self) -> subprocess.Popen[bytes]:
        """Start the process on `self.port`."""

    @abc.abstractmethod
    def is_ready(self) -> bool:
        """Whether the process answers; quick, and never raises for a server that is not there yet."""

    def launch(self) -> None:
        """Start on a port that is free now; `wait_ready` has the rest."""
        self.port = free_port()
        self.process = self.start_process()

    def wait_ready(self) -> None:
        """Return when the part answers, starting it again for some seconds where the fault will pass.

        Raises PartError when it does not start, InterruptedStartError when we are asked to stop meanwhile.
        """
        began = time.monotonic()
        while not self.is_ready():
            raise_if_interrupted()
            seconds = time.monotonic() - began
            if self.process is None or self.process.poll() is not None:
                text = self.log.read_text(errors="replace")
                if seconds > RETRY_SECONDS or not any(fault in text for fault in PASSING_FAULTS):
                    raise PartError(f"{self.name} did not start ({last_line(self.log)}); its log is {self.log}.")
                time.sleep(0.1)
                self.launch()
            elif seconds > self.patience_seconds:
                raise PartError(f"{self.name} did not answer in {seconds:.0f} seconds; its log is {self.log}.")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop the process if it runs; returns when it is gone. Safe to call twice, or before a start."""
        if self.process is None:
            return
        for signum, seconds in self.stop_steps:
            if self.process.poll() is not None:
                break
            self.process.send_signal(signum)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=seconds)
        self.process = None
