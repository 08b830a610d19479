"""An answerer in place of S3: it keeps names of versions in memory and takes a while for each request.

It speaks what an erasure asks for: versions listed in pages, objects deleted by the thousand or one by one, uploads.
"""

import sys
import time
from bisect import bisect_right
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

HEAD = '<?xml version="1.0"?><{0} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{1}</{0}>'


class Store(ThreadingHTTPServer):
    """The versions, in the order of their keys, and how many requests came."""

    daemon_threads = True

    def __init__(self, delay: float) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.delay, self.lock = delay, Lock()
        self.versions: list[tuple[str, str]] = []
        self.requests = 0


class Handler(BaseHTTPRequestHandler):
    """One request at a time of a connection, each after the delay."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Store

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        query = {
            name: values[0] for name, values in parse_qs(urlsplit(self.path).query, keep_blank_values=True).items()
        }
        if "count" in query:
            count, self.server.requests = self.server.requests, 0
            self._answer(str(count), waits=False)
        elif "uploads" in query:
            self._answer(HEAD.format("ListMultipartUploadsResult", "<IsTruncated>false</IsTruncated>"))
        else:
            self._answer(self._page(query))

    def do_PUT(self) -> None:
        """Keys to keep, two versions each, one key a line."""
        keys = self.rfile.read(int(self.headers["Content-Length"])).decode().split()
        with self.server.lock:
            self.server.versions = sorted((key, version) for key in keys for version in ("1", "2"))
        self._answer("", waits=False)

    def do_POST(self) -> None:
        root = ET.fromstring(self.rfile.read(int(self.headers["Content-Length"])))
        gone = {(node.findtext("{*}Key", ""), node.findtext("{*}VersionId", "")) for node in root.iterfind("{*}Object")}
        with self.server.lock:
            self.server.versions = [version for version in self.server.versions if version not in gone]
        self._answer(HEAD.format("DeleteResult", ""))

    def do_DELETE(self) -> None:
        parts = urlsplit(self.path)
        gone = (unquote(parts.path).partition("/")[2].partition("/")[2], parse_qs(parts.query)["versionId"][0])
        with self.server.lock:
            place = bisect_right(self.server.versions, gone) - 1
            if place >= 0 and self.server.versions[place] == gone:
                del self.server.versions[place]
        self._answer("")

    def _page(self, query: dict[str, str]) -> str:
        prefix, size = query.get("prefix", ""), int(query.get("max-keys", "1000"))
        with self.server.lock:
            first = (query.get("key-marker", ""), query.get("version-id-marker", "\uffff"))
            begin = bisect_right(self.server.versions, max(first, (prefix, "")))
            page = self.server.versions[begin : begin + size + 1]
        page = [version for version in page if version[0].startswith(prefix)]
        is_more, page = len(page) > size, page[:size]
        items = "".join(f"<Version><Key>{key}</Key><VersionId>{version}</VersionId></Version>" for key, version in page)
        marks = f"<IsTruncated>{str(is_more).lower()}</IsTruncated>"
        if is_more:
            marks += (
                f"<NextKeyMarker>{page[-1][0]}</NextKeyMarker><NextVersionIdMarker>{page[-1][1]}</NextVersionIdMarker>"
            )
        return HEAD.format("ListVersionsResult", marks + items)

    def _answer(self, body: str, *, waits: bool = True) -> None:
        if waits:
            self.server.requests += 1
            time.sleep(self.server.delay)
        content = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Serve until killed; print the port first. The argument is the delay in seconds."""
    store = Store(float(sys.argv[1]))
    print(store.server_port, flush=True)
    store.serve_forever()


if __name__ == "__main__":
    main()
