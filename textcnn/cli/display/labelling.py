"""The screen while texts are labelled, as lines of pieces with a style each; it fits from 40 columns on.

Styles are names that the terminal's part gives colours to: "bar", "dim", "key", "good", "bad", "message", "cursor"
and, for shaded words, "for" and "against" with a number from 1 to 3. Nothing in a text is obeyed by a terminal.
"""

import sys
from collections.abc import Sequence

from textcnn.cli.display.console import cells, console, cut, one_line, say, table
from textcnn.cli.display.sparkline import bars
from textcnn.cli.label_dialog import LabelDialog
from textcnn.insight.highlight import Shade, visible
from textcnn.labelling.adviser import Advice
from textcnn.labelling.session import AGAIN, SEARCHED, Progress
from textcnn.labelling.simulation import Simulation
from textcnn.labelling.wording import done_so_far, figures_so_far, label_keys

__all__ = ["Line", "Piece", "draw", "show_simulation", "wrapped"]

Piece = tuple[str, str]  # style, text
Line = list[Piece]

_STRENGTHS = 3
_HELP = (
    ("number, letter", "give the text the label with that key"),
    ("Enter", "the guess is right"),
    ("Space", "skip: this text is not asked again"),
    ("Backspace", "take the last step back, as often as you like"),
    ("+", "a new label, or the beginning of one there is; Tab completes"),
    ("=", "texts like this one, to be labelled at once"),
    ("/", "look for words, and label what has them"),
    ("arrows, Page", "scroll a long text"),
    ("Esc", "end; all answers are on the disk already"),
)


def draw(dialog: LabelDialog, shades: Sequence[Shade], width: int, height: int) -> list[Line]:
    """All lines of the screen, at most `height`."""
    head = _head(dialog.session.progress(), width)
    foot = _foot(dialog, width)
    room = max(height - len(head) - len(foot), 1)
    if dialog.mode == "list":
        lines = _list(dialog, width, room)
    elif dialog.mode == "end":
        lines = _doubts(dialog, width)
    elif dialog.mode == "help":
        lines = _help(width)
    else:
        lines = _question(dialog, shades, width, room)
    return [*head, *lines[:room], *([[]] * (room - len(lines))), *foot][:height]


def _head(progress: Progress, width: int) -> list[Line]:
    """How far it is, and how good."""
    counts = [f"{one_line(label)} {count}" for label, count in progress.counts.items() if count]
    done, *others = _joined([done_so_far(progress), *counts], width, "  ")
    if len(others) > 1:  # more labels than there is room for
        others = [cut("  ".join([others[0], "..."]), width)]
    lines: list[Line] = [[("bar", cut(line, width))] for line in [done, *others]]
    said = figures_so_far(progress)
    if progress.advice.forecast:
        said.append(_curve(progress.advice))
    lines += [[("dim", line)] for line in _joined(said, width)]
    return [*lines, []]


def _curve(advice: Advice) -> str:
    """The learning curve so far, as a row of bars."""
    assert advice.forecast is not None
    values = [point.accuracy for point in advice.forecast.curve]
    return f"curve {bars(values, min(values), max(values), len(values))}"


def _joined(pieces: Sequence[str], width: int, between: str = " · ") -> list[str]:
    """Pieces side by side where there is room, each on one line."""
    lines: list[str] = []
    for piece in pieces:
        if lines and cells(lines[-1]) + len(between) + cells(piece) <= width:
            lines[-1] += between + piece
        else:
            lines.append(cut(piece, width).rstrip())
    return lines


# ------------------------------------------------------------------------------------------------------- one text


