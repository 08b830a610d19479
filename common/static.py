"""Static files in production."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed and compressed. A file that was not collected gets its plain address: an error page must not fail."""

    manifest_strict = False
