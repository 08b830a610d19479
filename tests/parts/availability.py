"""Which parts of a whole installation this machine has, and what becomes of a test that lacks one.

It is skipped with a reason that names the part and its package. Where REQUIRE_TEST_PARTS is 1, as in CI, it fails.
(tests/settings.py makes that variable of CLOUDER_TEST_REQUIRE_PARTS, which the portal's own settings would refuse.)
"""

import importlib.util
import os
import shutil
from dataclasses import dataclass

import pytest

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Part:
    """One part: programs, of which one is enough, or modules, of which all are needed.

    Debian keeps daemons where an ordinary user's path does not lead.
    """

    name: str
    package: str
    programs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    @property
    def is_here(self) -> bool:
        has_program = not self.programs or any(
            shutil.which(program) or shutil.which(program, path="/usr/sbin") for program in self.programs
        )
        return has_program and all(importlib.util.find_spec(module) for module in self.modules)


PARTS = {
    "redis": Part("Redis", "Debian: redis-server", programs=("redis-server",)),
    "s3": Part("the S3 server", "pip: moto[s3,server]", modules=("moto", "flask")),
    "smtp": Part("the SMTP server", "pip: aiosmtpd", modules=("aiosmtpd",)),
    "clamd": Part("clamd", "Debian: clamav-daemon", programs=("clamd",)),
    "nginx": Part("nginx", "Debian: nginx", programs=("nginx",)),
    "gettext": Part("GNU gettext", "Debian: gettext", programs=("xgettext",)),
    "browser": Part("Chromium", "Debian: chromium, pip: playwright", programs=CHROMIUM, modules=("playwright",)),
}


def require(name: str) -> None:
    """Go on if the part is here; otherwise skip the test, or fail it where nothing may be skipped."""
    part = PARTS[name]
    if part.is_here:
        return
    reason = f"without {part.name} ({part.package}) this is not tested"
    if os.environ.get("REQUIRE_TEST_PARTS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
