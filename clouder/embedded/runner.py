"""Start the parts, run one command with them in its environment, stop the parts.

What the user has set in the environment stands: with DATABASE_URL set no PostgreSQL is started. A second runner on the
same folder uses the parts of the first and stops nothing; with --throwaway, where a test database is nobody else's
business, it takes a folder of its own beside it.
"""

import argparse
import contextlib
import itertools
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from clouder.embedded import postgres, redis, s3
from clouder.embedded.folder import Folder
from clouder.embedded.processes import (
    BLOCKED_SIGNALS,
    InterruptedStartError,
    PartError,
    before_exec,
    forget_signals,
    raise_if_interrupted,
)

EXIT_USAGE = 2
# How long a later comer waits for a holder that is still starting its parts.
HOLDER_SECONDS = 240.0
# Said by us about the parts that run, so what an outer runner has said does not count.
ALWAYS_SET = frozenset({"CLOUDER_DEV", "CLOUDER_PARTS"})


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code: the command's own, or 2 with one sentence on stderr."""
    options, command = parse(arguments)
    # With nothing to handle it, some systems discard a signal even while it is blocked.
    handler = signal.signal(signal.SIGCHLD, lambda *_: None)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED_SIGNALS)
    try:
        return run(options, command)
    except InterruptedStartError as interruption:
        return interruption.exit_code
    except PartError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename or options.data} cannot be used: {error.strerror}.", file=sys.stderr)
    finally:
        forget_signals()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGCHLD, handler)
    return EXIT_USAGE


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Split the options from the command, which stands after `--`."""
    own, command = list(arguments), []
    if "--" in own:
        place = own.index("--")
        own, command = own[:place], own[place + 1 :]
    parser = argparse.ArgumentParser(
        prog="python -m clouder.embedded", usage="%(prog)s [options] -- COMMAND ARG...", allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, default=Path(".data/demo"), help="folder of all data (.data/demo)")
    parser.add_argument("--with-redis", action="store_true", help="Redis as broker and cache")
    parser.add_argument("--with-s3", action="store_true", help="an S3 server, in memory only, for files and ledger")
    parser.add_argument("--throwaway", action="store_true", help="quick, not safe against power cuts, never shared")
    parser.add_argument("--temporary", action="store_true", help="a new folder DATA-RANDOM, removed at the end")
    parser.add_argument("--reset", action="store_true", help="empty the folder first; refused while it is in use")
    options = parser.parse_args(own)
    if not command:
        parser.error("which command? It stands after --")
    return options, command


def run(options: argparse.Namespace, command: Sequence[str]) -> int:
    """Find the folder, start or share its parts, and run the command with them."""
    with contextlib.ExitStack() as stack:
        folder, shared = take_folder(options)
        if shared is None:
            stack.callback(folder.release)
            if options.temporary:
                stack.callback(folder.remove)
            shared = start_parts(folder, options, stack)
            folder.publish(shared)
            stack.callback(folder.withdraw)
        raise_if_interrupted()
        return run_command(command, child_environment(shared))


def take_folder(options: argparse.Namespace) -> tuple[Folder, dict[str, str] | None]:
    """The folder that we hold now, or else another's with the environment to share. Raises PartError, and see main."""
    if options.temporary:
        folder = Folder.temporary(options.data)
        folder.acquire()
        return folder, None
    if options.throwaway:
        return first_unused(options.data), None
    folder = Folder(options.data)
    if options.reset:
        if not folder.acquire():
            raise PartError(f"{folder.path} is in use by a run that has not ended: stop it first.")
        postgres.stop_leftovers(folder.path / "postgres")
        folder.empty()
        return folder, None
    shared = hold_or_share(folder)
    if shared is not None:
        for is_wanted, name in ((options.with_redis, "Redis"), (options.with_s3, "S3")):
            if is_wanted and f", {name} " not in shared["CLOUDER_PARTS"]:
                raise PartError(f"{folder.path} is in use by a run without {name}: stop that one first.")
    return folder, shared


def first_unused(data: Path) -> Folder:
    """DATA, DATA-2, DATA-3, …: the first that nobody holds, held by us now."""
    for number in itertools.count(1):
        folder = Folder(data if number == 1 else data.with_name(f"{data.name}-{number}"))
        if folder.acquire():
            return folder
    raise AssertionError("count() has no end")


def hold_or_share(folder: Folder) -> dict[str, str] | None:
    """None when we hold the folder now; otherwise the environment that its holder has published."""
    deadline = time.monotonic() + HOLDER_SECONDS
    while not folder.acquire():
        environment = folder.published()
        if environment is not None:
            return environment
        raise_if_interrupted()
        if time.monotonic() > deadline:
            raise PartError(f"{folder.path} is held by another run that does not get ready: stop it and try again.")
        time.sleep(0.05)
    return None


def start_parts(folder: Folder, options: argparse.Namespace, stack: contextlib.ExitStack) -> dict[str, str]:
    """Start what is asked for, each part's stop put on the stack first; returns the environment, complete.

    The S3 server takes longest to load, so it begins first and is waited for last.
    """
    redis_program = redis.locate() if options.with_redis else ""
    s3_server = None
    if options.with_s3:
        s3.require_moto()
        s3_server = s3.S3(folder.path)
        stack.callback(s3_server.stop)
        s3_server.launch()
    environment = base_environment(folder)
    parts = [add_database(folder, options, stack, environment)]
    if options.with_redis:
        redis_server = redis.Redis(folder.path, secrets.token_urlsafe(24), redis_program)
        stack.callback(redis_server.stop)
        redis_server.launch()
        redis_server.wait_ready()
        environment |= {"CLOUDER_BROKER_URL": redis_server.url(0), "CLOUDER_CACHE_URL": redis_server.url(1)}
    parts.append(redis_server.description if options.with_redis else "file broker")
    if s3_server:
        s3_server.wait_ready()
        s3_server.create_buckets()
        environment |= s3_environment(s3_server)
    else:
        environment |= local_files_environment(folder)
    parts.append(s3_server.description if s3_server else "local files")
    environment["CLOUDER_PARTS"] = ", ".join(parts)
    # What the user has set is what later comers share as well.
    return {key: value if key in ALWAYS_SET else os.environ.get(key, value) for key, value in environment.items()}


