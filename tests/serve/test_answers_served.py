"""The server gives the answers of `predict`, to whom it should, and says what is wrong with anything else."""

import json
import socket

import msgspec
import pytest
from examples import HAM, SPAM, write_csv
from program import tiny
from serving import JSON, LINES, serving

from textcnn.model.predictor import Predictor
from textcnn.serve.messages import AnswerList, AnswerObject

HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
ODD = [
    "",
    " ",
    "free\0cash",
    "half a pair \ud83d, and the other \ude00 half",
    "😀 a whole one",
    "a\u2028b\nc\rd\te",
    "<script>alert(1)</script>",
    '\\ud800 is no escape \\\\ud800 "',
    "ÀÖ 中文 हिन्दी",
    "w" * 5000,
    "free " * 30_000,
]
TEXTS = [*HAM[:5], *SPAM[:5], *ODD]


@pytest.fixture(scope="module")
def two(tmp_path_factory, _trained):
    """Two models: one of ham and spam, and a multi-label one, without a text that both know."""
    from textcnn.cli.application import run

    folder = tmp_path_factory.mktemp("served")
    (folder / "first.textcnn").write_bytes(_trained.read_bytes())
    rows = [("long|ham" if len(text) > 22 else "ham", text) for text in HAM] + [("spam", text) for text in SPAM]
    tags = str(write_csv(folder / "tags.csv", rows))
    options = ["-q", "--quality=fast", "--label-separator=|", "--labels-per-text=several", *tiny("--epochs=3")]
    assert run(["train", tags, "-o", str(folder / "tags.textcnn"), *options]) == 0
    return folder


@pytest.fixture(scope="module")
def server(two):
    with serving(two / "first.textcnn", f"many={two / 'tags.textcnn'}", "--max-texts=500", "--max-body=1") as served:
        yield served


