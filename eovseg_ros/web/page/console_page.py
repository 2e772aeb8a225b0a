"""The whole page of one browser."""

import math
from pathlib import Path
from urllib.parse import urlencode

from nicegui import ui

from eovseg_ros.web.page.banner import Banner
from eovseg_ros.web.page.buttons import Choice, text
from eovseg_ros.web.page.elements import PictureElement, PlotElement
from eovseg_ros.web.page.header import Header
from eovseg_ros.web.page.segments_panel import SegmentsPanel
from eovseg_ros.web.page.selection import Selection
from eovseg_ros.web.page.settings_panel import SettingsPanel
from eovseg_ros.web.page.vocabulary_panel import VocabularyPanel
from eovseg_ros.web.robot.camera_view import KINDS
from eovseg_ros.web.robot.history import MINUTES
from eovseg_ros.web.robot.node_state import Kind, camera_of
from eovseg_ros.web.robot.robot import Robot

_PERIOD = 0.3  # seconds between two looks for news
_STYLE = Path(__file__).parent / "style.css"
_WORKING = (Kind.ACTIVE, Kind.SILENT, Kind.INACTIVE)  # the node has a vocabulary and takes changes

_NO_OVERLAY = "The node offers no overlay, as its parameter overlay is false: choose Camera or Labels."


def build_console(robot: Robot) -> None:
    """Build the page, and keep it up to date while its browser is connected."""
    ui.add_head_html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")
    page = _Page(robot)
    ui.timer(_PERIOD, page.refresh)


class _Page:
    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._selection = Selection()
        self._header = Header(robot.name)
        with ui.element("div").classes("console"):
            self._banner = Banner(robot)
            with ui.element("section").classes("card view").props('aria-label="Camera"'):
                self._picture = PictureElement()
                with ui.element("div").classes("tools"):
                    self._kinds = Choice("Picture", self._choose_kind)
                    self._cameras = Choice("Camera", self._choose_camera)
                    self._snapshot = text("a", "Snapshot").classes("button").props("download")
            with ui.element("div").classes("side"):
                self._vocabulary = VocabularyPanel(robot)
                self._settings = SettingsPanel(robot)
            with ui.element("section").classes("card plots").props('aria-label="Rate and latency"'):
                self._rate, self._latency = PlotElement(), PlotElement()
            self._segments = SegmentsPanel(self._selection)
        self._show()

    def refresh(self) -> None:
        """Show what is new."""
        self._robot.watch()
        self._show()

    def _show(self) -> None:
        robot, chosen = self._robot, self._selection
        names = robot.camera_names
        if names and chosen.camera not in names:
            chosen.camera, chosen.segment = names[0], ""
        state, status = robot.state(chosen.camera), robot.status
        view = robot.camera(chosen.camera)
        if view:
            view.watch_segments()
        self._header.show(state, status, camera_of(status, chosen.camera))
        self._banner.show(state)
        self._kinds.show(KINDS, [kind.capitalize() for kind in KINDS], chosen.kind)
        self._cameras.show(names, [name or "camera" for name in names], chosen.camera)
        query = urlencode({"camera": chosen.camera, "kind": chosen.kind})
        self._snapshot.props(f'href="snapshot?{query}"')
        no_overlay = chosen.kind == "overlay" and view is not None and not view.offers_overlay
        self._picture.show(
            camera=chosen.camera,
            kind=chosen.kind,
            chosen=chosen.segment,
            label=f"{chosen.kind} of camera {chosen.camera}; arrow keys choose a pixel",
            waiting=_NO_OVERLAY if no_overlay else "waiting for a picture",
        )
        self._vocabulary.show(ready=state.kind in _WORKING)
        self._settings.show(ready=state.kind in _WORKING)
        self._segments.show(view.segments if view and state.kind is Kind.ACTIVE else None)
        samples = robot.history.samples(chosen.camera)
        rates = [[round(s.time, 1), round(s.rate, 1)] for s in samples]
        latencies = [
            [round(s.time, 1), round(s.latency, 1) if math.isfinite(s.latency) else None] for s in samples
        ]
        self._rate.show(title="Rate", unit="Hz", samples=rates, minutes=MINUTES)
        self._latency.show(title="Latency", unit="ms", samples=latencies, minutes=MINUTES)

    def _choose_kind(self, kind: str) -> None:
        self._selection.kind = kind
        self._show()

    def _choose_camera(self, camera: str) -> None:
        self._selection.camera, self._selection.segment = camera, ""
        self._show()
