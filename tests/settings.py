"""Settings of the test suite: the real ones, with a cheap password hash and parts that each test run owns."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_folder = Path(tempfile.mkdtemp(prefix="clouder-tests-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
# The portal refuses a variable of its prefix that it does not know; by this name xdist's children inherit it as well.
if "CLOUDER_TEST_REQUIRE_PARTS" in os.environ:
    os.environ["REQUIRE_TEST_PARTS"] = os.environ.pop("CLOUDER_TEST_REQUIRE_PARTS")
os.environ.setdefault("CLOUDER_DEV", "1")
os.environ.setdefault("CLOUDER_SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("CLOUDER_SUPPRESSION_KEYS", "1:only-for-tests-" + "x" * 32)
os.environ["CLOUDER_SITE_URL"] = "http://testserver"
os.environ["CLOUDER_ALLOWED_HOSTS"] = "testserver"
os.environ["CLOUDER_BROKER_URL"] = f"filesystem://{_folder}/broker"
os.environ["CLOUDER_CACHE_URL"] = "dbcache://clouder_cache"
os.environ["CLOUDER_FILES_DIR"] = str(_folder / "files")
os.environ["CLOUDER_LEDGER_DIR"] = str(_folder / "ledger")
os.environ["CLOUDER_EMAIL_URL"] = f"devmail://{_folder}/mail"
os.environ["CLOUDER_EMAIL_FROM"] = "Example careers <careers@example.org>"
os.environ["CLOUDER_CONTROLLER_NAME"] = "Example Oy"
os.environ["CLOUDER_CONTROLLER_ADDRESS"] = "Esimerkkikatu 1, 00100 Helsinki"
os.environ["CLOUDER_PRIVACY_EMAIL"] = "privacy@example.org"
for _name in ("CLOUDER_CLOCK_FILE", "CLOUDER_PARTS", "CLOUDER_FILES_BUCKET", "CLOUDER_LEDGER_BUCKET"):
    os.environ.pop(_name, None)

from clouder.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
WHITENOISE_AUTOREFRESH = True
TEST_FOLDER = _folder
CHECKER_SLOTS = _folder / "checks"
# The tests' mail server works in a thread that outlives the streams of a test.
LOGGING["loggers"]["mail.log"] = {"level": "WARNING"}  # type: ignore[index]  # noqa: F405
