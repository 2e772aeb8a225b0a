"""The settings as text to copy."""

from collections.abc import Mapping, Sequence
from functools import partial

from nicegui import ui

from eovseg_ros.web.page.buttons import button, text
from eovseg_ros.web.robot.commands import as_commands, as_yaml


def show_copies(node: str, entries: Sequence[str], settings: Mapping[str, float]) -> None:
    """Open a dialog with the vocabulary and the parameters as commands and as a parameter file."""
    with ui.dialog(value=True) as dialog, ui.element("div").classes("card copies"):
        for title, content in (
            ("Commands", as_commands(node, entries, settings)),
            ("Parameter file", as_yaml(node, entries, settings)),
        ):
            text("h2", title)
            area = text("pre", content).props("tabindex=0")
            button(f"Copy {title.lower()}", partial(_copy, area.id))
        button("Close", dialog.close)
    dialog.on("hide", dialog.delete)


def _copy(element: int) -> None:
    # The clipboard itself is closed to pages that come neither from localhost nor by HTTPS.
    ui.run_javascript(f"""
        const range = document.createRange();
        range.selectNodeContents(getHtmlElement({element}));
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        document.execCommand("copy");
    """)
