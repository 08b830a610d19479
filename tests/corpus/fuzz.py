"""A long run over changed files of the corpus: ``python -m tests.corpus.fuzz --seconds 600 --seed 1``.

Prints what became of them; exits with 1 where the check raised, took too long, or took what a second judge does not.
The same seed gives the same files. With ``--keep FOLDER`` those that failed are written there.
"""

import argparse
import io
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

CPU_SECONDS = 10


def main() -> int:
    """Run until the time is over; 1 where something was found."""
    from files.checker import check_document
    from tests.corpus.judge import complaint
    from tests.corpus.mutations import mutated, sources

    options = _options()
    print(f"{len(sources())} kinds of file", flush=True)
    counts: Counter[str] = Counter()
    found: list[str] = []
    slowest, slowest_name = 0.0, ""
    end = time.monotonic() + options.seconds
    number = 0
    while time.monotonic() < end:
        name, data = mutated(random.Random(f"{options.seed}-{number}"))
        number += 1
        start = time.process_time()
        try:
            verdict = check_document(io.BytesIO(data), "cv")
            trouble = complaint(verdict.kind, data) if verdict.is_accepted else ""
            counts[str(verdict.refusal or f"taken as {verdict.kind}")] += 1
        except Exception as error:  # noqa: BLE001 (that nothing is raised is what is shown)
            trouble = f"raised {type(error).__name__}: {error}"
        seconds = time.process_time() - start
        if seconds > slowest:
            slowest, slowest_name = seconds, name
        if seconds > CPU_SECONDS:
            trouble = trouble or f"took {seconds:.1f} s"
        if trouble:
            found.append(f"file {number - 1} ({name}): {trouble}")
            print(found[-1], flush=True)
            if options.keep:
                (options.keep / f"{options.seed}-{number - 1}.bin").write_bytes(data)
    print(f"{number} files, {len(found)} findings; slowest {slowest:.2f} s of CPU ({slowest_name})")
    for verdict_name, count in counts.most_common():
        print(f"{count:8} {verdict_name}")
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
