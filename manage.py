#!/usr/bin/env python3
"""Django's command line for this project."""

import sys


def main() -> None:
    """Run a management command; a fault in the settings is one message and no traceback."""
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    from clouder.start import refuse_in_quarantine, require_settings  # noqa: PLC0415

    require_settings()
    refuse_in_quarantine(sys.argv)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
