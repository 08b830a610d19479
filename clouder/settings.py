"""The one settings file. Everything that differs between installations comes from ``clouder.env``."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from clouder import env

django_stubs_ext.monkeypatch()  # lets ModelAdmin and forms take their type at run time

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = env.read(os.environ)

DEV = ENV["CLOUDER_DEV"]
"""Whether dev.py runs the portal on its embedded parts."""
CLOCK_FILE = ENV["CLOUDER_CLOCK_FILE"]
PARTS = ENV["CLOUDER_PARTS"]

SECRET_KEY = ENV["CLOUDER_SECRET_KEY"]
DEBUG = False
SITE_URL = ENV["CLOUDER_SITE_URL"]
ALLOWED_HOSTS = [*{str(urlsplit(SITE_URL).hostname), *ENV["CLOUDER_ALLOWED_HOSTS"]}]
if DEV:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUSTED_PROXIES = ENV["CLOUDER_TRUSTED_PROXIES"]

CONTROLLER = {
    "name": ENV["CLOUDER_CONTROLLER_NAME"],
    "address": ENV["CLOUDER_CONTROLLER_ADDRESS"],
    "email": ENV["CLOUDER_PRIVACY_EMAIL"],
}

INSTALLED_APPS = [
    "clouder.apps.ClouderConfig",
    "website",
    "privacy",
    "candidates",
    "accounts",
    "files",
    "mailing",
    "notices",
    "audit",
    "common",
    "clouder.apps.ClouderAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "common.middleware.PersonalPagesMiddleware",
    "clouder.quarantine.QuarantineMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "common.middleware.OriginMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.StaffSessionMiddleware",
    "accounts.middleware.StaffLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
    "files.middleware.RequestBodyMiddleware",
]

ROOT_URLCONF = "clouder.urls"
WSGI_APPLICATION = "clouder.wsgi.application"
FORM_RENDERER = "common.forms.Renderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "website.context.site",
            ],
        },
    },
]

# --- data ------------------------------------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **ENV["DATABASE_URL"],
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES: dict[str, dict[str, Any]] = {"default": dict(environ.Env.cache_url_config(ENV["CLOUDER_CACHE_URL"]))}
if ENV["CLOUDER_CACHE_URL"].startswith("redis"):
    CACHES["default"]["BACKEND"] = "django.core.cache.backends.redis.RedisCache"


def _storage(bucket: str | None, folder: Path | None, *, is_locked: bool = False) -> dict[str, Any]:
    if not bucket:
        return {"BACKEND": "files.storage_local.LocalObjectStorage", "OPTIONS": {"location": folder}}
    # A bucket with object lock refuses an object that comes without a checksum.
    checksum = {"ChecksumAlgorithm": "SHA256"} if is_locked else {}
    return {
        "BACKEND": "files.storage_s3.S3ObjectStorage",
        "OPTIONS": {
            "bucket_name": bucket,
            "region_name": ENV["CLOUDER_S3_REGION"],
            "endpoint_url": ENV["CLOUDER_S3_ENDPOINT"],
            "addressing_style": "path" if ENV["CLOUDER_S3_ENDPOINT"] else "virtual",
            "default_acl": None,
            "querystring_auth": True,
            "querystring_expire": 60,
            "file_overwrite": True,
            "object_parameters": {
                "ServerSideEncryption": ENV["CLOUDER_S3_ENCRYPTION"],
                "CacheControl": "no-store",
                **checksum,
            },
        },
    }


STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "files.storage_none.NoDefaultStorage"},
    "files": _storage(ENV["CLOUDER_FILES_BUCKET"], ENV["CLOUDER_FILES_DIR"]),
    "ledger": _storage(ENV["CLOUDER_LEDGER_BUCKET"], ENV["CLOUDER_LEDGER_DIR"], is_locked=True),
    "staticfiles": {
        # dev.py collects nothing: whitenoise serves what the finders find, under plain names.
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEV else "common.static.StaticStorage",
        "OPTIONS": {"file_permissions_mode": 0o644},  # whoever collects them is not who serves them
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # without the files; bytes
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 12

# --- work ------------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = ENV["CLOUDER_BROKER_URL"]
RETENTION_RUN_LIMIT = ENV["CLOUDER_RETENTION_RUN_LIMIT"]
RETENTION_MONTHS = ENV["CLOUDER_RETENTION_MONTHS"]
SOURCED_MONTHS = ENV["CLOUDER_SOURCED_MONTHS"]
SUPPRESSION_KEYS = ENV["CLOUDER_SUPPRESSION_KEYS"]

if ENV["CLOUDER_EMAIL_URL"].startswith("devmail://"):
    EMAIL_BACKEND = "mailing.backends.DevelopmentBackend"
    EMAIL_FILE_PATH = ENV["CLOUDER_EMAIL_URL"].removeprefix("devmail://")
else:
    _email = environ.Env.email_url_config(ENV["CLOUDER_EMAIL_URL"])
    EMAIL_BACKEND = "mailing.backends.SmtpBackend"
    EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"], _email["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_USER"] or "", _email["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = _email.get("EMAIL_USE_TLS", False), _email.get("EMAIL_USE_SSL", False)
    EMAIL_TIMEOUT = 20  # seconds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENV["CLOUDER_EMAIL_FROM"]

# --- people ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

STAFF_SESSION_IDLE = timedelta(hours=1)
STAFF_SESSION_ABSOLUTE = timedelta(hours=12)
PORTAL_SESSION_IDLE = timedelta(minutes=30)
PORTAL_SESSION_ABSOLUTE = timedelta(hours=2)
SIGN_IN_LINK_LIFETIME = timedelta(minutes=30)
ADDRESS_LINK_LIFETIME = timedelta(days=7)
ANSWER_TIME = timedelta(days=14)  # when an applicant is promised an answer
REMINDER_DAYS = (30, 7)  # so many days before an erasure a person is reminded; two at most
INVITATION_PAUSE = timedelta(days=30)  # between two invitations to longer storage
STAGED_LIFETIME = timedelta(hours=24)
ERASURE_COOLING_TIME = timedelta(hours=24)
SIGNED_LINK_LIFETIME = timedelta(seconds=60)
UPLOAD_FORM_LIFETIME = timedelta(minutes=10)  # within which a browser begins to send a file to the bucket
CLOCK_TOLERANCE = timedelta(seconds=60)

CLAMD_ADDRESS = ENV["CLOUDER_CLAMD"]

FILE_MAX_BYTES = 10_000_000
# Where the web processes of this machine count the checks of files that run (files/slots.py).
CHECKER_SLOTS = Path(tempfile.gettempdir()) / f"clouder-checks-{os.getuid()}"
REQUEST_MAX_BYTES = 25_000_000
FILES_PER_APPLICATION = 10
TEXT_MAX_CHARACTERS = 10_000
FORM_MIN_FILL_TIME = timedelta(seconds=3)
SUBMISSIONS_PER_HOUR_AND_PREFIX = 60
SUBMISSIONS_PER_DAY_AND_ADDRESS = 5
FORM_POSTS_PER_HOUR_AND_PREFIX = 300  # "Continue", whatever comes of it: five for each application
FILES_PER_DAY_AND_PREFIX = 20  # and the bytes: as many for each record, and for each address that was typed
BYTES_PER_DAY_AND_PREFIX = 100_000_000
LINK_QUIET_TIME = timedelta(minutes=15)
LINKS_PER_HOUR_AND_ADDRESS = 3
LINKS_PER_HOUR_AND_PREFIX = 30

AXES_ENABLED = True
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "common.network.address_prefix"
AXES_USERNAME_CALLABLE = "accounts.backends.login_name"
AXES_HANDLER = "axes.handlers.cache.AxesCacheHandler"  # no address and no name in the database
AXES_RESET_ON_SUCCESS = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

# --- browser ---------------------------------------------------------------------------------------------------------
_host_prefix = "" if DEV else "__Host-"
SESSION_COOKIE_NAME = f"{_host_prefix}session"
CSRF_COOKIE_NAME = f"{_host_prefix}csrf"
LANGUAGE_COOKIE_NAME = f"{_host_prefix}language"
APPLY_COOKIE_NAME = f"{_host_prefix}apply"
PORTAL_COOKIE_NAME = f"{_host_prefix}mydata"
MESSAGES_COOKIE_NAME = f"{_host_prefix}messages"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = COOKIE_SECURE = not DEV
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(STAFF_SESSION_ABSOLUTE.total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
MESSAGE_STORAGE = "clouder.messages.MessageStorage"
CSRF_FAILURE_VIEW = "website.views.csrf_failure"

SECURE_SSL_REDIRECT = not DEV
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 0 if DEV else 63_072_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEV
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb", "interest-cohort")
}

# --- languages -------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fi", _("Finnish"))]
FORMAT_MODULE_PATH = ["clouder.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Helsinki"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEV

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "common.logs.LineFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Request lines hold paths, and paths hold links that let people in.
        "django.server": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "axes": {"level": "CRITICAL"},
        "botocore": {"level": "WARNING"},
        "pikepdf": {"level": "WARNING"},
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
