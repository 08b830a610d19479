#!/usr/bin/env python3
"""The door for a fresh machine: python3 dev.py COMMAND, with nothing installed but Python.

  demo [--port N] [--reset] [--with-redis] [--with-s3]
        the portal with demo data at http://127.0.0.1:8000, until Ctrl-C; --reset begins with new data
  demo --check [--cv FILE]... [--port N] [--with-redis] [--with-s3]
        does the main job by itself on a site of its own, reports each step, and exits
  test [PYTEST ARGUMENTS]
        the tests
  manage COMMAND...
        a manage.py command on the demo's data, also while the demo runs
  bench [NAME [OPTIONS]]
        a measurement; without a name, the list of them
  help
        this text

It makes the environment in .venv from requirements/dev.txt and keeps all data in .data/. With DATABASE_URL set, that
PostgreSQL is used instead of the embedded one.
"""

import argparse
import ast
import hashlib
import importlib.util
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

if sys.hexversion < 0x030B0000:  # before anything that an older Python 3 trips over
    sys.stderr.write(f"Clouder needs Python 3.11 or newer, and this is {sys.version.split()[0]}.\n")
    sys.exit(2)

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements" / "dev.txt"
STAMP = VENV / "clouder-requirements.sha256"
EXIT_USAGE = 2
# pip's settings, from its variables or its files, and what uv calls them; the last is how uv separates several values.
UV_NAMES = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "client-cert": ("SSL_CLIENT_CERT", " "),
    "proxy": ("ALL_PROXY", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
}


def fail(sentence: str) -> None:
    """End the program with one sentence on stderr and exit code 2."""
    print(sentence, file=sys.stderr)
    sys.exit(EXIT_USAGE)


def program(name: str) -> str:
    """The path of one of the environment's programs."""
    return str(VENV / "Scripts" / (name + ".exe") if os.name == "nt" else VENV / "bin" / name)


def run(*command: str, env: dict[str, str] | None = None) -> bool:
    """Run a command, with its output on stderr (ours is for results), and return whether it succeeded."""
    try:
        return subprocess.run(command, cwd=ROOT, env=env, stdout=sys.stderr, check=False).returncode == 0
    except OSError:
        return False


def prepare_environment() -> None:
    """Make .venv where it is missing, and bring it to what requirements/dev.txt says, each file checked by its hash.

    A stamp of that file and of the environment's Python makes this a matter of milliseconds the next time.
    """
    if not Path(program("python")).exists():
        make_venv()
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + (VENV / "pyvenv.cfg").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("Bringing .venv to what requirements/dev.txt says ...", file=sys.stderr)
    pip = (program("python"), "-m", "pip", "install", "--disable-pip-version-check", "--require-hashes")
    if not sync_with_uv(pip) and not run(*pip, "-r", str(REQUIREMENTS)):
        fail("The packages of requirements/dev.txt could not be installed: the reason stands above.")
    STAMP.write_text(wanted)


def make_venv() -> None:
    """Make an empty environment, or say which package is missing."""
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        version = "{}.{}".format(*sys.version_info[:2])
        fail(f"Python's venv module is missing: install it (Debian and Ubuntu: apt install python{version}-venv).")
    if not run(sys.executable, "-m", "venv", "--clear", str(VENV)):
        fail(f"{sys.executable} could not make an environment in .venv: the reason stands above.")


def sync_with_uv(pip: tuple[str, ...]) -> bool:
    """Install uv as it is pinned, and let it do the rest; false when it cannot be had or fails."""
    block = re.search(r"^uv==.*\n(?:[ \t].*\n)*", REQUIREMENTS.read_text(), re.MULTILINE)
    if block is None:
        return False
    pinned = VENV / "uv-requirements.txt"
    pinned.write_text(block.group())
    if not run(*pip, "--quiet", "-r", str(pinned)):
        return False
    quiet = () if sys.stderr.isatty() else ("--quiet",)
    sync = ("pip", "sync", *quiet, "--require-hashes", "--python", program("python"), str(REQUIREMENTS))
    return run(program("uv"), *sync, env=uv_environment())


