"""The page: what it may ask and who may, and a session with keys and mouse in a real browser."""

import asyncio
import csv
import json
import time
from typing import NamedTuple

import browser
import program
import pytest
from examples import EXAMPLES, write_csv

from textcnn.corpus import Record
from textcnn.labelling.journal import Journal
from textcnn.labelling.pile import Pile
from textcnn.labelling.session import Session
from textcnn.labelling.web import create_label_app

TRUTH = {text: label for label, text in EXAMPLES}
TOKEN = "a-token-for-tests"


class Reply(NamedTuple):
    """What the application answers."""

    status: int
    headers: dict
    text: str

    def json(self):
        return json.loads(self.text)


def request(app, method, path, body=b"", **headers):
    """One request, without a server: as ASGI has it."""
    usual = {"host": "127.0.0.1:1234", "authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    named = [(name.encode(), value.encode()) for name, value in (usual | headers).items()]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": named,
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Reply(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]).decode())


@pytest.fixture
def session():
    records = [Record(text, line=number, fields=(("id", f"t{number}"),)) for number, text in enumerate(TRUTH)]
    with Session(
        Pile(records, ("id", "text"), ["text"]), Journal(seed=0), labels=["ham", "spam"], background=False
    ) as made:
        yield made


@pytest.fixture
def ended():
    return []


@pytest.fixture
def ask(session, ended):
    app = create_label_app(session, ["id"], TOKEN, lambda: ended.append(True))

    def step(do, path="/steps", headers=(), **values):
        return request(app, "POST", path, json.dumps({"do": do, **values}).encode(), **dict(headers))

    step.app = app
    return step


class TestSteps:
    def test_a_question_its_answer_and_the_next_one(self, ask, session):
        told = ask("see").json()
        first = told["question"]
        assert first["text"] == session.pile.texts[first["row"]] and first["columns"] == {"id": f"t{first['row']}"}
        assert told["labels"][1] == {"name": "spam", "keys": ["2", "s"], "count": 0} and told["figures"]
        told = ask("answer", row=first["row"], label="ham", how=first["how"]).json()
        assert told["labelled"] == 1 and told["question"]["row"] != first["row"]
        assert session.labelled[session.pile.keys[first["row"]]].how == first["how"]

    def test_undo_shows_the_text_again(self, ask, session):
        first = ask("see").json()["question"]
        ask("answer", row=first["row"], label="ham", how=first["how"])
        told = ask("undo").json()
        assert told["question"] == first and told["undone"] == "ham" and told["labelled"] == 0
        assert "undone" not in ask("undo").json()
        ask("skip", row=first["row"], how=first["how"])
        assert session.progress().skipped == 1

    def test_twelve_alike_are_labelled_but_for_the_wrong_ones(self, ask, session):
        for _ in range(12):
            question = session.question()
            session.answer(question, TRUTH[session.pile.texts[question.row]])
        session.learn()
        row = ask("see").json()["question"]["row"]
        told = ask("alike", row=row).json()
        rows = [each["row"] for each in told["list"]]
        assert rows[0] == row and len({each["guess"] for each in told["list"]}) == 1
        assert ask("label", rows=rows[1:], label="spam", how="alike").json()["labelled"] == 12 + len(rows) - 1
        told = ask("see", "/shades", row=row).json()
        assert told["row"] == row and len(told["shades"]) > 1

    def test_words_are_looked_for(self, ask):
        told = ask("search", words="free PRIZE").json()
        assert told["found"] == len(told["list"]) > 1 and told["how"] == "searched"

    def test_the_end_comes_from_the_page(self, ask, ended):
        assert ask("doubts").json()["doubts"] == []
        assert ask("end").json()["ended"] and ended == [True]

    def test_of_a_budget_it_is_said_how_much_is_used_and_then_nothing_is_asked(self, ask, session):
        session.budget = 2
        for done in range(2):
            told = ask("see").json()
            assert told["done"] == f"{done} of 2 labels · 40 texts" and told["share"] == done / 2
            ask("answer", row=told["question"]["row"], label="ham", how=told["question"]["how"])
        assert ask("see").json()["question"] is None

    @pytest.mark.parametrize(
        "values",
        [
            {"do": "dance"},
            {"do": "answer", "row": 40, "label": "ham"},
            {"do": "label", "rows": [-1], "label": "ham"},
            {"do": "answer", "row": 0, "label": " "},
            {"do": "answer", "row": "0", "label": "ham"},
            {"do": "see", "more": 1},
            [],
        ],
    )
    def test_what_makes_no_sense_is_refused(self, ask, session, values):
        assert request(ask.app, "POST", "/steps", json.dumps(values).encode()).status == 422
        assert not session.journal.steps


