"""An S3 server for the object storage: moto's.

moto keeps objects in memory only: they are gone when it stops, while the database keeps its rows. So this is for checks
and tests, not for a demo that is to be continued. It also asks for no credentials: any user of this machine can read
what is in it while it runs.
"""

import http.client
import importlib.util
import subprocess
import sys
from pathlib import Path

from clouder.embedded.processes import PartError, Server, spawn

REGION = "eu-north-1"
BUCKETS = ("clouder-files", "clouder-ledger")
CREDENTIAL = "clouder-dev"
SERVER = Path(__file__).parent / "moto_server.py"
MISSING = (
    "--with-s3 needs moto's server, which is not installed in this environment (pip install 'moto[s3,server]'); "
    "without --with-s3 the files lie in a local folder."
)
_XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"
_CREATE = (
    f'<CreateBucketConfiguration xmlns="{_XMLNS}"><LocationConstraint>{REGION}</LocationConstraint>'
    "</CreateBucketConfiguration>"
)
_ENABLE = f'<VersioningConfiguration xmlns="{_XMLNS}"><Status>Enabled</Status></VersioningConfiguration>'


def require_moto() -> None:
    """Raise PartError, naming the package, where moto or the web framework of its server is missing."""
    if any(importlib.util.find_spec(module) is None for module in ("moto", "flask")):
        raise PartError(MISSING)


class S3(Server):
    """moto's server with the two versioned buckets that the portal needs."""

    name = "The S3 server (moto)"
    description = "S3 (moto, in memory)"

    def __init__(self, folder: Path) -> None:
        """Nothing is started yet; only the log goes into `folder`."""
        super().__init__(folder, "s3.log")

    def start_process(self) -> subprocess.Popen[bytes]:
        """Start moto in this environment's Python."""
        # "-P": beside that file lie modules that have the names of libraries
        command = [sys.executable, "-P", str(SERVER), "-H", "127.0.0.1", "-p", str(self.port)]
        return spawn(command, self.log)

    def is_ready(self) -> bool:
        """Whether a web server answers."""
        try:
            return self._request("GET", "/moto-api/", "") == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def create_buckets(self) -> None:
        """Create both buckets and switch versioning on, by plain HTTP: importing boto3 takes longer than all this."""
        for bucket in BUCKETS:
            for path, body in ((f"/{bucket}", _CREATE), (f"/{bucket}?versioning", _ENABLE)):
                status = self._request("PUT", path, body)
                if status != http.HTTPStatus.OK:
                    raise PartError(f"{self.name} answered {status} to PUT {path}; its log is {self.log}.")

    def _request(self, method: str, path: str, body: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/xml"})
            return connection.getresponse().status
        finally:
            connection.close()

    @property
    def endpoint(self) -> str:
        """The URL that boto3 takes as endpoint_url."""
        return f"http://127.0.0.1:{self.port}"
