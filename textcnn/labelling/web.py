"""The same session on one page of a browser: an application for the server of `textcnn serve`.

The page holds no data; its script asks for them with the token that stands in the address after #, which no browser
sends anywhere. What is not this page, on this machine, with this token, gets nothing.

    POST /steps    {"do": "answer", "row": 3, "label": "bug"}, and the like  ->  the state after it
    POST /shades   {"row": 3}                                               ->  the words of a text, shaded
"""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Literal

import msgspec
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from textcnn.errors import OutputError, SettingsError
from textcnn.labelling.session import ALIKE, SEARCHED, Progress, Question, Session
from textcnn.labelling.shading import shades_of
from textcnn.labelling.wording import done_so_far, figures_so_far, label_keys
from textcnn.serve.access import Access, Guard
from textcnn.serve.bodies import BodyReader
from textcnn.serve.pages import served_page
from textcnn.serve.problems import answered_problem, fault

__all__ = ["StepRequest", "create_label_app"]

_HERE = Path(__file__).parent
_LONGEST = 1_000_000  # bytes of a request
_MOST_FOUND = 200  # texts that are shown of those found by words


class StepRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What the page asks for."""

    do: Literal["see", "answer", "skip", "undo", "add", "label", "ask", "alike", "search", "doubts", "end"]
    row: int = 0
    rows: list[int] = []
    label: str = ""
    words: str = ""
    how: Literal["random", "diverse", "uncertain", "rare label", "searched", "alike", "again"] = "searched"


def create_label_app(session: Session, columns: list[str], token: str, end: Callable[[], None]) -> Starlette:
    """The application over a session.

    Args:
        session: of labelling.
        columns: that are shown beside a text.
        token: without which nothing is answered but the page.
        end: called when the user ends it.
    """
    desk = LabelDesk(session, columns, end)
    bodies = BodyReader(_LONGEST)

    def endpoint(answer: Callable[[StepRequest], Any]) -> Callable[[Request], Any]:
        async def answered(request: Request) -> Response:
            async with bodies.body(request) as body:
                try:
                    asked = msgspec.json.decode(body, type=StepRequest)
                    made = await run_sync(answer, asked)
                except (msgspec.DecodeError, SettingsError, IndexError) as error:
                    raise HTTPException(422, str(error)) from error
                except OutputError as error:
                    raise HTTPException(507, str(error)) from error
            return Response(msgspec.json.encode(made), media_type="application/json")

        return answered

    script = (_HERE / "label.js").read_text(encoding="utf-8")
    style = (_HERE / "label.css").read_text(encoding="utf-8")
    page = served_page("label.html", style=style, script=script, folder=_HERE)

    async def first(request: Request) -> Response:
        return page

    return Starlette(
        routes=[
            Route("/", first),
            Route("/steps", endpoint(desk.take), methods=["POST"]),
            Route("/shades", endpoint(desk.shades), methods=["POST"]),
        ],
        middleware=[Middleware(Guard, access=Access(token=token, open_paths=("/",)))],
        exception_handlers={HTTPException: answered_problem, Exception: fault},
    )


class LabelDesk:
    """What the page may do with a session, a step at a time."""

    def __init__(self, session: Session, columns: list[str], end: Callable[[], None]) -> None:
        self.session, self.columns, self._end = session, columns, end
        self._lock = Lock()

    def take(self, asked: StepRequest) -> dict[str, Any]:
        """Do what is asked; the state after it."""
        with self._lock:
            for row in (asked.row, *asked.rows):
                if not 0 <= row < len(self.session.pile):
                    raise IndexError(f"there is no text {row}")
            made = self._steps[asked.do](self, asked)
            return self._state() | made

    def shades(self, asked: StepRequest) -> dict[str, Any]:
        """Words of a text, each with where it stands and what it contributes to the guess."""
        return {"row": asked.row, "shades": [list(shade) for shade in shades_of(self.session.advice, asked.row)]}

    # Each step gives what is to be shown next: a question, texts, or the end.

    def _see(self, asked: StepRequest) -> dict[str, Any]:
        question = self.session.question()
        return {"question": None if question is None else self._shown(question)}

    def _answer(self, asked: StepRequest) -> dict[str, Any]:
        self.session.label([asked.row], asked.label, asked.how)
        return self._see(asked)

    def _skip(self, asked: StepRequest) -> dict[str, Any]:
        self.session.skip(Question(asked.row, asked.how))
        return self._see(asked)

    def _undo(self, asked: StepRequest) -> dict[str, Any]:
        step = self.session.undo()
        if step is None:
            return self._see(asked)
        made = {"undone": step.label or step.kind, "texts": len(step.texts)}
        if not step.texts:
            return self._see(asked) | made
        question = self.session.about(self.session.pile.first_of[step.texts[0]], step.how)
        return {"question": self._shown(question)} | made

    def _add(self, asked: StepRequest) -> dict[str, Any]:
        self.session.add_label(asked.label)
        return {}

    def _label(self, asked: StepRequest) -> dict[str, Any]:
        self.session.label(asked.rows, asked.label, asked.how)
        return self._see(asked)

    def _ask(self, asked: StepRequest) -> dict[str, Any]:
        return {"question": self._shown(self.session.about(asked.row, asked.how))}

    def _alike(self, asked: StepRequest) -> dict[str, Any]:
        return {"list": self._listed(self.session.alike(asked.row)), "how": ALIKE}

    def _search(self, asked: StepRequest) -> dict[str, Any]:
        rows = self.session.search(asked.words)
        return {"list": self._listed(rows[:_MOST_FOUND]), "found": len(rows), "how": SEARCHED}

    def _doubts(self, asked: StepRequest) -> dict[str, Any]:
        return {"doubts": [self._shown(self.session.again(doubt)) for doubt in self.session.doubts()]}

    def _stop(self, asked: StepRequest) -> dict[str, Any]:
        self._end()
        return {"ended": True}

    _steps: ClassVar[dict[str, Callable[["LabelDesk", StepRequest], dict[str, Any]]]] = {
        "see": _see,
        "answer": _answer,
        "skip": _skip,
        "undo": _undo,
        "add": _add,
        "label": _label,
        "ask": _ask,
        "alike": _alike,
        "search": _search,
        "doubts": _doubts,
        "end": _stop,
    }

    def _state(self) -> dict[str, Any]:
        progress = self.session.progress()
        forecast = progress.advice.forecast
        keys = label_keys(self.session.labels)
        return {
            "labels": [{"name": name, "keys": keys[name], "count": count} for name, count in progress.counts.items()],
            "labelled": progress.labelled,
            "done": done_so_far(progress),
            "share": _share(progress),
            "figures": " · ".join(figures_so_far(progress)),
            "curve": [list(point) for point in forecast.curve] if forecast else [],
        }

    def _shown(self, question: Question) -> dict[str, Any]:
        columns = self.session.pile.shown(question.row, self.columns)
        return question._asdict() | {
            "text": self.session.pile.texts[question.row],
            "columns": {name: str(value) for name, value in columns.items()},
        }

    def _listed(self, rows: list[int]) -> list[dict[str, Any]]:
        guesses = {row: self.session.advice.guesses(row) for row in rows}
        return [
            {"row": row, "text": self.session.pile.texts[row], "guess": guesses[row][0][0] if guesses[row] else ""}
            for row in rows
        ]


def _share(progress: Progress) -> float:
    """How much is done: of the budget, or of the texts."""
    if progress.budget is None:
        return progress.labelled / max(progress.texts, 1)
    return min(progress.answers / progress.budget, 1.0)
