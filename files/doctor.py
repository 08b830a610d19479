"""Are the stores set up as they must be? Each question is one finding: it is so, it is not, or it cannot be told.

A store that does not know a question (another S3 service than Amazon's) leaves it open. One that does not answer, or
refuses to, is a fault: a check that cannot see must not say that all is well. The rules themselves are in
``files.bucket_rules``; here is what becomes of a bucket, or a folder, that is held against them.
"""

import logging
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.files.storage import storages

from files import bucket_rules as rules
from files.errors import StoreError

if TYPE_CHECKING:
    from files.storage_s3_checks import Bucket

log = logging.getLogger(__name__)

ALIASES: Final = ("files", "ledger")
PROBE: Final = "doctor/"
"""Below this prefix, which is no record's, the probe is written and deleted again."""
ENOUGH_BYTES: Final = 1_000_000_000
"""Free on the disk of a folder: a hundred files of the largest kind."""
START_SECONDS: Final = (1.0, 2.0)
"""How long a program that starts waits for a bucket: to connect, and to be answered."""
USUAL_SECONDS: Final = (2.0, 5.0)


class Verdict(Enum):
    """What became of one question."""

    WELL = "ok"
    WRONG = "wrong"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: of which store, which rule, and in a sentence how it is."""

    store: str
    rule: str
    verdict: Verdict
    text: str


@dataclass(frozen=True)
class Rule:
    """One question to a bucket: how it should be, and what says in words how it is otherwise (empty: it is so)."""

    name: str
    should: str
    fault: Callable[["Bucket"], str]


def examine() -> list[Finding]:
    """Ask both stores everything. Writes one probe object into the files' store and takes it out again."""
    return [finding for alias in ALIASES for finding in _examine(alias)]


@dataclass(frozen=True)
class Public:
    """Which buckets are open to the public, and whether all of them answered."""

    names: list[str]
    is_whole: bool


def look_for_public(*, is_starting: bool = False) -> Public:
    """Ask each bucket whether it is open to the public, in one request (T8); a folder is not.

    One that does not answer is logged, and is not among them. ``is_starting`` waits less long.
    """
    answers = {
        options["bucket_name"]: _is_public(options, is_starting) for alias in ALIASES if (options := _bucket(alias))
    }
    return Public([name for name, answer in answers.items() if answer], None not in answers.values())


def _is_public(options: dict[str, Any], is_starting: bool) -> bool | None:
    from files.storage_s3_checks import Bucket, Unanswered  # noqa: PLC0415 (boto3 doubles the start-up time)

    connect, read = START_SECONDS if is_starting else USUAL_SECONDS
    try:
        return not Bucket(options, connect=connect, read=read).is_private()
    except Unanswered as error:
        log.warning("whether a bucket is public cannot be told: %s", error)
        return None


def _bucket(alias: str) -> dict[str, Any]:
    """The options of a store that is a bucket; empty for a folder."""
    options: dict[str, Any] = settings.STORAGES[alias].get("OPTIONS", {})
    return options if options.get("bucket_name") else {}


def _examine(alias: str) -> Iterator[Finding]:
    if options := _bucket(alias):
        yield from _examine_bucket(alias, options)
    else:
        yield from _examine_folder(alias, Path(settings.STORAGES[alias]["OPTIONS"]["location"]))
    if alias == "files":
        yield _probe()


# A bucket


def _examine_bucket(alias: str, options: dict[str, Any]) -> Iterator[Finding]:
    from files.storage_s3_checks import Bucket, NotKnown, Unanswered  # noqa: PLC0415 (see above)

    bucket = Bucket(options)
    for rule in (*EVERY_BUCKET, *(OF_THE_LEDGER if alias == "ledger" else OF_THE_FILES)):
        try:
            fault = rule.fault(bucket)
        except NotKnown as error:
            yield Finding(alias, rule.name, Verdict.UNKNOWN, f"{rule.should}: the store does not know it ({error})")
        except Unanswered as error:
            yield Finding(alias, rule.name, Verdict.WRONG, f"{rule.should}: it could not be asked ({error})")
        else:
            yield Finding(alias, rule.name, Verdict.WRONG if fault else Verdict.WELL, fault or rule.should)


def _region(bucket: "Bucket") -> str:
    from files.storage_s3_checks import NotKnown  # noqa: PLC0415 (see above)

    found = bucket.region()
    if not bucket.is_amazons:
        raise NotKnown("its endpoint says where it is")
    return "" if rules.is_in_the_eu(found) else f"it lies in {found}, which is not in the EU"


def _private(bucket: "Bucket") -> str:
    return "" if bucket.is_private() else "public access is not blocked, all four kinds of it"


def _acl(bucket: "Bucket") -> str:
    return "its access list lets everybody in" if bucket.is_open_by_acl() else ""


def _ownership(bucket: "Bucket") -> str:
    found = bucket.ownership()
    return (
        "" if found == [rules.OWNERSHIP] else f"object ownership is {', '.join(found) or 'not set'}: access lists count"
    )


