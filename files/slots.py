"""How many checks run at once on one machine, whichever processes ask for them: one for each core.

A slot is a locked file. The lock belongs to the open descriptor and to its copies, so that a slot is free again when
whoever took it and the child it was handed to have both closed it or died, in whatever way.
"""

import fcntl
import logging
import os
import stat
import time
from pathlib import Path

from files.errors import CheckerBusy

logger = logging.getLogger(__name__)

_PAUSE = 0.02  # seconds between two looks


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def take_slot(folder: Path, count: int, *, wait: float) -> int:
    """A descriptor that holds one of ``count`` slots until it and its copies are closed.

    Raises CheckerBusy where all are taken for ``wait`` seconds; PermissionError where the folder, which lies where
    anybody may make one, belongs to another user.
    """
    _make_folder(folder)
    until = time.monotonic() + wait
    while True:
        for number in range(count):
            slot = os.open(folder / str(number), os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(slot)
            else:
                return slot
        if time.monotonic() >= until:
            raise CheckerBusy
        time.sleep(_PAUSE)


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        logger.error("No file can be checked: %s is not a folder of this user.", folder)
        raise PermissionError(f"{folder} is not a folder of this user")
