"""requirements/ is what uv made of pyproject.toml: nothing forgotten, nothing from anywhere, every file by its hash.

Asked of the files and of what is installed, so that it needs no index.
"""

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

import pytest
from django.conf import settings
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FOLDER = settings.BASE_DIR / "requirements"
LINE = re.compile(r"^([a-z0-9][\w.-]*)==(\S+)(?: ; (.+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def pins(name: str) -> dict[str, str]:
    """The versions that a file has for this machine, by package, after a look at every line."""
    found = {}
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        match = LINE.match(line)
        assert match or HASH.match(line), f"{name}.txt: {line}"
        if match and (match[3] is None or Marker(match[3]).evaluate()):
            found[canonicalize_name(match[1])] = match[2]
    return found


def wanted(name: str) -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"], *(project["optional-dependencies"]["dev"] if name == "dev" else [])]
    return [Requirement(text) for text in texts]


def applies(requirement: Requirement, extras: Iterable[str]) -> bool:
    """Whether a requirement counts on this machine, for somebody who asked for these extras."""
    marker = requirement.marker
    environment = {key: str(value) for key, value in default_environment().items()}
    return marker is None or any(marker.evaluate(environment | {"extra": extra}) for extra in ("", *extras))


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_every_requirement_has_its_pin_and_all_that_it_needs_too(name: str) -> None:
    pinned = pins(name)
    open_ones, seen = wanted(name), set()
    while open_ones:
        requirement = open_ones.pop()
        key = canonicalize_name(requirement.name)
        assert key in pinned, f"{key} is not in {name}.txt"
        assert requirement.specifier.contains(pinned[key], prereleases=True), f"{key}=={pinned[key]} for {requirement}"
        if (key, *sorted(requirement.extras)) in seen:
            continue
        seen.add((key, *sorted(requirement.extras)))
        needs = [Requirement(text) for text in requires(key) or []]
        open_ones += [need for need in needs if applies(need, requirement.extras)]


def test_both_files_pin_the_same_versions() -> None:
    runtime, dev = pins("runtime"), pins("dev")
    assert runtime.keys() < dev.keys()
    assert {name: dev[name] for name in runtime} == runtime


def test_what_is_installed_is_what_is_pinned() -> None:
    differs = {}
    for name, pinned in pins("dev").items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            continue  # for another platform or Python
        if installed != pinned:
            differs[name] = (pinned, installed)
    assert differs == {}
