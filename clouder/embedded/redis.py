"""Redis from the system's own package, for a broker and a cache as in production."""

import shutil
import socket
import subprocess
from pathlib import Path

from clouder.embedded.processes import PartError, Server, spawn

MISSING = (
    "--with-redis needs redis-server, which is not installed (Debian, Ubuntu: apt install redis-server); "
    "without --with-redis the queue lies in files."
)


def locate() -> str:
    """The path of redis-server; raises PartError with the package's name where it is missing."""
    program = shutil.which("redis-server")
    if program is None:
        raise PartError(MISSING)
    return program


class Redis(Server):
    """A Redis that keeps nothing on disk: what matters is in the database, and losing the broker loses nothing."""

    name = "Redis"

    def __init__(self, folder: Path, password: str, program: str) -> None:
        """Use `program`; `password` keeps other users of this machine out."""
        super().__init__(folder, "redis.log")
        self.password = password
        self.program = program

    def start_process(self) -> subprocess.Popen[bytes]:
        """Start it, with its settings by standard input: a password on the command line is there for all to read."""
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
        }
        text = "".join(f"{key} {value}\n" for key, value in settings.items())
        return spawn([self.program, "-"], self.log, stdin=text)

    def is_ready(self) -> bool:
        """Whether our own server answers: nobody else's knows the password."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\n".encode())
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            return False

    def url(self, database: int) -> str:
        """The URL of one of its numbered databases."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    @property
    def description(self) -> str:
        """For the closing line, as in "Redis 7.0.15"."""
        text = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=False).stdout
        version = next((word.removeprefix("v=") for word in text.split() if word.startswith("v=")), "")
        return f"Redis {version}".strip()
