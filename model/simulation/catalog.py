"""Catalog of the objects in simulated scenes, with their names and synonyms."""

from typing import NamedTuple


class Shape(NamedTuple):
    """Ranges of a coloured shape."""

    size: tuple[float, float]  # metres along the longest side, minimum and maximum
    lying: float  # roll in degrees when it lies on its side


class FixedObject(NamedTuple):
    """An object from pybullet_data that always looks the same."""

    path: str  # below pybullet_data; an OBJ mesh, or a URDF with movable links
    length: float  # the longest side in the file's unit
    size: tuple[float, float]  # metres along the longest side, minimum and maximum
    upright: tuple[float, float, float]  # roll, pitch, yaw in radians that make it stand facing +x
    colour: tuple[float, float, float] | None  # None: as in the file
    on_table: bool  # small enough for a table


COLOURS = {
    "red": (0.84, 0.07, 0.08),
    "green": (0.10, 0.62, 0.16),
    "blue": (0.10, 0.22, 0.86),
    "yellow": (0.96, 0.88, 0.10),
    "orange": (0.98, 0.47, 0.04),
    "purple": (0.52, 0.14, 0.66),
    "white": (0.94, 0.94, 0.94),
}

SHAPES = {
    "cube": Shape((0.22, 0.32), 0.0),
    "ball": Shape((0.24, 0.35), 90.0),
    "cylinder": Shape((0.28, 0.40), 90.0),
    "cone": Shape((0.30, 0.42), 112.8),  # on its side: 90 degrees and half of its opening angle
    "mug": Shape((0.26, 0.36), 90.0),
    "bowl": Shape((0.30, 0.42), 180.0),
}

KEPT_OUT = (
    ("red", "mug"),
    ("red", "cone"),
    ("green", "ball"),
    ("blue", "cone"),
    ("yellow", "cylinder"),
    ("white", "cylinder"),
    ("purple", "cube"),
    ("orange", "bowl"),
)

FIXED_OBJECTS = {
    "rubber duck": FixedObject("duck.obj", 1.655, (0.26, 0.36), (1.5708, 0.0, 0.0), None, True),
    "teddy bear": FixedObject(
        "teddy2_VHACD_CHs.obj", 0.932, (0.34, 0.46), (1.5708, 0.0, 0.0), (0.55, 0.34, 0.16), True
    ),
    "soccer ball": FixedObject("soccerball.obj", 1.007, (0.24, 0.34), (0.0, 0.0, 0.0), None, True),
    "lego brick": FixedObject(
        "lego/lego.obj", 0.318, (0.26, 0.36), (1.5708, 0.0, 0.0), (0.05, 0.75, 0.78), True
    ),
    "r2d2 robot": FixedObject("r2d2.urdf", 0.93, (0.50, 0.65), (0.0, 0.0, 0.0), None, False),
    "robot arm": FixedObject("kuka_iiwa/model.urdf", 1.31, (0.75, 0.95), (0.0, 0.0, 0.0), None, False),
    "wheeled robot": FixedObject("husky/husky.urdf", 1.01, (0.50, 0.65), (0.0, 0.0, 0.0), None, False),
    "toy car": FixedObject("racecar/racecar.urdf", 0.46, (0.45, 0.60), (0.0, 0.0, 0.0), None, False),
}

COMPOSITIONS = {f"{colour} {shape}": (colour, shape) for shape in SHAPES for colour in COLOURS}
KEPT_OUT_NAMES = tuple(f"{colour} {shape}" for colour, shape in KEPT_OUT)
TRAINED_COMPOSITIONS = tuple(name for name in COMPOSITIONS if name not in KEPT_OUT_NAMES)
STUFF_NAMES = ("floor", "wall", "table")
TRAINED_NAMES = TRAINED_COMPOSITIONS + tuple(FIXED_OBJECTS) + STUFF_NAMES
# All names, in the order that data sets and vocabularies use.
CATALOG = TRAINED_COMPOSITIONS + KEPT_OUT_NAMES + tuple(FIXED_OBJECTS) + STUFF_NAMES

# Other English words for a shape (after any colour) or for a whole name.
SYNONYMS = {
    "cube": ("block",),
    "ball": ("sphere",),
    "cylinder": ("can",),
    "cone": (),
    "mug": ("cup",),
    "bowl": ("dish",),
    "rubber duck": ("duck",),
    "teddy bear": ("teddy",),
    "soccer ball": ("football",),
    "lego brick": ("toy brick",),
    "r2d2 robot": ("droid",),
    "robot arm": ("manipulator",),
    "wheeled robot": ("mobile robot",),
    "toy car": ("race car",),
    "floor": ("ground",),
    "wall": (),
    "table": ("desk",),
}


def names_of(name: str) -> tuple[str, ...]:
    """Return a catalog name followed by its synonyms. Raises KeyError for an unknown name."""
    if name in COMPOSITIONS:
        colour, shape = COMPOSITIONS[name]
        return (name, *(f"{colour} {synonym}" for synonym in SYNONYMS[shape]))
    return (name, *SYNONYMS[name])


def vocabulary_entries(names: tuple[str, ...] = CATALOG) -> tuple[str, ...]:
    """Return catalog names as vocabulary entries: "red mug,red cup", "floor,ground|stuff"."""
    return tuple(",".join(names_of(name)) + ("|stuff" if name in STUFF_NAMES else "") for name in names)
