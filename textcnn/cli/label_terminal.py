"""The dialog on a real terminal, by prompt_toolkit: it reads keys, over ssh and on Windows too, and shows the lines.

prompt_toolkit and not Textual, which can do more: it has one small dependency, starts in a tenth of a second, and a
dialog of one screen needs no widgets.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textcnn.cli.display.labelling import draw
from textcnn.cli.label_dialog import LabelDialog
from textcnn.errors import SettingsError
from textcnn.insight.highlight import Shade
from textcnn.labelling.shading import shades_of

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.formatted_text import StyleAndTextTuples

__all__ = ["require_prompt_toolkit", "run_dialog"]

_REFRESH = 0.5  # seconds between two looks at what was learned
_STYLES = {
    "bar": "reverse",
    "dim": "ansibrightblack",
    "key": "bold",
    "good": "bold",
    "bad": "bold ansired",
    "message": "italic",
    "cursor": "reverse",
    "for1": "ansigreen",
    "for2": "bold ansigreen",
    "for3": "bold reverse ansigreen",
    "against1": "underline",
    "against2": "underline ansired",
    "against3": "bold underline ansired",
}


def require_prompt_toolkit() -> None:
    """Make sure that the library is there.

    Raises:
        SettingsError: it is not; says what to install.
    """
    try:
        import prompt_toolkit  # noqa: F401
    except ImportError:
        raise SettingsError(
            "labelling in the terminal needs prompt_toolkit: pip install 'textcnn[label]', or --browser"
        ) from None


def run_dialog(dialog: LabelDialog) -> None:
    """Until it is ended."""
    if not dialog.ended:
        _Screen(dialog).application.run()


class _Screen:
    """What prompt_toolkit is told: the lines, the keys, and when to look again."""

    def __init__(self, dialog: LabelDialog) -> None:
        self.dialog = dialog
        self.shades: dict[tuple[int, int], Sequence[Shade]] = {}  # by text, and number of labels learned from
        self.application = self._made()

    def _made(self) -> "Application[None]":
        from prompt_toolkit.application import Application
        from prompt_toolkit.layout import FormattedTextControl, Layout, Window
        from prompt_toolkit.output import ColorDepth
        from prompt_toolkit.styles import Style

        control = FormattedTextControl(self._fragments, show_cursor=False)
        application: Application[None] = Application(
            Layout(Window(control, always_hide_cursor=True)),
            key_bindings=self._bindings(),
            full_screen=True,
            style=Style.from_dict(_STYLES),
            color_depth=ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None,
            refresh_interval=_REFRESH,
        )
        application.ttimeoutlen = 0.05  # of Escape alone
        return application

    def _bindings(self) -> Any:
        from prompt_toolkit.key_binding import KeyBindings
        from prompt_toolkit.keys import Keys

        bindings = KeyBindings()
        for name in ("enter", "escape", "backspace", "tab", "up", "down", "pageup", "pagedown", "c-c", "c-d", "c-q"):
            bindings.add(name, eager=name != "escape")(lambda event, name=name: self._press(event, name))
        bindings.add(Keys.Any)(lambda event: self._press(event, event.data))
        bindings.add(Keys.BracketedPaste)(lambda event: self._paste(event))
        return bindings

    def _press(self, event: Any, key: str) -> None:
        self.dialog.press(key)
        if self.dialog.ended:
            event.app.exit()

    def _paste(self, event: Any) -> None:
        """Pasted words are typed where something is typed, and no keys elsewhere."""
        if self.dialog.mode in ("label", "search"):
            for character in event.data:
                if character.isprintable():
                    self.dialog.press(character)

    def _fragments(self) -> "StyleAndTextTuples":
        size = self.application.output.get_size()
        self.dialog.refresh()
        lines = draw(self.dialog, self._shades(), size.columns, size.rows)
        made: StyleAndTextTuples = []
        for number, line in enumerate(lines):
            made += [("", "\n")] * bool(number)
            made += [(f"class:{style}" if style else "", text) for style, text in line]
        return made

    def _shades(self) -> Sequence[Shade]:
        """The shades of the text that is shown, once they are there: they are not waited for."""
        question, advice = self.dialog.question, self.dialog.session.advice
        if question is None or self.dialog.mode != "ask":
            return ()
        key = (question.row, advice.labelled)
        if key not in self.shades:
            self.shades = {key: self.shades.get((question.row, advice.labelled - 1), ())}
            self.application.create_background_task(self._compute(key))
        return self.shades[key]

    async def _compute(self, key: tuple[int, int]) -> None:
        import asyncio

        advice = self.dialog.session.advice
        found = await asyncio.get_running_loop().run_in_executor(None, shades_of, advice, key[0])
        if key in self.shades:
            self.shades[key] = found
            self.application.invalidate()