def uv_environment() -> dict[str, str]:
    """Our environment, with what pip is told about indexes and certificates said to uv too, where it is not already."""
    command = (program("python"), "-m", "pip", "config", "list")
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    # As in pip, its variables (":env:") come before its files, and in these "install." before "global.".
    lines.sort(key=lambda line: (not line.startswith(":env:"), not line.startswith("install.")))
    # pip takes the best version of all indexes; with hashes that is as safe as uv's way.
    found = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for line in lines:
        key, _, value = line.partition("=")
        name, separator = UV_NAMES.get(key.rpartition(".")[2], ("", ""))
        if name:
            found.setdefault(name, separator.join(str(ast.literal_eval(value)).split()))
    return found | os.environ


def run_with_parts(options: list[str], command: list[str]) -> None:
    """Become the runner of clouder.embedded, which starts the parts around `command`; does not return."""
    prepare_environment()
    os.chdir(ROOT)
    arguments = [program("python"), "-m", "clouder.embedded", *options, "--", program("python"), *command]
    if os.name == "nt":
        sys.exit(subprocess.run(arguments, check=False).returncode)
    sys.stdout.flush()
    os.execv(arguments[0], arguments)


def demo(arguments: list[str]) -> None:
    """Show the portal, or with --check let it do the main job by itself."""
    parser = argparse.ArgumentParser("dev.py demo", "dev.py demo [options]", add_help=False, allow_abbrev=False)
    parser.add_argument("--port", type=int)
    parser.add_argument("--cv", type=Path, action="append", default=[])
    for flag in ("--check", "--reset", "--with-redis", "--with-s3"):
        parser.add_argument(flag, action="store_true")
    own, rest = parser.parse_known_args(arguments)
    port = own.port or (free_port() if own.check else None)
    if port:
        os.environ.setdefault("CLOUDER_SITE_URL", f"http://127.0.0.1:{port}")
        rest += ["--port", str(port)]
    for cv in own.cv:
        rest += ["--cv", str(cv.resolve())]  # the runner works in our folder
    options = ["--data", ".data/check", "--temporary"] if own.check else ["--data", ".data/demo"]
    options += [flag for flag in ("--reset", "--with-redis", "--with-s3") if getattr(own, flag[2:].replace("-", "_"))]
    run_with_parts(options, ["manage.py", "demo", *(["--check"] if own.check else []), *rest])


def free_port() -> int:
    """A TCP port that nothing on this machine uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test(arguments: list[str]) -> None:
    """Run pytest on a database that is quick and may be lost; the everyday suite on all cores.

    What breaks parts on purpose (tests/faults) takes minutes, and is run when it is named.
    """
    everyday = [] if arguments else ["-n", "auto", "--ignore=tests/faults"]
    run_with_parts(["--data", ".data/test", "--throwaway"], ["-m", "pytest", *everyday, *arguments])


def manage(arguments: list[str]) -> None:
    """Run a manage.py command on the demo's data."""
    run_with_parts(["--data", ".data/demo"], ["manage.py", *arguments])


def bench(arguments: list[str]) -> None:
    """Run one measurement, or list them."""
    names = sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))
    if not arguments:
        print("\n".join(names) or "There are no benchmarks yet.")
    elif arguments[0] not in names:
        fail(f"There is no benchmark {arguments[0]}; there are: {', '.join(names) or 'none yet'}.")
    else:
        run_with_parts(["--data", ".data/bench", "--throwaway"], ["-m", f"benchmarks.{arguments[0]}", *arguments[1:]])


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    commands = {"demo": demo, "test": test, "manage": manage, "bench": bench}
    name = arguments[0] if arguments else "help"
    if name in commands:
        commands[name](arguments[1:])
    elif name in {"help", "-h", "--help"}:
        print(__doc__.strip())
    else:
        fail(f"dev.py has no command {name}; python3 dev.py help lists those that it has.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
