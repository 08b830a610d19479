"""Log lines without personal data: the message template and its code, never the values of a request."""

import logging
import re
from types import TracebackType
from typing import Any, ClassVar

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TOKEN = re.compile(rf"(?<![\w-])(?!{_UUID}(?![\w-]))[\w:-]{{32,}}")


class LineFormatter(logging.Formatter):
    """One line a record; of an exception only its type and where it was raised, for a message may quote data."""

    default_format: ClassVar[str] = "%(asctime)s %(levelname)s %(name)s %(message)s"

    def __init__(self) -> None:
        super().__init__(self.default_format)

    def format(self, record: logging.LogRecord) -> str:
        """The line, without anything that looks like the token of a mailed link (ASVS 16.2.5)."""
        return _TOKEN.sub("(token)", super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the name is logging's)
        """The type of the error and the frames it passed, without its message."""
        kind: type[BaseException] = ei[0]
        trace: TracebackType | None = ei[2]
        frames = []
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        return f"{kind.__name__} at " + " < ".join(reversed(frames))