class TestAccess:
    def test_the_page_has_no_data_and_everything_else_needs_the_token(self, ask, session):
        page = request(ask.app, "GET", "/", authorization="")
        assert page.status == 200 and not any(text in page.text for text in session.pile.texts)
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for path in ("/steps", "/shades"):
            for token in ("", "Bearer wrong", f"Basic {TOKEN}"):
                assert ask("see", path, {"authorization": token}).status == 401

    def test_other_sites_and_other_names_get_nothing(self, ask):
        assert ask("see", headers={"origin": "http://evil.example"}).status == 403
        assert ask("see", headers={"host": "evil.example"}).status == 421


class Page(browser.Browser):
    """A tab that visits an address."""

    def visit(self, url, *, width, dark):
        self.url, self.allowed = url, url.partition("#")[0]
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=url)

    def wait_for(self, script):
        """Until this is true in the page."""
        end = time.monotonic() + program.PATIENCE
        while not self.run(script):
            assert time.monotonic() < end, (script, self.run("document.body.innerText"))
            time.sleep(0.05)

    def type(self, key):
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" and len(key) == 1 else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=key, **text)

    def click(self, selector):
        self.run(f"document.querySelector({json.dumps(selector)}).click()")


def served(start, *options):
    """A session of mail.csv in the browser, and the address of its page."""
    process = start("label", "mail.csv", "--labels", "ham,spam", "--browser", *options)
    while not (line := process.said.get(timeout=program.PATIENCE)).startswith("open "):
        assert line
    return process, line.split()[1]


@pytest.mark.slow
@pytest.mark.skipif(browser.CHROMIUM is None, reason="there is no Chromium")
def test_a_session_in_a_browser_ends_at_its_budget(folder, start):
    write_csv(folder / "mail.csv", enumerate(TRUTH), ("id", "text"))
    process, address = served(start, "--budget", "3")
    with Page() as page:
        page.visit(address, width=390, dark=False)
        for number in range(3):
            page.wait_for(
                f"(document.getElementById('count') || {{}}).textContent === '{number} of 3 labels · 40 texts'"
            )
            page.type("s")
        page.wait_for("!document.getElementById('last').hidden")
    code, said = process.end()
    assert code == 0 and "3 labelled texts" in said and "the budget of 3 labels is used up" in said


@pytest.mark.slow
@pytest.mark.skipif(browser.CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize(("width", "dark"), [(1200, False), (390, True)])
def test_a_session_in_a_browser(folder, start, width, dark):
    write_csv(folder / "mail.csv", enumerate(TRUTH), ("id", "text"))
    process, address = served(start, "--show", "id")
    with Page() as page:
        page.visit(address, width=width, dark=dark)
        for number in range(14):
            page.wait_for(f"(document.getElementById('count') || {{}}).textContent === '{number} of 40 labelled'")
            label = TRUTH[page.run("document.getElementById('text').textContent")]
            if number % 2:
                page.type(label[0])
            else:
                page.click(f"#labels button:nth-child({1 + (label == 'spam')})")
        page.wait_for("document.getElementById('count').textContent === '14 of 40 labelled'")
        page.wait_for("document.getElementById('guess').textContent.startsWith('probably')")
        assert page.run("document.documentElement.scrollWidth") <= width
        page.type("=")
        page.wait_for("document.querySelectorAll('#cards button').length > 1")
        count = page.run("document.querySelectorAll('#cards button').length")
        for pressed in (0, count):  # none of them, all of them
            page.type("*")
            page.wait_for(f"document.querySelectorAll('#cards [aria-pressed=true]').length === {pressed}")
        page.click("#cards button")  # the first one does not belong
        page.type("s")
        page.wait_for(f"document.getElementById('count').textContent === '{14 + count - 1} of 40 labelled'")
        page.type("Backspace")
        page.wait_for("document.getElementById('count').textContent === '14 of 40 labelled'")
        page.click("[data-do=add]")
        page.run("document.getElementById('typed').value = 'news'; document.getElementById('line').requestSubmit()")
        page.wait_for("document.querySelectorAll('#labels button').length === 3")
        page.click("[data-do=end]")
        time.sleep(0.5)
        while page.run("document.getElementById('last').hidden"):
            page.click("[data-do=accept]")
            time.sleep(0.2)
        assert [told for kind, told in page.happened if kind == "request" and "127.0.0.1" not in told] == []
        assert [told for kind, told in page.happened if kind == "Runtime.exceptionThrown"] == []
    code, said = process.end()
    assert code == 0 and "15 labelled texts" in said
    with open("mail.labelled.csv", newline="", encoding="utf-8") as file:
        assert {row["label"] for row in csv.DictReader(file)} == {"ham", "spam", "news"}
