"""A server over its time: who may ask, slow clients, models that change, and its end."""

import json
import os
import signal
import socket
import stat
import threading
import time
from contextlib import closing, suppress
from http.client import HTTPException

import pytest
from examples import EXAMPLES, HAM, SPAM
from serving import JSON, serving

from textcnn.serve.server import bound_socket

TOKEN = "f00dfacef00dfacef00dface"
HASTY = "import textcnn.serve.server as server; server._REQUEST_SECONDS = 0.5; server._TAKING_SECONDS = 0.5"
HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
# What it imports is said at its end.
TELLING = "import atexit, sys; atexit.register(lambda: sys.stderr.write(' '.join(sys.modules) + '\\n'))"


def replaced(path, data):
    """As programs write files: beside, then moved."""
    beside = path.with_suffix(".new")
    beside.write_bytes(data)
    beside.replace(path)


def eventually(holds):
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def other(tmp_path_factory, _trained):
    """The same model, as it would be with other labels."""
    path = tmp_path_factory.mktemp("other") / "other.textcnn"
    data = _trained.read_bytes()
    assert data.count(rb"\"labels\": [\"ham\"") == 1
    path.write_bytes(data.replace(rb"\"labels\": [\"ham\"", rb"\"labels\": [\"egg\""))
    return path


def test_what_is_sent_leaves_at_once():
    """Else the end of an answer waits until the client has acknowledged its beginning: 40 ms."""
    with bound_socket("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


class TestStart:
    def test_a_model_that_is_not_there_is_named(self, textcnn):
        refused = textcnn("serve", "nothing.textcnn")
        assert refused.code == 1 and "there is no model nothing.textcnn" in refused.err

    def test_names_are_given_once(self, textcnn, model):
        refused = textcnn("serve", "model.textcnn", "model=other.textcnn")
        assert refused.code == 2 and "two models are called 'model'" in refused.err

    def test_an_address_that_is_not_to_be_had_is_said(self, textcnn, model):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            refused = textcnn("serve", f"--port={taken.getsockname()[1]}")
        assert refused.code == 2 and "Address already in use; see --host and --port" in refused.err
        refused = textcnn("serve", "--host=nowhere.invalid")
        assert refused.code == 2 and "cannot listen on nowhere.invalid, port 8000" in refused.err

    @pytest.mark.parametrize("token", ["", "short", "two words " * 5, "ü" * 20, "x" * 5000])
    def test_a_token_is_one_word_that_is_not_guessed(self, textcnn, model, folder, token):
        (folder / "token").write_text(token)
        refused = textcnn("serve", "--token-file=token")
        assert refused.code == 2 and "token" in refused.err

    def test_without_a_token_it_warns_where_others_can_reach_it(self, model, folder):
        with serving(model, "--host=0.0.0.0") as server:
            assert server.said == [
                "whoever reaches this machine can ask; --token-file lets in only those who know a token"
            ]
            assert server.stop() == (0, "")


def test_it_answers_without_torch_and_all_that_learns(model):
    with serving(model, script=TELLING) as server:
        assert server.predict([HAM[0], "free " * 5000], explain=True).status == 200
        code, said = server.stop()
    assert code == 0
    assert not {name.partition(".")[0] for name in said.split()} & {"torch", "gensim", "sklearn", "scipy", "pandas"}


def test_a_token_lets_in_who_knows_it(model, folder):
    path = folder / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(stat.S_IRUSR)
    with serving(model, f"--token-file={path}", "--allow-host=classify.example") as server:
        for wrong in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": TOKEN}):
            for method, at in (("POST", "/predict"), ("GET", "/models"), ("GET", "/metrics"), ("GET", "/nothing")):
                reply = server.ask(method, at, headers={**JSON, **wrong})
                assert reply.status == 401 and reply.headers["WWW-Authenticate"].startswith("Bearer")
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert server.predict(["a"], headers=right).status == 200
        assert server.predict(["a"], headers={**right, "Host": "classify.example"}).status == 200
        assert server.get("/models", **right).json["models"][0]["name"] == "model"
        for at in ("/", "/docs", "/openapi.json", "/health"):  # where no model is named, and no text is
            open_page = server.get(at)
            assert open_page.status == 200 and b"ham" not in open_page.body


@pytest.mark.slow
def test_slow_clients_are_let_go(model):
    with serving(model, script=HASTY) as server:
        begun = time.monotonic()
        assert server.raw(b"") == b""  # a connection and nothing else
        assert server.raw(b"GET / HTTP/1.1\r\nHost: lo").startswith(b"HTTP/1.1 408 ")
        assert server.raw(HEAD + b"Content-Length: 100\r\n\r\n{").startswith(b"HTTP/1.1 408 ")
        with socket.create_connection(("127.0.0.1", server.port)) as drops:  # a byte now and then does not help
            with suppress(OSError):
                for _ in range(40):
                    drops.sendall(b"G")
                    time.sleep(0.05)
            assert time.monotonic() - begun < 60
        texts = json.dumps({"texts": ["free " * 100] * 9000}).encode()
        with socket.create_connection(("127.0.0.1", server.port)) as idle:  # and who takes no answer gets none
            idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1000)
            idle.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(texts) + texts)
            eventually(lambda: server.figure("textcnn_texts_total") > 0)
            server.settle()
        assert server.get("/health").status == 200
        assert server.stop() == (0, "")


