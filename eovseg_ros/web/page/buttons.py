"""Buttons of HTML, whose text is never read as HTML."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement


def text(tag: str, content: str = "") -> TextElement:
    """Add an element with text only."""
    return TextElement(tag=tag, text=content)


def button(content: str, on_click: Callable[[], Any]) -> TextElement:
    """Add a button."""
    return TextElement(tag="button", text=content).props("type=button").on("click", lambda _: on_click())


class Choice:
    """A row of buttons of which one is pressed."""

    def __init__(self, label: str, on_choose: Callable[[str], Any]) -> None:
        self._on_choose = on_choose
        self._row = ui.element("div").classes("choice").props(f'role=group aria-label="{label}"')
        self._shown: tuple[Any, ...] = ()

    def show(self, names: Sequence[str], titles: Sequence[str], chosen: str) -> None:
        """Show these names; nothing for a single one."""
        shown = (tuple(names), tuple(titles), chosen)
        if shown == self._shown:
            return
        if shown[:2] != self._shown[:2]:
            self._row.clear()
            with self._row:
                for name, title in zip(names, titles, strict=True):
                    button(title, partial(self._on_choose, name))
        self._shown = shown
        self._row.set_visibility(len(names) > 1)
        for name, element in zip(names, self._row.default_slot.children, strict=True):
            element.props(f"aria-pressed={'true' if name == chosen else 'false'}")
