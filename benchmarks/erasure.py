"""Erasing (goals 1 to 5): finding who is due, their rows, the memory, their objects, two workers.

Rows: the engine with ledger, audit and checks against five bare DELETE statements in one transaction, in turn, and
against a loop over single people; a million candidates stay. Objects: against one DeleteObject for each version, at an
answerer that takes 15 ms for a request. A hundredth of all with ``--quick``.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from uuid import uuid4

from benchmarks import _people
from benchmarks import _report as report

STAY, DUE, MANY, SINGLE, ROUNDS = 1_000_000, 10_000, 100_000, 1_000, 3
BEGIN = datetime(2026, 11, 24, 12, tzinfo=UTC)
DELAY = 0.015
PEOPLE_WITH_FILES, SINGLE_VERSIONS = 5_000, 200


def prepare() -> None:
    """A database of its own."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment

    setup_test_environment()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)


def at(number: int) -> datetime:
    """The instant at which a group is due."""
    return BEGIN + timedelta(minutes=number)


def find_bare(moment: datetime, count: int) -> float:
    """Seconds of the bare index query."""
    from django.db import connection

    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM candidates_candidate WHERE expires_at <= %s ORDER BY expires_at LIMIT %s", [moment, count]
        )
        assert len(cursor.fetchall()) == count
    return time.perf_counter() - began


def find_ours(moment: datetime, count: int) -> float:
    """Seconds of the query by which a worker finds whom to claim."""
    from privacy.services import claims

    began = time.perf_counter()
    found = claims.free(claims.expired(moment)).values_list("pk", flat=True)[:count]
    assert len(list(found)) == count
    return time.perf_counter() - began


def is_scanned(moment: datetime) -> bool:
    """Whether that query reads the whole table."""
    from privacy.services import claims

    plan = claims.free(claims.expired(moment)).values_list("pk", flat=True)[:1000].explain()
    return "Seq Scan on candidates_candidate" in plan


def five_deletes(moment: datetime) -> float:
    """Seconds of five bare statements in one transaction."""
    from django.db import connection, transaction

    from privacy.services.rows import permit_deletion

    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        permit_deletion()
        found = "SELECT id FROM candidates_candidate WHERE expires_at <= %s"
        cursor.execute(f"CREATE TEMP TABLE due ON COMMIT DROP AS {found}", [moment])
        for table in _people.TABLES:
            column = "id" if table == "candidates_candidate" else "candidate_id"
            cursor.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT id FROM due)")
    return time.perf_counter() - began


def engine(moment: datetime, count: int) -> float:
    """Seconds of the engine."""
    from privacy.services import erasure

    began = time.perf_counter()
    done = erasure.erase_due(at=moment)
    seconds = time.perf_counter() - began
    assert (len(done.erased), done.blocked, done.is_stopped) == (count, [], False), done
    return seconds


def one_by_one(moment: datetime) -> float:
    """Seconds of a loop over single people, as ``candidate.delete()`` with a receiver for files does it."""
    from django.core.files.storage import storages
    from django.db import transaction
    from django.db.models import QuerySet

    from candidates.models import Application, Candidate, Document, Interaction, Note
    from files.models import StoredFile
    from privacy.services.rows import permit_deletion

    began = time.perf_counter()
    for person in Candidate.objects.filter(expires_at__lte=moment):
        with transaction.atomic():
            permit_deletion()
            files = list(StoredFile.objects.filter(owner_ref=person.pk))
            for model in (Document, Interaction, Note, Application):
                QuerySet(model).filter(candidate=person).delete()
            for stored in files:
                storages["files"].purge_keys([stored.key])
            QuerySet(StoredFile).filter(owner_ref=person.pk).delete()
            QuerySet(Candidate).filter(pk=person.pk).delete()
    return time.perf_counter() - began


