"""``manage.py create_administrator --email X [--name N] [--password-from VARIABLE]``."""

import os
import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.services.users import Outcome, make_administrator
from clouder.env import PREFIX
from common import clock
from common.commands import FAILED, USAGE

SENTENCES = {
    Outcome.MADE: "{email} can sign in as an administrator.",
    Outcome.PROMOTED: "{email} had an account, which is an administrator's now; the password is as it was.",
    Outcome.UNCHANGED: "{email} is an administrator already; nothing was changed, the password is as it was.",
}


class Command(BaseCommand):
    help = (
        "Makes the first administrator, who adds the other users, gives them their roles, and makes positions. An "
        "administrator is no superuser and reads no candidate. The password is asked for, or read from the standard "
        "input, or from the environment variable that --password-from names; it is never an argument, which others on "
        "the machine could see. Run twice, it changes nothing. Exit codes: 0 done, 1 failed, 2 usage."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True, help="the address to sign in with")
        parser.add_argument("--name", default="", help="how colleagues see the user")
        parser.add_argument("--password-from", metavar="VARIABLE", help="an environment variable with the password")

    def handle(self, *args: Any, **options: Any) -> None:
        password = _password(options["password_from"])
        try:
            outcome = make_administrator(
                options["email"], password=password, name=options["name"].strip(), at=clock.now()
            )
        except ValidationError as error:
            raise CommandError("\n".join(error.messages), returncode=USAGE) from error
        except ValueError as error:
            raise CommandError("--email wants an address such as ada@example.org", returncode=USAGE) from error
        except Group.DoesNotExist as error:
            raise CommandError("the roles are not there yet: run manage.py migrate first", returncode=FAILED) from error
        self.stdout.write(SENTENCES[outcome].format(email=options["email"]))


def _password(variable: str | None) -> str:
    """The password from where the caller says. Raises CommandError where there is none."""
    if variable is None:
        password = _typed() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        where = "the standard input"
    elif variable.startswith(PREFIX):
        raise CommandError(f"a variable that begins with {PREFIX} is a setting; use another name", returncode=USAGE)
    else:
        password, where = os.environ.get(variable, ""), variable
    if not password:
        raise CommandError(f"there is no password in {where}", returncode=USAGE)
    return password


def _typed() -> str:
    password = getpass("Password: ")
    if getpass("Password again: ") != password:
        raise CommandError("the two passwords are not the same", returncode=USAGE)
    return password