class TestChangedModels:
    @pytest.mark.slow
    def test_a_changed_file_is_taken_up_and_a_damaged_one_refused(self, model, other):
        with serving(model) as server:
            before = server.predict([HAM[0]]).json["answers"]
            assert before[0]["label"] == "ham"
            replaced(model, other.read_bytes())
            server.process.wait_until_said("model: ")
            assert server.predict([HAM[0]]).json["answers"][0]["label"] == "egg"
            for damaged in (b"", other.read_bytes()[:-1], os.urandom(1000)):
                replaced(model, damaged)
                server.process.wait_until_said(f"model: {model} is not a model that can be read: ")
                assert server.predict([HAM[0]]).json["answers"][0]["label"] == "egg"
            model.unlink()
            time.sleep(1.2)
            assert server.predict([HAM[0]]).json["answers"][0]["label"] == "egg"
            replaced(model, other.read_bytes())  # at once: half a file would be refused once more
            server.process.wait_until_said("model: ")
            figures = server.get("/metrics").body
            assert b'textcnn_model_refusals_total{model="model"} 3.0' in figures
            assert b'textcnn_model_loads_total{model="model"} 2.0' in figures

    @pytest.mark.slow
    def test_a_hundred_changes_under_load_fail_no_request(self, model, other):
        script = "import textcnn.serve.models as models; models._PERIOD = 0.02"
        versions = [model.read_bytes(), other.read_bytes()]
        texts, wrong, done = [text for _, text in EXAMPLES], [], threading.Event()

        def ask(server):
            with closing(server.connection()) as connection:
                while not done.is_set():
                    reply = server.predict(texts, connection)
                    labels = {answer["label"] for answer in reply.json["answers"]}
                    if reply.status != 200 or labels not in ({"ham", "spam"}, {"egg", "spam"}):  # of one, not of two
                        wrong.append(reply)

        with serving(model, script=script) as server:
            clients = [threading.Thread(target=ask, args=(server,)) for _ in range(4)]
            for client in clients:
                client.start()
            for number in range(1, 101):
                replaced(model, versions[number % 2])
                server.process.wait_until_said("model: ")
            done.set()
            for client in clients:
                client.join()
            assert wrong == []
            assert b'textcnn_model_loads_total{model="model"} 100.0' in server.get("/metrics").body


class TestEnd:
    @pytest.mark.parametrize("sent", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
    def test_what_was_accepted_is_answered(self, model, sent):
        """Clients that ask one request after the other meet a refused connection at the end, and nothing else."""
        ends, counts = [], []

        def ask(server):
            with suppress(ConnectionRefusedError):
                for count in range(100_000):
                    try:
                        connection = server.connection()
                        connection.connect()
                    except ConnectionResetError:  # which the system had taken, and nobody accepted
                        break
                    reply = None
                    while reply is None or reply.headers["Connection"] != "close":
                        try:
                            reply = server.predict([HAM[count % 20], SPAM[count % 20]], connection)
                        except (OSError, HTTPException) as error:
                            ends.append(error)
                            return
                        counts.append(reply.status)
                    connection.close()

        with serving(model) as server:
            clients = [threading.Thread(target=ask, args=(server,)) for _ in range(4)]
            for client in clients:
                client.start()
            long = json.dumps({"texts": ["free " * 2000] * 200}).encode()
            with socket.create_connection(("127.0.0.1", server.port)) as slow:
                slow.sendall(HEAD + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(long) + long[:1000])
                eventually(lambda: len(counts) > 20)
                server.process.send_signal(sent)
                time.sleep(0.1)
                slow.sendall(long[1000:])  # the rest of what had begun when it was told to stop
                answered = server.rest(slow)
            assert server.process.end() == (0, "")
            for client in clients:
                client.join()
        assert ends == [] and set(counts) == {200}
        assert answered.startswith(b"HTTP/1.1 200 ") and answered.count(b'{"label": ') == 200
