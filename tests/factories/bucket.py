"""What a browser does that sends a file straight to the bucket."""

from collections.abc import Mapping

import urllib3


def post_file(url: str, fields: Mapping[str, str], content: bytes, **changes: str) -> int:
    """Post a file as the form says, with some of its fields changed; returns the status of the answer."""
    file = {"file": ("anything.exe", content, "text/html")}
    answer = urllib3.request("POST", url, fields={**fields, **changes, **file})  # type: ignore[arg-type]
    return answer.status
