"""The retention horizon as a drawing: where each bar stands. A template draws it as SVG, without style or script."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from privacy.selectors.horizon import Horizon

WIDTH: Final = 360
HEIGHT: Final = 150
LEFT: Final = 30
BASE: Final = 130
TOP: Final = 12
LABELS: Final = 8
"""So many months are named below the bars at most."""


@dataclass(frozen=True)
class Bar:
    """One month: its rectangle in the drawing's units, as text that no language turns into commas."""

    first: date
    people: int
    x: str
    y: str
    width: str
    height: str
    middle: str
    is_named: bool


def bars(found: Horizon) -> list[Bar]:
    """A bar for each month. The smallest number that is not nothing is still seen."""
    step = (WIDTH - LEFT) / len(found.months)
    every = -(-len(found.months) // LABELS)
    drawn = []
    for number, month in enumerate(found.months):
        tall = max((BASE - TOP) * month.people / found.most, 1.5) if month.people else 0.0
        left = LEFT + number * step
        drawn.append(
            Bar(
                first=month.first,
                people=month.people,
                x=f"{left + step * 0.1:.1f}",
                y=f"{BASE - tall:.1f}",
                width=f"{step * 0.8:.1f}",
                height=f"{tall:.1f}",
                middle=f"{left + step / 2:.1f}",
                is_named=number % every == 0,
            )
        )
    return drawn
