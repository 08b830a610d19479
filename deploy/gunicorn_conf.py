"""gunicorn's settings, the same for the Procfile and the systemd unit.

What differs between machines comes from the variables that gunicorn knows itself: PORT (else it listens on
127.0.0.1:8000), WEB_CONCURRENCY (the number of processes) and GUNICORN_CMD_ARGS (anything else).
"""  # noqa: INP001 (no package: gunicorn reads it as a file)

import os
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from clouder.start import refuse_public_buckets, require_settings
from common.logs import LineFormatter


class QuietLogger(Logger):  # type: ignore[misc]
    """Log lines without what may be a link that lets somebody in, and no access log at all: paths hold such links."""

    def setup(self, cfg: Any) -> None:
        """Set gunicorn's log up, in the form of ours."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(LineFormatter())

    def access(self, *_: Any) -> None:
        """Write nothing, whatever the command line says."""


# Here too, so that a fault is told once and not by each worker.
require_settings(exit_code=3)
refuse_public_buckets(exit_code=3)

logger_class = QuietLogger
accesslog = None
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
timeout = 60  # seconds
graceful_timeout = 30  # seconds
max_requests = 2000
max_requests_jitter = 200
# Django alone decides which proxy is believed (CLOUDER_TRUSTED_PROXIES).
forwarded_allow_ips = ""
control_socket_disable = True
