"""moto's S3 server with one fault of its own mended: ``python -P moto_server.py -p PORT``.

Asked for the versions after a key (``key-marker`` alone), S3 begins with whatever comes after it. moto 5.2 leaves out
the first version that comes after it as well. It is right where it is given the version to begin after, too.
"""

from typing import Any

from moto.core.utils import unix_time_millis
from moto.s3.models import S3Backend
from moto.server import main

_list = S3Backend.list_object_versions


def list_object_versions(
    backend: S3Backend, bucket_name: str, key_marker: str | None = None, version_id_marker: Any = None, **options: Any
) -> Any:
    """Moto's own answer, asked by the last version up to the key."""
    if key_marker and not version_id_marker:
        keys = backend.get_bucket(bucket_name).keys
        before = [version for name, versions in keys.iterlists() if name <= key_marker for version in versions]
        before.sort(key=lambda version: (version.name, -unix_time_millis(version.last_modified)))
        key_marker, version_id_marker = (before[-1].name, before[-1].version_id) if before else (None, None)
    return _list(backend, bucket_name, key_marker=key_marker, version_id_marker=version_id_marker, **options)


if __name__ == "__main__":
    S3Backend.list_object_versions = list_object_versions  # type: ignore[method-assign, assignment]
    main()