def _question(dialog: LabelDialog, shades: Sequence[Shade], width: int, room: int) -> list[Line]:
    if dialog.question is None:
        return [[("", "all texts have been asked")]]
    pile, row = dialog.session.pile, dialog.question.row
    lines = [_shaded(pile.texts[row], span, shades) for span in wrapped(pile.texts[row], width)]
    dialog.scroll = min(dialog.scroll, max(len(lines) - room + 1, 0))
    beside = [
        [("dim", cut(f"{one_line(name)}: {one_line(str(value))}", width).rstrip())]
        for name, value in dialog.columns_of(row).items()
    ]
    shown = lines[dialog.scroll : dialog.scroll + max(room - len(beside), 2)]  # columns give way to the text
    if len(lines) > dialog.scroll + len(shown):
        shown[-1] = [("dim", cut("... (Page Down)", width).rstrip())]
    return [*shown, *beside]


def wrapped(text: str, width: int) -> list[tuple[int, int]]:
    """Where each line of a text begins and ends: broken at its own line breaks, between words, or within long ones."""
    lines: list[tuple[int, int]] = []
    start = 0
    for paragraph in text.split("\n"):
        lines += [(start + first, start + last) for first, last in _broken(paragraph, width)]
        start += len(paragraph) + 1
    return lines


