"""Debian's clamd with one signature of our own: nothing is downloaded, and it starts in a second."""

import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from clouder.embedded.processes import Server, spawn
from files.clamd import Patience, ScannerDown, check_alive

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!" + b"$H+H*"
"""The harmless text that every scanner is tested with; in two pieces, for the sake of scanners that read this."""
NAME = "Eicar-Of-Our-Own.UNOFFICIAL"
STREAM_LIMIT = 2_000_000  # bytes
QUICK = Patience(connect=2, sign=0.5, answer=1)


class Clamd(Server):
    """A clamd on a port of 127.0.0.1 and on a socket; ``hold`` stops it in its tracks and ``go_on`` lets it go on."""

    name = "clamd"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "clamd.log")
        self.socket = folder / "clamd.sock"
        (folder / "signatures").mkdir()
        (folder / "signatures" / "test.ndb").write_text(f"{NAME.partition('.')[0]}:0:*:{EICAR.hex()}\n")

    def start_process(self) -> subprocess.Popen[bytes]:
        self.socket.unlink(missing_ok=True)
        settings = {
            "Foreground": "yes",
            "DatabaseDirectory": self.folder / "signatures",
            "LocalSocket": self.socket,
            "TCPAddr": "127.0.0.1",
            "TCPSocket": self.port,
            "StreamMaxLength": STREAM_LIMIT,
            "ReadTimeout": 30,
        }
        config = self.folder / "clamd.conf"
        config.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin") or "clamd"
        return spawn([program, f"--config-file={config}"], self.log)

    def is_ready(self) -> bool:
        with suppress(ScannerDown):
            check_alive(self.tcp, QUICK)
            check_alive(self.unix, QUICK)
            return True
        return False

    @property
    def tcp(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def unix(self) -> str:
        return f"unix:{self.socket}"

    @contextmanager
    def held(self) -> Iterator[None]:
        """It takes connections and answers none, as a process that hangs."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def odd_scanner(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """A scanner that answers a PING and does with anything else what ``behave`` does. Yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, behave), daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def _serve(server: socket.socket, behave: Callable[[socket.socket], None]) -> None:
    with suppress(OSError):  # closed: the test is over
        while True:
            line, _ = server.accept()
            threading.Thread(target=_answer, args=(line, behave), daemon=True).start()


def _answer(line: socket.socket, behave: Callable[[socket.socket], None]) -> None:
    with suppress(OSError), line:
        if line.recv(6, socket.MSG_WAITALL) == b"zPING\0":
            line.sendall(b"PONG\0")
        else:
            behave(line)


def read_stream(line: socket.socket) -> bytes:
    """What was streamed, read to its end."""
    line.recv(4, socket.MSG_WAITALL)  # the rest of "zINSTREAM"
    content = b""
    while size := int.from_bytes(line.recv(4, socket.MSG_WAITALL), "big"):
        content += line.recv(size, socket.MSG_WAITALL)
    return content
