"""Free space on the floor and on the table while objects move."""

import math
from collections.abc import Iterable

from ..scenes.layout import GAP, Place, Table

FLOOR_REACH = 1.3  # metres from the room's centre, for what moves on the floor: the camera passes at 1.48


class FreeSpace:
    """The discs that objects cover now, and those that they cross during a movement."""

    def __init__(self, table: Table | None, places: dict[int, Place]) -> None:
        self.places = dict(places)  # by segment id
        self._table = table
        self._crossed: list[tuple[float, int, Place]] = []  # until when, by whom

    def allows(self, thing: int, path: Iterable[Place], seconds: float) -> bool:
        """Return whether an object can move along a path of discs, from a time on."""
        self._crossed = [crossed for crossed in self._crossed if crossed[0] > seconds]
        others = [place for other, place in self.places.items() if other != thing]
        others += [place for _, other, place in self._crossed if other != thing]
        return all(self.supports(disc) and all(_apart(disc, o) for o in others) for disc in path)

    def supports(self, disc: Place) -> bool:
        """Return whether a disc is on the table, or on the floor beside it and not too far out."""
        table = self._table
        if disc.z > 0:
            return (
                table is not None
                and abs(disc.x - table.x) < table.width / 2 - 0.8 * disc.radius
                and abs(disc.y - table.y) < table.depth / 2 - 0.8 * disc.radius
            )
        if math.hypot(disc.x, disc.y) + disc.radius > FLOOR_REACH:
            return False
        if table is None:
            return True
        away_x = max(abs(disc.x - table.x) - table.width / 2, 0.0)
        away_y = max(abs(disc.y - table.y) - table.depth / 2, 0.0)
        return math.hypot(away_x, away_y) > disc.radius + GAP

    def move(self, thing: int, path: list[Place], until: float) -> None:
        """Put an object at the end of a path, which it covers until a time."""
        self._crossed += [(until, thing, place) for place in path]
        self.places[thing] = path[-1]


def _apart(one: Place, other: Place) -> bool:
    return math.hypot(one.x - other.x, one.y - other.y) > one.radius + other.radius + GAP
