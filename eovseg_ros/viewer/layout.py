"""The arrangement of views in the viewer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from eovseg_ros.viewer.paths import LOG, Paths
from eovseg_ros.viewer.recorder import TIMELINE

if TYPE_CHECKING:
    import rerun.blueprint as rrb


def layout(cameras: Sequence[str], *, live: bool) -> "rrb.Blueprint":
    """Return a tab for each camera, and the node's log below.

    Args:
        live: Follow the newest data; otherwise play from the start.
    """
    import rerun.blueprint as rrb

    play_state: Literal["following", "playing"] = "following" if live else "playing"

    tabs = [_camera_tab(Paths(camera)) for camera in cameras]
    return rrb.Blueprint(
        rrb.Vertical(
            rrb.Tabs(*tabs) if len(tabs) > 1 else tabs[0],
            rrb.TextLogView(origin=f"/{LOG}", name="Node"),
            row_shares=[5, 1],
        ),
        rrb.TimePanel(timeline=TIMELINE, state="collapsed", play_state=play_state),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
    )


def _camera_tab(paths: Paths) -> "rrb.Horizontal":
    import rerun as rr
    import rerun.blueprint as rrb

    labels_alone = rr.SegmentationImage.from_fields(opacity=1.0)
    return rrb.Horizontal(
        rrb.Vertical(
            rrb.Spatial2DView(origin=f"/{paths.image}", name="Camera, labels and boxes"),
            rrb.Spatial2DView(
                origin=f"/{paths.image}",
                contents=f"/{paths.labels}",
                overrides={f"/{paths.labels}": labels_alone},
                name="Labels",
            ),
        ),
        rrb.Spatial3DView(origin=f"/{paths.root}", name="Space"),
        rrb.Vertical(
            rrb.TimeSeriesView(origin=f"/{paths.rate}", name="Rate"),
            rrb.TimeSeriesView(origin=f"/{paths.latency}", name="Latency"),
        ),
        column_shares=[3, 4, 2],
        name=paths.root,
    )