def rows(scale: int) -> dict[str, float]:
    """Goals 1, 2, 3 and 5."""
    due, many, single, stay = DUE // scale, MANY // scale, max(SINGLE // scale, 20), STAY // scale
    groups = [(single, at(0))]
    for number in range(ROUNDS):
        groups += [(due, at(3 * number + 1)), (due, at(3 * number + 2)), (single, at(3 * number + 3))]
    last = 3 * ROUNDS + 1
    groups += [(due, at(last)), (many, at(last + 1)), (stay, at(10**6))]
    began = time.perf_counter()
    _people.fill(groups)
    _people.let_large_runs_pass(BEGIN)
    print(f"{sum(count for count, _ in groups):,} candidates seeded in {time.perf_counter() - began:.0f} s")
    bare, ours = report.in_turn(15, lambda: find_bare(at(0), single), lambda: find_ours(at(0), single))
    report.table([("bare index query", bare), ("finding whom to claim", ours)])
    assert not is_scanned(at(0)), "the table is scanned"
    one_by_one(at(0))
    limit, engines, naive = [], [], []
    for number in range(ROUNDS):
        limit.append(five_deletes(at(3 * number + 1)) / due)
        engines.append(engine(at(3 * number + 2), due) / due)
        naive.append(one_by_one(at(3 * number + 3)) / single)
    report.table([("five DELETEs", limit), ("engine", engines), ("one by one", naive)], "µs a person", 1_000_000)
    small = child("engine", at(last), due)
    large = child("engine", at(last + 1), many)
    print(f"{due:,} people: {small[0]:.1f} s, {small[1]:.0f} MB; {many:,} people: {large[0]:.1f} s, {large[1]:.0f} MB")
    return {
        "find_vs_index": report.median(ours) / report.median(bare),
        "rows_vs_limit": report.median(limit) / report.median(engines),
        "rows_vs_naive": report.median(naive) / report.median(engines),
        "memory_growth_mb": large[1] - small[1],
        "time_100k_vs_10k": large[0] / small[0],
    }


def child(act: str, *arguments: Any) -> tuple[float, float]:
    """Run one side in a process of its own: its seconds, and the most memory that it took, in MB."""
    from tests.parts.worker import database_url

    command = [sys.executable, "-m", "benchmarks.erasure", "--child", act]
    environment = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    answer = subprocess.run(
        command, env=environment, check=True, input="\n".join(map(str, arguments)), stdout=subprocess.PIPE, text=True
    ).stdout
    seconds, megabytes = json.loads(answer.splitlines()[-1])
    return seconds, megabytes


def be_child(act: str, *arguments: str) -> None:
    """One side, in this process."""
    import django

    django.setup()
    if act == "engine":
        seconds = engine(datetime.fromisoformat(arguments[0]), int(arguments[1]))
    else:
        seconds = purge(arguments[0], arguments[1].split(","))
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


# Objects


