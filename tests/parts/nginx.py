"""Debian's nginx with the configuration of deploy/nginx, on free ports of this machine.

Ports, folders, certificate and the portal's address are put in; all else is as it is shipped. Not only tests use it:
so do a benchmark and .ci/production, so nothing here needs pytest or Django.
"""

import http.client
import os
import socket
import ssl
import subprocess
from pathlib import Path

from clouder.embedded.processes import Server, free_port, spawn

ROOT = Path(__file__).resolve().parents[2]
HOST = "careers.example.org"
SECRET = 0o600
MAIN = """\
{user}
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 768; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    include {folder}/clouder.conf;
}}
"""
"""What Debian's own nginx.conf says around the configuration, as far as it matters here."""


class Nginx(Server):
    """nginx before the portal at ``upstream``, a port of 127.0.0.1; ``port`` speaks TLS, ``plain_port`` does not."""

    name = "nginx"

    def __init__(self, folder: Path, upstream: int) -> None:
        super().__init__(folder, "nginx.log")
        self.upstream = upstream
        self.plain_port = 0
        self.body = folder / "body"
        self.access_log = folder / "clouder.log"
        self.error_log = folder / "clouder-error.log"

    def start_process(self) -> "subprocess.Popen[bytes]":
        """Write the configuration and start."""
        self.plain_port = free_port()
        if not (self.folder / "fullchain.pem").exists():
            self._make_certificate()
        (self.folder / "clouder.conf").write_text(self._site(), encoding="utf-8")
        # As root nginx would work as somebody else, who could not enter the folders of the tests.
        main = MAIN.format(folder=self.folder, user="user root;" if os.geteuid() == 0 else "")
        (self.folder / "nginx.conf").write_text(main, encoding="utf-8")
        return spawn(["nginx", "-c", str(self.folder / "nginx.conf"), "-p", str(self.folder)], self.log)

    def _site(self) -> str:
        """What is shipped, with this machine's places in it. Raises ValueError where a place is not named in it."""
        text = (ROOT / "deploy" / "nginx" / "clouder.conf").read_text(encoding="utf-8")
        for here, there in (
            ("127.0.0.1:8000", f"127.0.0.1:{self.upstream}"),
            ("    listen 80;\n    listen [::]:80;\n", f"    listen 127.0.0.1:{self.plain_port};\n"),
            ("    listen 443 ssl http2;\n    listen [::]:443 ssl", f"    listen 127.0.0.1:{self.port} ssl"),
            ("/etc/ssl/clouder/", f"{self.folder}/"),
            ("/var/log/nginx/", f"{self.folder}/"),
            ("/var/lib/nginx/body", str(self.body)),
            ("/srv/clouder/deploy/nginx/", f"{ROOT}/deploy/nginx/"),
        ):
            if here not in text:
                raise ValueError(f"deploy/nginx/clouder.conf does not say {here!r}")
            text = text.replace(here, there)
        return text

    def _make_certificate(self) -> None:
        key = self.folder / "privkey.pem"
        key.touch(mode=SECRET)
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        names = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-days", "2"]
        files = ["-keyout", str(key), "-out", str(self.folder / "fullchain.pem")]
        subprocess.run([*command, *names, *files], check=True, capture_output=True)

    def tls(self) -> ssl.SSLContext:
        """What a client needs to believe the certificate."""
        return ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))

    def is_ready(self) -> bool:
        """Whether it has bound its ports: it writes its process id then."""
        pid = self.folder / "nginx.pid"
        return self.process is not None and pid.exists() and pid.read_text().strip() == str(self.process.pid)

    def kept_bodies(self) -> int:
        """How many bodies of requests wait on the disk now; they have no name there, so the processes are asked."""
        assert self.process is not None
        found = 0
        for child in children(self.process.pid):
            for link in Path(f"/proc/{child}/fd").iterdir():
                found += link.is_symlink() and link.readlink().is_relative_to(self.body)
        return found


class Connection(http.client.HTTPSConnection):
    """Goes to nginx on this machine under the name that its certificate has, from an address of this machine."""

    def __init__(self, nginx: Nginx, *, source: str = "127.0.0.1", timeout: float) -> None:
        self.tls = nginx.tls()
        super().__init__(HOST, context=self.tls, timeout=timeout)
        self.where, self.source = ("127.0.0.1", nginx.port), (source, 0)

    def connect(self) -> None:
        """Connect, and believe the certificate."""
        plain = socket.create_connection(self.where, self.timeout, self.source)
        self.sock = self.tls.wrap_socket(plain, server_hostname=HOST)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run (Linux)."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