def add_database(
    folder: Folder, options: argparse.Namespace, stack: contextlib.ExitStack, environment: dict[str, str]
) -> str:
    """Start PostgreSQL unless the user names a database; fills in DATABASE_URL and returns the part's description."""
    if os.environ.get("DATABASE_URL"):
        environment["DATABASE_URL"] = os.environ["DATABASE_URL"]
        return "PostgreSQL (DATABASE_URL)"
    server = postgres.Postgres(
        folder.path,
        programs=postgres.locate(),
        password=folder.secret("postgres-password"),
        is_throwaway=options.throwaway or options.temporary,
    )
    stack.callback(server.stop)
    server.start()
    environment["DATABASE_URL"] = server.url
    return server.description


def base_environment(folder: Folder) -> dict[str, str]:
    """What every run has, with the queue in files and the cache in the database.

    Paths in URLs stand as they are, without percent-encoding. The company is made up.
    """
    for name in ("broker", "mail"):
        (folder.path / name).mkdir(exist_ok=True)
    return {
        "CLOUDER_DEV": "1",
        "CLOUDER_SECRET_KEY": folder.secret("secret-key"),
        "CLOUDER_SUPPRESSION_KEYS": f"1:{folder.secret('suppression-key')}",
        "CLOUDER_BROKER_URL": f"filesystem://{folder.path}/broker",
        "CLOUDER_CACHE_URL": "dbcache://clouder_cache",
        "CLOUDER_EMAIL_URL": f"devmail://{folder.path}/mail",
        "CLOUDER_EMAIL_FROM": "Example careers <careers@example.org>",
        "CLOUDER_CONTROLLER_NAME": "Example Oy",
        "CLOUDER_CONTROLLER_ADDRESS": "Esimerkkikatu 1, 00100 Helsinki, Finland",
        "CLOUDER_PRIVACY_EMAIL": "privacy@example.org",
        "CLOUDER_CLOCK_FILE": str(folder.path / "clock-offset"),
        "CLOUDER_SITE_URL": "http://127.0.0.1:8000",
    }


def local_files_environment(folder: Folder) -> dict[str, str]:
    """Objects and ledger as files."""
    places = {"CLOUDER_FILES_DIR": folder.path / "files", "CLOUDER_LEDGER_DIR": folder.path / "ledger"}
    for place in places.values():
        place.mkdir(exist_ok=True)
    return {key: str(place) for key, place in places.items()}


def s3_environment(server: s3.S3) -> dict[str, str]:
    """Objects and ledger in two buckets."""
    files, ledger = s3.BUCKETS
    return {
        "CLOUDER_S3_ENDPOINT": server.endpoint,
        "CLOUDER_S3_REGION": s3.REGION,
        "CLOUDER_FILES_BUCKET": files,
        "CLOUDER_LEDGER_BUCKET": ledger,
        "AWS_ACCESS_KEY_ID": s3.CREDENTIAL,
        "AWS_SECRET_ACCESS_KEY": s3.CREDENTIAL,
    }


def child_environment(parts: dict[str, str]) -> dict[str, str]:
    """Ours, with the parts' where we have nothing set."""
    return parts | {key: value for key, value in os.environ.items() if key not in ALWAYS_SET}


def run_command(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run the command at this terminal to its end, pass on what asks us to stop, and return its exit code.

    A Ctrl-C at the terminal reaches the command by itself, as it is in our process group; passing that on would be a
    second Ctrl-C. A command ended by signal N counts as exit code 128 + N, as in a shell.
    """
    try:
        child = subprocess.Popen(command, env=environment, preexec_fn=before_exec(signal.SIGTERM))  # noqa: PLW1509 - one thread
    except OSError as error:
        raise PartError(f"{command[0]} cannot be run: {error.strerror}.") from error
    for signum, is_from_terminal in blocked_signals():
        if signum == signal.SIGCHLD:
            exit_code = child.poll()
            if exit_code is not None:
                return exit_code if exit_code >= 0 else 128 - exit_code
        elif not is_from_terminal:
            child.send_signal(signum)
    raise AssertionError("signals have no end")


def blocked_signals() -> Iterator[tuple[int, bool]]:
    """The signals that come in, each with whether the terminal sent it to the whole process group.

    This process has one thread; another one, with these signals unblocked, could swallow them.
    """
    while True:
        if sys.platform == "darwin":
            signum = signal.sigwait(BLOCKED_SIGNALS)
            yield signum, signum == signal.SIGINT and is_in_foreground()
        else:
            information = signal.sigwaitinfo(BLOCKED_SIGNALS)
            yield information.si_signo, information.si_code > 0  # above zero: from the kernel, not from kill()


def is_in_foreground() -> bool:
    """Whether a Ctrl-C at our terminal comes to us; for systems that do not say who sent a signal."""
    try:
        with Path("/dev/tty").open() as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False