def _broken(paragraph: str, width: int) -> list[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    first = 0
    while True:
        last, used = first, 0
        while last < len(paragraph) and (used := used + cells(paragraph[last])) <= width:
            last += 1
        if last == len(paragraph):
            return [*lines, (first, last)]
        blank = paragraph.rfind(" ", first, last + 1)
        last = blank if blank > first else max(last, first + 1)
        lines.append((first, last))
        first = last + (paragraph[last : last + 1] == " ")


def _shaded(text: str, line: tuple[int, int], shades: Sequence[Shade]) -> Line:
    """One line of a text, its words in the style of what they contributed."""
    start, end = line
    strongest = max((abs(shade.value) for shade in shades), default=0.0)
    pieces: Line = []
    last = start
    for shade in shades:
        first, stop = max(shade.start, start), min(shade.end, end)
        if first < stop:
            pieces += [("", _clean(text[last:first])), (_strength(shade.value, strongest), _clean(text[first:stop]))]
            last = stop
    return [*pieces, ("", _clean(text[last:end]))]


def _clean(text: str) -> str:
    return visible(text).replace("\n", " ").replace("\t", " ")


def _strength(value: float, strongest: float) -> str:
    """The style of a word: "for2" if it speaks for the guess, and is of middle strength."""
    level = round(_STRENGTHS * abs(value) / strongest) if strongest else 0
    return f"{'for' if value > 0 else 'against'}{level}" if level else ""


# ------------------------------------------------------------------------------------------------------ many texts


def _list(dialog: LabelDialog, width: int, room: int) -> list[Line]:
    chosen = dialog.list
    title = f"{chosen.title}: {len(chosen.ticked):,} of {len(chosen.rows):,} ticked"
    first = max(min(chosen.cursor - room // 2, len(chosen.rows) - room + 1), 0)
    lines: list[Line] = [[("key", cut(title, width).rstrip())]]
    for at, row in enumerate(chosen.rows[first : first + room - 1], first):
        mark = "x" if row in chosen.ticked else " "
        guess = next((label for label, _ in dialog.session.advice.guesses(row)), "")
        text = f"[{mark}] {cut(one_line(guess), 10) if width >= 60 else ''} {one_line(dialog.session.pile.texts[row])}"
        lines.append([("cursor" if at == chosen.cursor else "", cut(text, width))])
    return lines


def _doubts(dialog: LabelDialog, width: int) -> list[Line]:
    """The labels that look doubtful, each with the beginning of its text."""
    texts = dialog.session.pile.texts
    return [
        [("bad", f"{cut(one_line(doubt.label), 14)} "), ("", cut(one_line(texts[doubt.row]), width - 15).rstrip())]
        for doubt in dialog.doubted
    ]


def _help(width: int) -> list[Line]:
    wide = max(len(keys) for keys, _ in _HELP) + 2
    lines: list[Line] = []
    for keys, meaning in _HELP:
        for at, (first, last) in enumerate(wrapped(meaning, max(width - wide, 10))):
            lines.append([("key", ("" if at else keys).ljust(wide)), ("", meaning[first:last])])
    return lines


# --------------------------------------------------------------------------------------------------------- the foot


def _foot(dialog: LabelDialog, width: int) -> list[Line]:
    """The guess, the labels with their keys, what else can be done, and what has just happened."""
    lines: list[Line] = [[]]
    if dialog.mode == "ask":
        lines.append(_guess(dialog, width))
    if dialog.mode in ("ask", "list"):
        lines += _keys(dialog, width)
    lines += [[("dim", line)] for line in _joined(_commands(dialog), width)]
    return [*lines, [("message", cut(one_line(dialog.message), width).rstrip())]]


def _guess(dialog: LabelDialog, width: int) -> Line:
    question = dialog.question
    if question is None:
        return []
    if question.how == AGAIN:
        beside = f", the other texts suggest {one_line(question.likelier)}" if question.likelier else ""
        return [("bad", cut(f"you said {one_line(question.doubted)}{beside}; Enter keeps it", width).rstrip())]
    if not dialog.session.labels:
        return [("good", cut("no label yet: + names the first one", width).rstrip())]
    if not question.guesses:
        return [("dim", cut(f"no guess yet ({question.how})", width).rstrip())]
    guesses = [f"{one_line(label)} {probability:.2f}" for label, probability in question.guesses[:3]]
    room = width - len(question.how) - 3
    shown = _joined([f"probably {guesses[0]}", *guesses[1:]], room, ", ")[0]  # those that fit
    return [("good", shown), ("dim", f" ({question.how})")]


def _keys(dialog: LabelDialog, width: int) -> list[Line]:
    """The labels with their keys, as many on a line as fit."""
    lines: list[Line] = [[]]
    used = 0
    for label, keys in label_keys(dialog.session.labels).items():
        shown = cut(one_line(label), min(cells(one_line(label)), width - 8))
        pieces: Line = [("key", " ".join(keys)), ("", f" {shown}   ")]
        size = sum(cells(text) for _, text in pieces)
        if used and used + size > width:
            lines.append([])
            used = 0
        lines[-1] += pieces
        used += size
    return lines


def _commands(dialog: LabelDialog) -> Sequence[str]:
    if dialog.mode == "label":
        beside = dialog.completion()
        return [f"label: {dialog.typed}_", *([f"Tab: {one_line(beside)}"] if beside else []), "Enter", "Esc back"]
    return {
        "ask": ["Enter yes", "Space skip", "Backspace undo", "+ label", "/ search", "= alike", "? help", "Esc end"],
        "search": [f"words: {dialog.typed}_", "Enter", "Esc back"],
        "list": ["key of a label: all ticked", "Space tick", "* all", _entered(dialog), "Esc back"],
        "end": [_doubtful(len(dialog.doubted)), "y see them again", "Backspace undo", "any other key: end"],
        "help": ["any key: back"],
    }[dialog.mode]


def _doubtful(count: int) -> str:
    return "1 label looks doubtful" if count == 1 else f"{count} labels look doubtful"


def _entered(dialog: LabelDialog) -> str:
    """What Enter does in a list."""
    if dialog.list.how == SEARCHED:
        return "Enter open"
    guesses = [dialog.session.advice.guesses(row) for row in dialog.list.rows[:1]]
    return f"Enter all {one_line(guesses[0][0][0])}" if any(guesses) else "Enter"


# ----------------------------------------------------------------------------------------------------- simulation


def show_simulation(found: Simulation, strategy: str) -> None:
    """A table on standard output, and what it comes to."""
    made = table("labels", strategy, "± s. e.", "random", "± s. e.")
    for row in found.rows():
        made.add_row(str(row.labels), *(f"{value:.3f}" for value in row[1:]))
    console(sys.stdout).print(made)
    saved = found.saved()
    say(
        f"{saved[0]} labels chosen by {strategy} are worth {saved[1]} random ones"
        if saved
        else f"labels chosen by {strategy} bring no more than random ones",
    )
    say(f"accuracy of the quick learner on {found.held_out:,} texts held out, mean of {len(found.chosen)} seeds")
