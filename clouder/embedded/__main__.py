"""``python -m clouder.embedded [options] -- COMMAND ARG...``: run a command with the parts it needs around it."""

import sys

if sys.platform == "win32":
    print("The embedded parts need Linux or macOS; on Windows run this inside WSL.", file=sys.stderr)
    sys.exit(2)

from clouder.embedded.runner import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
