"""What a terminal does with keys while texts are labelled: which are pressed comes in, what is to be shown stands here.

It knows no library of terminals, so it can be tested key by key. Keys are characters, or names such as "enter".

    ask      a text waits for its label             label    the name of a label is typed
    list     texts are ticked, and labelled at once search   words are typed
    end      whether doubted labels are to be seen  help     all keys
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from textcnn.errors import SettingsError
from textcnn.labelling.adviser import DoubtedLabel
from textcnn.labelling.session import AGAIN, ALIKE, SEARCHED, Question, Session
from textcnn.labelling.wording import label_keys

__all__ = ["LabelDialog", "TextList"]


@dataclass
class TextList:
    """Texts that may be labelled at once, some of them ticked, one of them under the cursor."""

    title: str
    rows: list[int]
    ticked: set[int] = field(default_factory=set)
    cursor: int = 0
    how: str = ALIKE


class LabelDialog:
    """A session as keys drive it.

    Args:
        session: of labelling.
        columns: that are shown beside a text.
    """

    def __init__(self, session: Session, columns: Sequence[str] = ()) -> None:
        self.session, self.columns = session, columns
        self.mode: Literal["ask", "label", "search", "list", "end", "help"] = "ask"
        self.message = ""
        self.typed = ""
        self.list = TextList("", [])
        self.scroll = 0  # lines of the text that are above the screen
        self.ended = False
        self.question: Question | None = None
        self.doubted: list[DoubtedLabel] = []  # labels that are still to be seen again
        self._reviewed = False
        self._next()

    def press(self, key: str) -> None:
        """Do what a key means now."""
        self.message = ""
        if key in ("c-c", "c-d", "c-q"):
            self.ended = True
            return
        modes: dict[str, Callable[[str], None]] = {
            "ask": self._ask,
            "label": self._type_label,
            "search": self._type_search,
            "list": self._choose,
            "end": self._end,
            "help": lambda _: self._to("ask"),
        }
        modes[self.mode](key)

    def refresh(self) -> None:
        """Take in what was learned since the question was asked: the guess may have changed."""
        if self.question is not None and self.question.how != AGAIN:
            self.question = self.question._replace(guesses=self.session.advice.guesses(self.question.row))

    def columns_of(self, row: int) -> dict[str, object]:
        """What is shown beside a text."""
        return self.session.pile.shown(row, self.columns)

    # ---------------------------------------------------------------------------------------------- one text

    def _ask(self, key: str) -> None:
        label = self._label_of(key)
        if label is not None:
            self._answer(label)
        elif key in self._commands:
            self._commands[key](self)
        elif key.isprintable() and len(key) == 1:
            self.message = f"no label has the key {key!r}; + adds one, ? shows all keys"

    def _answer(self, label: str) -> None:
        assert self.question is not None
        self.session.answer(self.question, label)
        self.message = f"labelled {label}"
        self._next()

    def _accept(self) -> None:
        """Enter: the guess is right, or the label that is doubted."""
        assert self.question is not None
        if self.question.how == AGAIN:
            self._answer(self.question.doubted)
        elif self.question.guesses:
            self._answer(self.question.guesses[0][0])
        elif self.session.labels:
            self.message = "there is no guess yet; press the key of a label"
        else:
            self.message = "there is no label yet; + names the first one"

    def _skip(self) -> None:
        assert self.question is not None
        if self.question.how != AGAIN:
            self.session.skip(self.question)
        self._next()
        self.message = "skipped"

    def _undo(self) -> None:
        step = self.session.undo()
        if step is None:
            self.message = "there is nothing to take back"
            return
        if step.texts:
            self._show(self.session.about(self.session.pile.first_of[step.texts[0]], step.how))
        many = f" of {len(step.texts)} texts" if len(step.texts) > 1 else ""
        self.message = f"taken back: {step.label or step.kind}{many}"

    def _see_alike(self) -> None:
        assert self.question is not None
        rows = self.session.alike(self.question.row)
        self.list = TextList("texts like this one", rows, set(rows))
        self._to("list")

    def _scroll(self, lines: int) -> None:
        self.scroll = max(self.scroll + lines, 0)

    def _label_of(self, key: str) -> str | None:
        keys = label_keys(self.session.labels)
        return next((label for label, own in keys.items() if key in own), None)

    def _to(self, mode: Literal["ask", "label", "search", "list", "end", "help"]) -> None:
        self.mode, self.typed = mode, ""

    def _show(self, question: Question) -> None:
        self.question, self.scroll = question, 0
        self._to("ask")

    def _next(self) -> None:
        """The next question, or the end if there is none or the budget is spent."""
        if self.doubted:
            self._show(self.session.again(self.doubted.pop(0)))
            return
        question = None if self._reviewed else self.session.question()
        if question is None:
            self._leave()
        else:
            self._show(question)

    # ------------------------------------------------------------------------------------------ typed words

    def _typed(self, key: str) -> bool:
        """Whether a line that is typed is complete; it changes with the key."""
        if key == "escape":
            self._to("ask")
        elif key == "backspace":
            self.typed = self.typed[:-1]
        elif key == "enter":
            return bool(self.typed.strip())
        elif len(key) == 1 and key.isprintable():
            self.typed += key
        return False

    def completion(self) -> str:
        """The label that what is typed begins, if there is one."""
        typed = self.typed.strip().lower()
        return next((label for label in self.session.labels if typed and label.lower().startswith(typed)), "")

    def _type_label(self, key: str) -> None:
        if key == "tab":
            self.typed = self.completion() or self.typed
        elif self._typed(key):
            label = self.typed.strip()
            try:
                self.session.add_label(label)
            except SettingsError as problem:
                self.message = str(problem)
                return
            self._answer(label)

    def _type_search(self, key: str) -> None:
        if not self._typed(key):
            return
        words, rows = self.typed.strip(), self.session.search(self.typed)
        if not rows:
            self.message = f"no text without a label has {words!r}"
            return
        self.list = TextList(f"{len(rows):,} texts with {words!r}", rows, how=SEARCHED)
        self._to("list")

    # ------------------------------------------------------------------------------------------- many texts

    def _choose(self, key: str) -> None:
        if key == "escape":
            self._to("ask")
        elif key in ("up", "down", "pageup", "pagedown"):
            step = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}[key]
            self.list.cursor = min(max(self.list.cursor + step, 0), len(self.list.rows) - 1)
        elif key == " ":
            self.list.ticked ^= {self.list.rows[self.list.cursor]}
        elif key == "*":
            everything = set(self.list.rows)
            self.list.ticked = set() if self.list.ticked == everything else everything
        elif key == "enter":
            self._enter_in_list()
        elif label := self._label_of(key):
            self._label_ticked(label)

    def _enter_in_list(self) -> None:
        """Of texts found by words, the one under the cursor is shown; of those alike the guess is confirmed."""
        row = self.list.rows[self.list.cursor]
        if self.list.how == SEARCHED:
            self._show(self.session.about(row))
        elif guesses := self.session.advice.guesses(self.list.rows[0]):
            self._label_ticked(guesses[0][0])

    def _label_ticked(self, label: str) -> None:
        rows = [row for row in self.list.rows if row in self.list.ticked]
        if not rows:
            self.message = "nothing is ticked; the space bar ticks, * ticks all"
            return
        self.session.label(rows, label, self.list.how)
        self._next()
        self.message = f"{label}: {len(rows)} texts"

    # ---------------------------------------------------------------------------------------------- the end

    def _leave(self) -> None:
        """End, but first offer to show again what is doubted."""
        self.doubted = [] if self._reviewed else self.session.doubts()
        self._reviewed = True
        if self.doubted:
            self._to("end")
        else:
            self.ended = True

    def _end(self, key: str) -> None:
        if key in ("y", "enter"):
            self._next()
        elif key == "backspace":
            self._go_on()
        else:
            self.ended = True

    def _go_on(self) -> None:
        """Not the end yet: the last step is taken back, and doubted labels are shown when the end comes."""
        self.doubted, self._reviewed = [], False
        self._undo()
        if self.mode == "end":  # no text was in that step
            message = self.message
            self._next()
            self.message = message

    _commands: ClassVar[Mapping[str, Callable[["LabelDialog"], None]]] = {
        "enter": _accept,
        " ": _skip,
        "backspace": _undo,
        "+": lambda self: self._to("label"),
        "/": lambda self: self._to("search"),
        "=": _see_alike,
        "?": lambda self: self._to("help"),
        "escape": _leave,
        "up": lambda self: self._scroll(-1),
        "down": lambda self: self._scroll(1),
        "pageup": lambda self: self._scroll(-10),
        "pagedown": lambda self: self._scroll(10),
    }
