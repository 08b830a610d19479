"""Looking for a text wherever the portal keeps anything: every table of the database, every version in every bucket."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from django.core.files.storage import storages
from django.db import connection

Dump = dict[str, list[str]]


def database() -> Dump:
    """Every row of every table as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name"
        )
        names = [name for (name,) in cursor.fetchall()]
        found = {}
        for name in names:
            cursor.execute(f'SELECT row::text FROM "{name}" row ORDER BY 1')
            found[name] = [text for (text,) in cursor.fetchall()]
    return found


def rows_with(*needles: str, dump: Dump | None = None) -> Dump:
    """The rows of each table that hold one of the texts, in any case, or their bytes in hexadecimal or base64."""
    forms = {form for needle in needles for form in _forms(needle)}
    found = {}
    for table, rows in (database() if dump is None else dump).items():
        hits = [row for row in rows if any(form in row.lower() for form in forms)]
        if hits:
            found[table] = hits
    return found


def tables_with(*needles: str) -> set[str]:
    """The tables that hold one of the texts."""
    return set(rows_with(*needles))


def _forms(needle: str) -> set[str]:
    data = needle.encode()
    return {needle.lower(), data.hex(), b64encode(data).decode().rstrip("=").lower()}


def objects_with(*needles: str) -> list[str]:
    """The objects of both stores whose key or content, in any version, holds one of the texts."""
    found = []
    for alias in ("files", "ledger"):
        for key, content in _objects(storages[alias]):
            text = f"{key} ".encode() + content
            if any(needle.lower().encode() in text.lower() for needle in needles):
                found.append(f"{alias}: {key}")
    return sorted(found)


def _objects(store: Any) -> Iterator[tuple[str, bytes]]:
    if not hasattr(store, "bucket_name"):
        for key in store.list_keys():
            with store.open_object(key) as stream:
                yield key, stream.read()
        return
    client, bucket = store._client, store.bucket_name
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for item in page.get("Versions", []):
            answer = client.get_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
            yield item["Key"], answer["Body"].read()
        for item in page.get("DeleteMarkers", []):
            yield item["Key"], b""
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        for item in page.get("Uploads", []):
            yield item["Key"], b""