def bucket(endpoint: str) -> Any:
    """The store of candidates' files, at the answerer."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    from files.storage_s3 import S3ObjectStorage

    return S3ObjectStorage(
        bucket_name="bench", region_name="eu-north-1", endpoint_url=endpoint, addressing_style="path",
        querystring_expire=60, object_parameters={},
    )  # fmt: skip


def put(endpoint: str, prefixes: list[str]) -> None:
    """One object of two versions below each prefix, in place of what was there."""
    body = "\n".join(f"{prefix}object" for prefix in prefixes).encode()
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/bench", body, method="PUT")).read()


def requests_made(endpoint: str) -> int:
    """How many requests came since this was last asked."""
    with urllib.request.urlopen(f"{endpoint}/bench?count") as answer:
        return int(answer.read())


def purge(endpoint: str, prefixes: list[str]) -> float:
    """Seconds for purging everything below these prefixes."""
    store = bucket(endpoint)
    store.remaining(prefixes[:1])  # the client is made once, and not what is measured
    began = time.perf_counter()
    store.purge_prefixes(prefixes)
    return time.perf_counter() - began


def purge_singly(endpoint: str, prefixes: list[str]) -> float:
    """Seconds for one DeleteObject after the other."""
    client = bucket(endpoint)._client
    client.list_multipart_uploads(Bucket="bench")
    began = time.perf_counter()
    for prefix in prefixes:
        for version in ("1", "2"):
            client.delete_object(Bucket="bench", Key=f"{prefix}object", VersionId=version)
    return time.perf_counter() - began


def objects(scale: int) -> dict[str, float]:
    """Goal 4, and two workers against one."""
    people = max(PEOPLE_WITH_FILES // scale, 100)
    prefixes = sorted(f"{uuid4()}/" for _ in range(people))
    few = prefixes[: SINGLE_VERSIONS // 2]
    command = [sys.executable, "-m", "benchmarks._s3", str(DELAY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        endpoint = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        try:
            single, bulk, requests, one, two = [], [], [], [], []
            for _ in range(ROUNDS):
                put(endpoint, few)
                single.append(purge_singly(endpoint, few) / (2 * len(few)))
                put(endpoint, prefixes)
                requests_made(endpoint)
                bulk.append(purge(endpoint, prefixes) / (2 * people))
                requests.append(requests_made(endpoint) - 2)  # the two that made the client
                assert bucket(endpoint).remaining(prefixes) == 0
                one.append(workers(endpoint, prefixes, 1))
                two.append(workers(endpoint, prefixes, 2))
        finally:
            server.kill()
    report.table([("DeleteObject", single), ("purge", bulk)], "µs a version", 1_000_000)
    report.table([("one worker", one), ("two workers", two)], "s", 1)
    most = 2 * ceil(2 * people / 1000) + 2
    print(f"requests for {2 * people:,} versions: {requests}; at most {most}")
    return {
        "objects_vs_single": report.median(single) / report.median(bulk),
        "object_requests_vs_minimum": max(requests) / most,
        "two_workers_vs_one": report.median(one) / report.median(two),
    }


def workers(endpoint: str, prefixes: list[str], count: int) -> float:
    """Seconds until so many workers, each a process with batches of its own, have purged everything.

    Batches lie as a claim takes them: people who fall due at one instant, in the order of their keys.
    """
    put(endpoint, prefixes)
    size = ceil(len(prefixes) / count)
    shares = [prefixes[begin : begin + size] for begin in range(0, len(prefixes), size)]
    with ThreadPoolExecutor(count) as pool:
        # The slowest worker's own time: what it takes to start Python is not the purge's.
        return max(pool.map(lambda share: child("purge", endpoint, ",".join(share))[0], shares))


def main() -> None:
    """Measure and report."""
    if sys.argv[1:2] == ["--child"]:
        be_child(sys.argv[2], *sys.stdin.read().split("\n"))
        return
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--only", choices=("rows", "objects"))
    only, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    options = report.arguments("erasure", __doc__ or "")
    scale = 100 if options.quick else 1
    prepare()
    ratios: dict[str, float] = {}
    if only.only != "objects":
        ratios |= rows(scale)
    if only.only != "rows":
        ratios |= objects(scale)
    goals = {
        "find_vs_index": ratios.get("find_vs_index", 0) <= 3,
        "rows_vs_limit": ratios.get("rows_vs_limit", 1) >= 0.5,
        "rows_vs_naive": ratios.get("rows_vs_naive", 20) >= 20,
        "memory_growth_mb": ratios.get("memory_growth_mb", 0) <= 16,
        "time_100k_vs_10k": ratios.get("time_100k_vs_10k", 0) <= 11,
        "objects_vs_single": ratios.get("objects_vs_single", 100) >= 100,
        "object_requests_vs_minimum": ratios.get("object_requests_vs_minimum", 1) <= 1,
        "two_workers_vs_one": ratios.get("two_workers_vs_one", 1.7) >= 1.7,
    }
    for name in (name for name, is_met in goals.items() if not is_met):
        print(f"goal not met: {name}")
    report.finish("erasure", ratios, goals_met=all(goals.values()), quick=options.quick)


if __name__ == "__main__":
    main()
