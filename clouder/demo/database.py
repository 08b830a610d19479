"""A database of its own for the check, beside the one that DATABASE_URL names, and dropped at the end."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.db import connection
from django.db.utils import ProgrammingError

from clouder.demo.show import Refusal


@contextlib.contextmanager
def own_database() -> Iterator[str]:
    """Make an empty database and turn this process's connection to it; yields its DATABASE_URL."""
    former = connection.settings_dict["NAME"]
    name = f"clouder_check_{secrets.token_hex(4)}"
    try:
        _execute(f"CREATE DATABASE {name}")
    except ProgrammingError as error:
        raise Refusal("The user of DATABASE_URL may not create a database, which --check needs.") from error
    try:
        _turn_to(name)
        yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    finally:
        _turn_to(former)
        _execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.close()


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _turn_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
