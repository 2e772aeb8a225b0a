from dataclasses import fields

from eovseg_model.simulation.scenes.scene_config import DEFAULT, HARDER


def test_the_harder_world_lies_beyond_the_default_ranges():
    for name in (
        "things",
        "surface_saturation",
        "texture_contrast",
        "ambient",
        "diffuse",
        "specular",
        "light_elevation",
        "exposure",
        "noise",
        "camera_distance",
        "camera_height",
        "field_of_view",
    ):
        easy, hard = getattr(DEFAULT, name), getattr(HARDER, name)
        beyond = (hard[0] >= easy[0] and hard[1] > easy[1]) or (hard[0] < easy[0] and hard[1] <= easy[1])
        assert beyond, name
        overlap = min(easy[1], hard[1]) - max(easy[0], hard[0])
        assert overlap <= 0.34 * (hard[1] - hard[0]), name


def test_ranges_run_from_low_to_high():
    for config in (DEFAULT, HARDER):
        for field in fields(config):
            value = getattr(config, field.name)
            if isinstance(value, tuple):
                assert value[0] <= value[1], field.name


def test_training_is_the_default():
    assert not DEFAULT.include_kept_out
    assert not HARDER.include_kept_out