class TestAnswers:
    @pytest.mark.parametrize("model", ["first", "many"])
    @pytest.mark.parametrize(
        "parameters",
        [
            {},
            {"top": 2},
            {"threshold": 0.9},
            {"threshold": 0.95, "otherwise": "ünsure"},
            {"sure": 0.8},
            {"sure": 0.8, "otherwise": "ünsure"},
            {"novel_above": 0.5, "novel_label": "nöthing known"},
            {"explain": True},
            {"explain": True, "against": "ham"},
        ],
        ids=str,
    )
    def test_lines_are_those_of_predict(self, server, two, textcnn, folder, model, parameters):
        texts = TEXTS if "explain" not in parameters else [text[:300] for text in TEXTS]
        (folder / "texts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        options = [option(name, value) for name, value in parameters.items()]
        file = two / {"first": "first.textcnn", "many": "tags.textcnn"}[model]
        said = textcnn("predict", "-q", "-m", file, "--format=jsonl", "--input=texts.jsonl", *options)
        assert said.code == 0
        served = server.predict(texts, headers=LINES, model=model, **parameters)
        assert served.status == 200 and served.headers["Content-Type"] == LINES["Accept"]
        assert served.body == said.out.encode()
        whole = server.predict(texts, model=model, **parameters)
        head, *lines, end = whole.body.split(b"\n")[:-1]
        assert [line.removesuffix(b",") for line in lines] == served.body.splitlines()
        assert head == b'{"model":"%s","answers":[' % model.encode() and end.startswith(b'],"cut":[')

    def test_a_bounded_error_is_that_of_predict(self, server, two, textcnn):
        said = textcnn("predict", "-m", two / "first.textcnn", "--format=jsonl", "--max-error=0.2", *TEXTS[:10])
        assert server.predict(TEXTS[:10], headers=LINES, max_error=0.2).body == said.out.encode() != b""
        refused = server.predict(["a"], model="many", max_error=0.2)
        assert refused.status == 422 and "can only be bounded for models that" in refused.json["detail"]

    def test_many_texts_come_in_order(self, server):
        texts = [f"text number {number} is about a free lunch and {'more ' * 60}" for number in range(400)]
        served = server.predict(texts)
        assert [answer["text"] for answer in served.json["answers"]] == texts
        lines = server.predict(texts, headers=LINES).body.splitlines()
        assert [json.loads(line) for line in lines] == served.json["answers"]

    def test_no_texts_have_no_answers(self, server):
        assert server.predict([]).json == {"model": "first", "answers": [], "cut": []}
        assert server.predict([], headers=LINES).body == b""

    def test_texts_that_are_not_read_to_their_end_are_named(self, server):
        assert server.predict(["short", "free " * 30_000, "short", "w " * 20_001]).json["cut"] == [1, 3]

    def test_answers_are_what_is_described(self, server):
        for model in ("first", "many"):
            body = server.predict(TEXTS[:-1], model=model, explain=True).body
            answers = msgspec.json.decode(body, type=AnswerList).answers
            assert len(answers) == len(TEXTS) - 1 and isinstance(answers[0], AnswerObject)

    def test_models_are_listed_in_order(self, server):
        models = server.get("/models").json["models"]
        assert [(model["name"], model["labels"], model["multi_label"]) for model in models] == [
            ("first", ["ham", "spam"], False),
            ("many", ["ham", "long", "spam"], True),
        ]


def option(name, value):
    """The option of the command line that a parameter stands for."""
    name = f"--{name.replace('_', '-')}"
    return name if value is True else f"{name}={value}"


def body(**values):
    return json.dumps({"texts": ["a"], **values}).encode()


class TestProblems:
    @pytest.mark.parametrize(
        ("status", "sent", "said"),
        [
            (400, b"", "not JSON"),
            (400, b"{", "not JSON"),
            (400, b'{"texts": ["a]}', "not JSON"),
            (400, b'{"texts": ["a"]} {}', "not JSON"),
            (400, b'\xef\xbb\xbf{"texts": []}', "not JSON"),
            (400, b'{"texts": ["\xff"]}', "not JSON"),
            (400, b'{"texts": ["\xed\xa0\x80"]}', "not JSON"),
            (400, b'{"texts": ["\0"]}', "not JSON"),
            (400, b'{"texts": [], "threshold": NaN}', "not JSON"),
            (422, b"[" * 100_000, "got `array`"),
            (422, b'{"texts":' + b"[" * 100_000, "got `array`"),
            (422, b'{"texts":[],"x":' + b'{"x":' * 100_000, "unknown field `x`"),
            (422, b"null", "got `null`"),
            (422, b"{}", "`texts`"),
            (422, b'{"texts": "a"}', "`$.texts`"),
            (422, b'{"texts": ["a", 1]}', "`$.texts[1]`"),
            (422, b'{"texts": [], "top": ' + b"9" * 10_000 + b"}", "`$.top`"),
            (422, b'{"texts": [], "threshold": 1e999}', "`$.threshold`"),
            (422, body(top=0), ">= 1"),
            (422, body(top=True), "`$.top`"),
            (422, body(threshold=1.1), "<= 1"),
            (422, body(explain="yes"), "`$.explain`"),
            (422, body(threshold=0.5, sure=0.9), "exclude each other"),
            (422, body(sure_per_label=True), "give sure too"),
            (422, body(max_error=0.000001), "no threshold can promise"),
            (422, body(temperature=1), "unknown field `temperature`; see /docs"),
            (422, body(otherwise="x"), "goes with `threshold`"),
            (422, body(against="ham"), "goes with `explain`"),
            (422, body(explain=True, against="\ud800"), "has no label '\ufffd', but ham, spam"),
            (404, body(model="other"), "no model 'other', but first, many"),
            (404, body(model="\0"), "no model"),
            (413, json.dumps({"texts": ["a"] * 501}).encode(), "501 texts are more than 500"),
            (413, b'{"texts": ["' + b"a" * 1_000_000 + b'"]}', "longer than 1,000,000 bytes"),
        ],
        ids=lambda value: str(value[:30]) if isinstance(value, bytes) else None,
    )
    def test_bodies_that_cannot_be_answered(self, server, status, sent, said):
        reply = server.ask("POST", "/predict", sent)
        assert (reply.status, reply.headers["Content-Type"]) == (status, "application/problem+json")
        assert reply.json["status"] == status and said in reply.json["detail"]

    @pytest.mark.parametrize(
        ("status", "method", "path", "headers"),
        [
            (404, "GET", "/nothing", {}),
            (404, "GET", "/docs/", {}),
            (404, "GET", "/%00/..%2f", {}),
            (405, "GET", "/predict", {}),
            (405, "POST", "/models", JSON),
            (405, "TRACE", "/predict", {}),
            (415, "POST", "/predict", {"Content-Type": "text/plain"}),
            (415, "POST", "/predict", {}),
            (415, "POST", "/predict", {**JSON, "Content-Encoding": "gzip"}),
            (421, "GET", "/health", {"Host": "evil.example"}),
            (421, "GET", "/health", {"Host": "127.0.0.1.evil.example"}),
            (421, "GET", "/health", {"Host": "[::1"}),
            (421, "GET", "/health", {"Host": ""}),
            (403, "POST", "/predict", {**JSON, "Origin": "http://evil.example"}),
            (403, "POST", "/predict", {**JSON, "Origin": "null"}),
            (403, "GET", "/models", {"Origin": "http://localhost:1"}),
        ],
        ids=str,
    )
    def test_requests_that_are_refused(self, server, status, method, path, headers):
        reply = server.ask(method, path, body() if "Content-Type" in headers else None, headers)
        assert (reply.status, reply.json["status"]) == (status, status)

    def test_its_own_pages_may_ask(self, server):
        for host in (f"127.0.0.1:{server.port}", f"localhost:{server.port}", "[::1]", "192.168.1.7", "x.localhost"):
            headers = {**JSON, "Host": host, "Origin": f"http://{host}"}
            assert server.ask("POST", "/predict", body(), headers).status == 200

    def test_methods_that_are_taken_are_named(self, server):
        assert server.ask("DELETE", "/predict").headers["Allow"] == "POST"

    @pytest.mark.parametrize(
        "sent",
        [
            b"\0\0\0\0\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
            b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ],
        ids=lambda sent: str(sent[:40]),
    )
    def test_what_is_not_http_gets_400(self, server, sent):
        assert server.raw(sent).startswith(b"HTTP/1.1 400 ")

    def test_a_long_body_is_refused_before_it_comes(self, server):
        head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        expecting = head + b"Content-Length: 1000000000000\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        assert server.raw(expecting).startswith(b"HTTP/1.1 413 ")
        pieces = iter([b" " * 600_000] * 2)
        assert server.ask("POST", "/predict", pieces).status == 413

    def test_clients_that_leave_are_no_fault(self, server):
        head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += b"Content-Length: 100\r\n\r\n"
        for sent in (b"", b"GET / HT", head, head + b'{"texts"'):
            with socket.create_connection(("127.0.0.1", server.port)) as one:
                one.sendall(sent)
        for _ in range(3):  # who do not take their answer
            one = server.connection()
            one.request("POST", "/predict", body(texts=["free " * 100] * 400), JSON)
            one.close()
        assert server.get("/health").json == {"status": "ok"}
        server.settle()


class TestPagesAndFigures:
    def test_headers_keep_other_sites_away(self, server):
        for path in ("/", "/docs", "/health", "/nothing"):
            headers = server.get(path).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert headers["Access-Control-Allow-Origin"] is None and headers["Server"] is None

    def test_pages_load_nothing_from_elsewhere(self, server):
        for path in ("/", "/docs"):
            page = server.get(path)
            assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            text = page.body.decode().replace("http://127.0.0.1:8000/predict", "")
            assert "http://" not in text and "https://" not in text and "src=" not in text

    def test_the_description_names_every_path_and_field(self, server):
        described = server.get("/openapi.json").json
        page = server.get("/docs").body.decode()
        fields = described["components"]["schemas"]["PredictRequest"]["properties"]
        assert fields["texts"]["maxItems"] == 500
        for name in (*described["paths"], *fields):
            assert f"{name}</code>" in page, name

    def test_metrics_have_what_drift_is_seen_by_and_what_it_was_in_training(self, server, two):
        def figures(name):
            return [server.figure(f'textcnn_{name}_{end}{{model="first"}}') for end in ("count", "sum")]

        names = ("words", "unknown", "confidence", "novelty")
        server.settle()
        before = {name: figures(name) for name in names}
        answers = server.predict(["see you zqxwv", "claim your free cash prize now", ""]).json["answers"]
        server.predict([])
        counted = {name: [now - then for now, then in zip(figures(name), before[name], strict=True)] for name in names}
        assert [count for count, _ in counted.values()] == [3, 3, 3, 3]
        assert counted["words"][1] == 3 + 6 + 0 and counted["unknown"][1] == pytest.approx(1 / 3)
        for name, said in (("confidence", "probability"), ("novelty", "novelty")):
            assert counted[name][1] == pytest.approx(sum(answer[said] for answer in answers), abs=1e-4)
        reference = Predictor.open(two / "first.textcnn").model.reference
        for name in names:
            mean = server.figure(f'textcnn_training_mean{{model="first",of="{name}"}}')
            assert mean == pytest.approx(getattr(reference, name).mean(), rel=1e-5)
        novel = server.figure('textcnn_training_novel_share{model="first"}')
        assert novel == pytest.approx((reference.novelty > 0.95).mean())
        assert server.figure('textcnn_novelty_bucket{le="0.95",model="first"}') <= figures("novelty")[0]
        share = server.figure('textcnn_training_label_share{label="spam",model="first"}')
        assert share == pytest.approx((reference.label == 1).mean())

    def test_an_answer_comes_in_one_piece(self, server):
        """Who waits for it wakes once, not for its head and then for the rest."""
        body = json.dumps({"texts": ["see you at noon"]}).encode()
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            head, _, rest = connection.recv(1 << 16).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK") and json.loads(rest)["answers"][0]["text"] == "see you at noon"

    def test_of_many_texts_the_words_of_some_are_counted(self, server):
        server.settle()
        before = [server.figure(f'textcnn_{name}_count{{model="first"}}') for name in ("novelty", "words")]
        server.predict(["see you at noon"] * 450)
        after = [server.figure(f'textcnn_{name}_count{{model="first"}}') for name in ("novelty", "words")]
        assert [now - then for now, then in zip(after, before, strict=True)] == [450, 90]

    def test_metrics_count_requests_texts_and_labels(self, server):
        names = (
            'textcnn_requests_total{path="/predict",status="200"}',
            'textcnn_texts_total{model="first"}',
            'textcnn_labels_total{label="spam",model="first"}',
            'textcnn_unlabelled_total{model="first"}',
            'textcnn_request_seconds_count{path="/predict"}',
        )
        server.settle()
        before = [server.figure(name) for name in names]
        server.predict([*SPAM[:3], HAM[0]])
        server.predict([*SPAM[:3], HAM[0]], threshold=1, otherwise="spam\n# HELP x")
        after = [server.figure(name) for name in names]
        assert [now - then for now, then in zip(after, before, strict=True)] == [2, 8, 3, 4, 2]
        for number in range(5):
            server.get(f"/{number}")
        assert "/3" not in server.get("/metrics").body.decode()  # a path that a client chooses has no series
