"""The vocabulary as chips."""

from collections.abc import Callable, Coroutine
from typing import Any

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from eovseg_model.drawing import name_colour
from eovseg_ros.web.page.elements import VocabularyElement
from eovseg_ros.web.robot.robot import Robot
from eovseg_ros.web.robot.written_entries import is_set, is_stuff, names_of, presets, with_kind


class VocabularyPanel:
    """Passes what people type and click to the editor that all browsers share."""

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        editor = robot.editor
        with ui.element("section").classes("card words").props('aria-labelledby="words"'):
            self._element = VocabularyElement()
            self._element.show(presets=presets())

        def listen(event: str, change: Callable[[str], Coroutine[Any, Any, None]]) -> None:
            def handle(arguments: GenericEventArguments) -> None:
                value = arguments.args
                # A browser that leaves must not cancel its change.
                background_tasks.create(change(value if isinstance(value, str) else ""))

            self._element.on(event, handle)

        listen("add", editor.add)
        listen("remove", editor.remove)
        listen("kind", lambda entry: editor.replace(entry, with_kind(entry, stuff=not is_stuff(entry))))
        listen("preset", lambda entry: editor.use([entry]))
        listen("undo", lambda _: editor.undo())
        self._element.on("dismiss", lambda _: editor.dismiss())

    def show(self, *, ready: bool) -> None:
        """Show the entries; without `ready`, they cannot be changed."""
        editor, vocabulary = self._robot.editor, self._robot.vocabulary
        version = ""
        if editor.encoding:
            version = "encoding …"
        elif vocabulary and ready:
            version = f"live, version {vocabulary.version}, {len(vocabulary.labels)} classes"
        refusal = editor.refusal
        self._element.show(
            chips=[_chip(entry, entry == editor.encoding) for entry in editor.entries],
            refusal={"entry": refusal.entry, "message": refusal.message} if refusal else None,
            undoable=editor.undoable,
            version=version,
            ready=ready,
        )


def _chip(entry: str, encoding: bool) -> dict[str, Any]:
    stuff, names = is_stuff(entry), names_of(entry)
    red, green, blue = name_colour(names.split(",")[0].strip(), is_thing=not stuff)
    return {
        "entry": entry,
        "names": names.replace(",", ", ") if not is_set(entry) else entry,
        "set": is_set(entry),
        "stuff": stuff,
        "colour": "transparent" if is_set(entry) else f"rgb({red} {green} {blue})",
        "encoding": encoding,
    }
