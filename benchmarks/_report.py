"""How every benchmark reports: a readable table, and as its last line one JSON object."""

import argparse
import json
import statistics
from collections.abc import Callable, Sequence


def arguments(name: str, what: str) -> argparse.Namespace:
    """The options that every benchmark takes."""
    parser = argparse.ArgumentParser(prog=f"dev.py bench {name}", description=what)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the data, only to see that it ends")
    return parser.parse_args()


def in_turn(rounds: int, *sides: Callable[[], float]) -> list[list[float]]:
    """Run the sides in turn, so that a slow minute of the machine hits all of them; seconds by side."""
    found: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for seconds, side in zip(found, sides, strict=True):
            seconds.append(side())
    return found


def median(values: Sequence[float]) -> float:
    """The middle of several runs."""
    return statistics.median(values)


def table(rows: Sequence[tuple[str, Sequence[float]]], unit: str = "ms", factor: float = 1000) -> None:
    """Print minimum, median and maximum of each row."""
    width = max(len(name) for name, _ in rows)
    print(f"{'':{width}}  {'min':>9} {'median':>9} {'max':>9}  {unit}")
    for name, values in rows:
        low, middle, high = min(values), median(values), max(values)
        print(f"{name:{width}}  {low * factor:9.2f} {middle * factor:9.2f} {high * factor:9.2f}")


def finish(name: str, ratios: dict[str, float], *, goals_met: bool, quick: bool) -> None:
    """Print the last line; ``goals_met`` is null where the run was too small to say."""
    rounded = {key: round(value, 3) for key, value in ratios.items()}
    print(json.dumps({"bench": name, "ratios": rounded, "goals_met": None if quick else goals_met}))
