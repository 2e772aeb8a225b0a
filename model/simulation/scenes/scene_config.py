"""Ranges of random scenes, and a harder configuration outside them."""

from dataclasses import dataclass, replace

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class SceneConfig:
    """Ranges of the uniform draws for a scene; lengths in metres, angles in degrees, colours from 0 to 1."""

    include_kept_out: bool = False  # if true, a third of the compositions are kept-out ones
    things: tuple[int, int] = (5, 9)
    fixed_share: float = 0.3  # of the objects; the others are compositions
    lying_share: float = 0.15  # of the compositions
    size_factor: Range = (1.0, 1.2)
    colour_jitter: float = 0.05
    table_share: float = 0.85  # of the scenes
    surface_brightness: Range = (0.5, 0.95)
    surface_saturation: Range = (0.0, 0.25)
    texture_contrast: Range = (0.0, 0.35)
    ambient: Range = (0.5, 0.65)
    diffuse: Range = (0.35, 0.6)
    specular: Range = (0.0, 0.3)
    light_elevation: Range = (35.0, 80.0)
    light_tint: float = 0.06  # maximum difference of a colour channel from white
    shadow_share: float = 0.4  # of the scenes
    exposure: Range = (0.9, 1.15)
    noise: Range = (0.0, 0.015)  # standard deviation of the camera's noise
    camera_distance: Range = (1.0, 1.7)  # along the floor, to the target
    camera_height: Range = (0.55, 1.35)
    camera_roll: Range = (-3.0, 3.0)
    field_of_view: Range = (46.0, 56.0)  # vertical


DEFAULT = SceneConfig()

# Lights, textures, counts and camera poses outside the default ranges, which training never shows.
HARDER = replace(
    DEFAULT,
    things=(10, 14),
    lying_share=0.4,
    size_factor=(0.8, 1.4),
    colour_jitter=0.1,
    surface_saturation=(0.25, 0.5),
    texture_contrast=(0.35, 0.6),
    ambient=(0.35, 0.5),
    diffuse=(0.6, 0.85),
    specular=(0.3, 0.6),
    light_elevation=(15.0, 35.0),
    light_tint=0.15,
    shadow_share=1.0,
    exposure=(0.75, 0.9),
    noise=(0.015, 0.035),
    camera_distance=(1.7, 2.1),
    camera_height=(1.35, 1.8),
    camera_roll=(-12.0, 12.0),
    field_of_view=(56.0, 62.0),
)
