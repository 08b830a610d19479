"""The WSGI application."""

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from clouder.start import require_settings
from common.bodies import expect_whole_bodies

# gunicorn takes this exit code for "the worker cannot start" and stops, where it would try another for ever.
GUNICORN_WORKER_BOOT_ERROR = 3

require_settings(exit_code=GUNICORN_WORKER_BOOT_ERROR)
application = expect_whole_bodies(get_wsgi_application())
_ = get_resolver().url_patterns  # load every page now, not while the first visitor waits