def _tls(bucket: "Bucket") -> str:
    (wanted,) = rules.tls_only(bucket.name)["Statement"]
    is_there = any(_says(statement, wanted) for statement in bucket.statements())
    return "" if is_there else "its policy does not refuse requests without TLS"


def _says(statement: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a statement of a policy denies what the wanted one denies; its name and the order do not count."""
    resources = _set(statement.get("Resource"))
    return (
        statement.get("Effect") == "Deny"
        and _is_everybody(statement)
        and bool(_set(statement.get("Action")) & {"*", "s3:*"})
        and (resources == {"*"} or resources >= set(wanted["Resource"]))
        and statement.get("Condition") in (wanted["Condition"], {"Bool": {"aws:SecureTransport": ["false"]}})
    )


def _set(value: Any) -> set[str]:
    """Where a policy has one string, it may have a list of them."""
    return {value} if isinstance(value, str) else set(value or ())


def _is_everybody(statement: dict[str, Any]) -> bool:
    return statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})


def _strangers(bucket: "Bucket") -> str:
    is_open = any(item.get("Effect") == "Allow" and _is_everybody(item) for item in bucket.statements())
    return "its policy allows something to everybody" if is_open else ""


def _versions(bucket: "Bucket") -> str:
    return "" if bucket.is_versioned() else "it keeps no versions"


def _encryption(bucket: "Bucket") -> str:
    found = bucket.encryptions()
    is_so = bool(found) and set(found) <= set(rules.ENCRYPTIONS)
    return "" if is_so else "it does not encrypt by default"


def _noncurrent(bucket: "Bucket") -> str:
    found = [rule["NoncurrentVersionExpiration"] for rule in _for_all(bucket) if "NoncurrentVersionExpiration" in rule]
    days = sorted(rule.get("NoncurrentDays", 0) for rule in found)
    if any("NewerNoncurrentVersions" in rule for rule in found):
        return "noncurrent versions are kept by number: some stay for ever"
    return "" if days == [rules.NONCURRENT_DAYS] else f"noncurrent versions end after {_days(days)}"


def _unfinished(bucket: "Bucket") -> str:
    name, days = "AbortIncompleteMultipartUpload", "DaysAfterInitiation"
    found = sorted(rule[name].get(days, 0) for rule in _for_all(bucket) if name in rule)
    return "" if found == [rules.UNFINISHED_DAYS] else f"unfinished uploads end after {_days(found)}"


def _markers(bucket: "Bucket") -> str:
    is_so = any(rule.get("Expiration", {}).get("ExpiredObjectDeleteMarker") for rule in _for_all(bucket))
    return "" if is_so else "delete markers with nothing behind them stay for ever"


def _by_age(bucket: "Bucket") -> str:
    aged = [rule for rule in _aged(bucket) if not _is_incoming(rule)]
    names = ", ".join(rule.get("ID", "without a name") for rule in aged)
    return f"a lifecycle rule deletes files by their age, sent ones among them: {names}" if aged else ""


def _untaken(bucket: "Bucket") -> str:
    found = [rule["Expiration"].get("Days", 0) for rule in _aged(bucket) if _is_incoming(rule)]
    return "" if found == [rules.INCOMING_DAYS] else f"uploads that nobody took end after {_days(found)}"


def _aged(bucket: "Bucket") -> list[dict[str, Any]]:
    """The lifecycle rules that delete what is current by its age."""
    return [rule for rule in bucket.lifecycle() if {"Days", "Date"} & rule.get("Expiration", {}).keys()]


def _is_incoming(rule: dict[str, Any]) -> bool:
    """Whether a rule holds for what has the tag of uploads that nobody has checked, and for nothing else."""
    key, value = rules.INCOMING
    return bool(rule.get("Filter") == {"Tag": {"Key": key, "Value": value}})


def _for_all(bucket: "Bucket") -> list[dict[str, Any]]:
    """The lifecycle rules that hold for every object."""
    return [
        rule for rule in bucket.lifecycle() if rule.get("Filter", {}) in ({}, {"Prefix": ""}) and not rule.get("Prefix")
    ]


def _days(found: list[int]) -> str:
    return f"{', '.join(map(str, found))} days" if found else "no time at all: there is no rule for it"


def _lock(bucket: "Bucket") -> str:
    mode, days = bucket.lock()
    if days < rules.LOCK_DAYS:
        return f"objects are locked for {days} days and not for {rules.LOCK_DAYS}"
    return "" if mode == "COMPLIANCE" else f"objects are locked in the mode {mode}, which some may override"


def _unlocked(bucket: "Bucket") -> str:
    _, days = bucket.lock()
    return f"objects are locked for {days} days: an erasure could not delete them" if days else ""


def _one_site(bucket: "Bucket") -> str:
    (wanted,) = rules.cors(settings.SITE_URL)["CORSRules"]
    for rule in bucket.cors():
        if rule["AllowedOrigins"] != wanted["AllowedOrigins"]:
            return f"pages of other sites than {settings.SITE_URL} may use it (CORS)"
        if rule["AllowedMethods"] != wanted["AllowedMethods"]:
            return "pages may do more with it than send files (CORS)"
    return ""


def _no_site(bucket: "Bucket") -> str:
    return "pages of sites may use it (CORS)" if bucket.cors() else ""


def _uncopied(bucket: "Bucket") -> str:
    found = bucket.copied_to()
    return f"it is copied to {', '.join(found)}: what is erased here would stay there" if found else ""


def _copied_in_the_eu(bucket: "Bucket") -> str:
    places = {name: bucket.region_of(name) for name in bucket.copied_to()}
    outside = [f"{name} in {place}" for name, place in places.items() if not rules.is_in_the_eu(place)]
    return f"it is copied out of the EU: {', '.join(outside)}" if outside else ""


EVERY_BUCKET: Final = (
    Rule("public access", "all public access is blocked", _private),
    Rule("access list", "no access list lets everybody in", _acl),
    Rule("ownership", f"access lists count for nothing ({rules.OWNERSHIP})", _ownership),
    Rule("TLS", "its policy refuses every request without TLS", _tls),
    Rule("policy", "its policy allows nothing to everybody", _strangers),
    Rule("versions", "versions are kept", _versions),
    Rule("encryption", "objects are encrypted by default", _encryption),
    Rule("region", "it lies in the EU", _region),
)
OF_THE_FILES: Final = (
    Rule("old versions", f"noncurrent versions end after {rules.NONCURRENT_DAYS} days", _noncurrent),
    Rule("uploads", f"unfinished uploads end after {rules.UNFINISHED_DAYS} day", _unfinished),
    Rule("incoming", f"uploads that nobody took end after {rules.INCOMING_DAYS} day", _untaken),
    Rule("markers", "delete markers with nothing behind them go", _markers),
    Rule("age", "no lifecycle rule deletes checked files by their age", _by_age),
    Rule("lock", "nothing keeps an erasure from deleting", _unlocked),
    Rule("CORS", "no page but the site's own may send files to it", _one_site),
    Rule("copies", "it is copied nowhere", _uncopied),
)
OF_THE_LEDGER: Final = (
    Rule("lock", f"objects are locked for {rules.LOCK_DAYS} days, for everybody", _lock),
    Rule("age", "no lifecycle rule deletes entries by their age", _by_age),
    Rule("CORS", "no page may use it", _no_site),
    Rule("copies", "it is copied nowhere out of the EU", _copied_in_the_eu),
)


# A folder


def _examine_folder(alias: str, folder: Path) -> Iterator[Finding]:
    """What matters of a folder: nobody else on the machine reads it, no web server shows it, there is room."""
    folder = folder.resolve()
    yield _finding(alias, "folder", "nobody else on this machine can read it", _readable(folder))
    yield _finding(alias, "web", "no web server shows it", _shown(folder))
    yield _finding(alias, "space", "the disk has room", _full(folder))


def _finding(store: str, rule: str, should: str, fault: str) -> Finding:
    return Finding(store, rule, Verdict.WRONG if fault else Verdict.WELL, fault or should)


def _readable(folder: Path) -> str:
    """A folder is closed where it, or one above it, lets nobody in but its owner; one not made yet is closed."""
    places = [place for place in (folder, *folder.parents) if place.exists()]
    is_closed = any(not stat.S_IMODE(place.stat().st_mode) & 0o077 for place in places)
    return "" if is_closed or not folder.exists() else f"{folder} can be read by others: chmod 700"


def _shown(folder: Path) -> str:
    roots = [
        Path(settings.STATIC_ROOT),
        *map(Path, settings.STATICFILES_DIRS),
        Path("/var/www"),
        Path("/usr/share/nginx"),
    ]
    below = [root for root in roots if folder.is_relative_to(root.resolve())]
    return f"it lies below {below[0]}, which a web server shows" if below else ""


def _full(folder: Path) -> str:
    place = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(place, os.W_OK):
        return f"{place} cannot be written to"
    free = shutil.disk_usage(place).free
    return (
        "" if free >= ENOUGH_BYTES else f"only {free // 1_000_000} MB are free, and {ENOUGH_BYTES // 1_000_000} wanted"
    )


# Both


def _probe() -> Finding:
    """Write, read, delete, and look whether anything is left."""
    store: Any = storages["files"]
    should = "an object can be written, read and deleted, and leaves nothing behind"
    key, content = f"{PROBE}{secrets.token_hex(16)}", secrets.token_bytes(32)
    try:
        store.put_new(key, BytesIO(content))
        with store.open_object(key) as stream:
            is_same = stream.read() == content
        store.purge_keys([key])
        left = store.remaining([PROBE])
    except (StoreError, OSError) as error:
        return _finding("files", "probe", should, f"an object could not be written, read and deleted: {error}")
    if not is_same:
        return _finding("files", "probe", should, "an object was read back with another content")
    return _finding("files", "probe", should, "an object that was deleted is still there" if left else "")
