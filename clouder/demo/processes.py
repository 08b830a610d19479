"""The portal's own processes for a demonstration: started together, watched, and stopped whatever happens.

Each child has a session of its own, so that a Ctrl-C at the terminal reaches nobody but us, and we stop the children in
order. On Linux the kernel stops them when we die without a word.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from django.conf import settings

from clouder.embedded.processes import STOP_SIGNALS, before_exec, last_line

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
QUEUE_FLAGS = ("--without-gossip", "--without-mingle", "--without-heartbeat")
"""One worker has nobody to talk to; what it would send stays behind in a broker made of files."""


class ProcessFault(Exception):
    """A child does not run as it should; the message is one sentence."""


class StopRequested(BaseException):
    """Somebody asked us to stop (Ctrl-C, SIGTERM, or the terminal is gone)."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_code = 128 + signum


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Within it the first signal to stop raises StopRequested; further ones are ignored while we stop."""
    is_stopping = False

    def ask(signum: int, _frame: FrameType | None) -> None:
        nonlocal is_stopping
        if not is_stopping:
            is_stopping = True
            raise StopRequested(signum)

    before = {signum: signal.signal(signum, ask) for signum in STOP_SIGNALS}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def port_is_free(port: int) -> bool:
    """Whether we could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


@dataclass
class Child:
    """One process. Its output goes to ``log``, or else to our stderr (stdout is for results)."""

    name: str
    command: Sequence[str]
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it; no signal comes between the start and our remembering it."""
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(self.log.open("ab")) if self.log else sys.stderr
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
            stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, mask)
            self.process = subprocess.Popen(  # noqa: S603 (the command is ours)
                self.command,
                cwd=settings.BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=before_exec(signal.SIGTERM),  # noqa: PLW1509 (no thread runs in this process)
            )

    def look(self) -> None:
        """Raise ProcessFault if it has ended."""
        code = self.process.poll() if self.process else None
        if code is not None:
            reason = f": {last_line(self.log)}" if self.log and last_line(self.log) else ""
            raise ProcessFault(f"The {self.name} has ended by itself (exit code {code}){reason}")

    def ask_to_stop(self) -> None:
        """Ask it to finish what it is doing and end."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> None:
        """Return when it is gone with all its children; safe to call twice."""
        if self.process is None:
            return
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@dataclass
class Site:
    """The portal on a port of this machine: a web server and a worker."""

    port: int
    folder: Path
    has_beat: bool = True
    logs_to_files: bool = False
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}"
        self.web_log = self.folder / "web.log" if self.logs_to_files else None
        self.worker_log = self.folder / "worker.log" if self.logs_to_files else None
        self.children = [
            Child("web server", self._web(), self.web_log),
            Child("worker", self._worker(), self.worker_log),
        ]

    def _web(self) -> list[str]:
        flags = ["--worker-class", "gthread", "--threads", "8", "--graceful-timeout", "5", "--log-level", "warning"]
        bind = ["--bind", f"127.0.0.1:{self.port}", "--no-control-socket"]
        return [sys.executable, "-m", "gunicorn", *flags, *bind, "clouder.wsgi"]

    def _worker(self) -> list[str]:
        # In a log the check looks for what the worker says about each task.
        level = "INFO" if self.logs_to_files else "WARNING"
        beat = ["-B", "-s", str(self.folder / "beat-schedule")] if self.has_beat else []
        pool = ["-P", "threads", "--concurrency", "2", "--loglevel", level]
        python = [sys.executable, "-W", "ignore:You're running the worker with superuser"]
        return [*python, "-m", "celery", "--quiet", "-A", "clouder", "worker", *pool, *QUEUE_FLAGS, *beat]

    def start(self) -> None:
        """Start the children and return when the web server answers; the caller stops them, also when this fails."""
        for child in self.children:
            child.start({**os.environ, **self.environment})
        self._wait_ready()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            self.look()
            if time.monotonic() > deadline:
                raise ProcessFault(f"The web server did not answer in {READY_SECONDS:.0f} seconds")
            time.sleep(0.05)

    def _answers(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def look(self) -> None:
        """Raise ProcessFault if a child has ended."""
        for child in self.children:
            child.look()

    def watch(self) -> None:
        """Return never; raises ProcessFault when a child has ended."""
        while True:
            self.look()
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop all children, side by side."""
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.stop()
