"""The page: what stands in it, that hostile text stays text, and that it works in a browser."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import browser
import numpy as np
import pytest
from examples import EXAMPLES, HAM, SPAM, write_csv
from program import TINY, imported
from scipy.stats import binomtest

from textcnn import TextCNNClassifier
from textcnn.checks import Check, Verdict
from textcnn.evaluation.comparison import compare
from textcnn.evaluation.metrics import measure
from textcnn.model.predictor import Predictor
from textcnn.report import Doubt, PageContext, checks_page, page
from textcnn.report.context import AnswerTables
from textcnn.report.curves import Share, class_rows, reliability, roc_lines, threshold_choices
from textcnn.report.insights import shown_mistakes
from textcnn.report.page import learning

IMAGE, SCRIPT = "<img src=x onerror=alert(1)>", "</script><script>document.title='broken'</script>"
HOSTILE = [
    "<script>document.title='broken'</script> free prize",
    "\"><svg onload=alert(2)> ' onmouseover=alert(3) free",
    "{{ 7 * 7 }} {% raw %} ${7 * 7} $\\frac{1}{0}$ free",
    "\x1b[31m\x00\x07 \u202eback\u2066 \ud800 free",
    '<!-- --> ]]> id="x" url(#y) #000001 &lt;b&gt; free',
    "<style>body { display: none }</style><base href='//example.invalid'> free",
    "今日は 👩\u200d👧 नमस्ते free",
    "",
]


def context_of(model, texts, gold, **changes):
    """A page's context from a model and labelled texts."""
    predictor = Predictor(model)
    probabilities = predictor.all_probabilities(texts)
    report = measure(gold, probabilities, predictor.choose, predictor.labels, multi_label=model.multi_label)
    places = [f"{IMAGE}.csv:{number}" for number in range(1, len(texts) + 1)]
    return PageContext(
        **{
            "title": f"{IMAGE} model",
            "note": "a test",
            "predictor": predictor,
            "texts": texts,
            "gold": gold,
            "places": places,
            "probabilities": probabilities,
            "report": report,
            "learned": model.interpretation(),
            **changes,
        }
    )


def learned(labels=("ham", "spam"), multi_label=False, texts=(), **changes):
    """A small model; further texts are learned as the last label."""
    settings = {
        "vectors": "none",
        "filters": 6,
        "widths": (1, 2),
        "dimensions": 10,
        "epochs": 12,
        "learning_rate": 0.03,
        "quality": "fast",  # one training instead of four
        "threads": 1,
    }
    own = [labels[0]] * len(HAM) + [labels[-1]] * (len(SPAM) + len(texts))
    return (
        TextCNNClassifier(**{**settings, **changes})
        .fit([*HAM, *SPAM, *texts], [[each] for each in own] if multi_label else own)
        .model_
    )


@pytest.fixture(scope="module")
def ham_and_spam():
    """A model of these."""
    return learned()


@pytest.fixture(scope="module")
def hostile():
    """A page of which every text and name wants to be more than text."""
    labels = (SCRIPT, IMAGE)
    model = learned(labels, texts=HOSTILE * 2, min_count=1)
    figures = {**model.figures, "vectors": IMAGE, "known_words": SCRIPT}
    texts = [*HAM, *SPAM, *HOSTILE]
    gold = [(label,) for label in [labels[0]] * 15 + [labels[1]] * 27 + ["\x00<b>new</b>"] * 6]
    context = context_of(replace(model, figures=figures, version=IMAGE), texts, gold)
    answers = [context.predictor.choose(row) for row in context.probabilities]
    return context._replace(
        comparisons=[compare((IMAGE, SCRIPT), gold, answers, gold)],
        checks=[Check(IMAGE, Verdict.error, SCRIPT, HOSTILE[0]), Check("size", Verdict.ok, "1")],
    )


@pytest.fixture(scope="module")
def text(hostile):
    """That page."""
    return page(hostile)


@pytest.fixture(scope="module")
def path(text, tmp_path_factory):
    """The page on disk, under a name that has to be quoted."""
    made = tmp_path_factory.mktemp("page") / "page <b> #1.html"
    made.write_text(text, encoding="utf-8")
    return made


class Seen(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.words = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.slow
def test_a_mistake_about_a_novel_text_says_why_it_is_novel(ham_and_spam):
    """Its words are unknown; a text like those of training has no such line."""
    model = ham_and_spam
    odd = "zqxw vvkj " + "w" * 100
    texts = [*HAM[:10], odd]
    answers = [Predictor(model).choose(row) for row in Predictor(model).all_probabilities(texts)]
    wrong = [("spam",) if answer == ("ham",) else ("ham",) for answer in answers]
    context = context_of(model, texts, wrong)
    said = {mistake.place: mistake.novel for mistake in shown_mistakes(context)}
    why = said.pop(context.places[-1])
    assert why.endswith(f"; nearest to {answers[-1][0]}; unknown words: vvkj, {'w' * 40}, zqxw")
    assert list(said.values()).count("") > 5
    assert "unknown words: vvkj" in " ".join(Seen(page(context)).words)


class TestPage:
    def test_it_has_every_part(self, text):
        parts = {attributes.get("id") for tag, attributes in Seen(text).tags if tag == "section"}
        assert parts == {
            *("comparison", "checks", "labels", "threshold-section", "probabilities"),
            *("mistakes", "ngrams", "filters", "training", "model"),
        }

    def test_hostile_text_makes_no_tag_and_no_attribute(self, text):
        seen = Seen(text)
        kinds = [tag for tag, _ in seen.tags]
        assert not {*kinds} & {"img", "base", "iframe", "object", "form", "foreignobject", "image"}
        drawings = kinds.count("svg")  # each has a style of its own
        assert (kinds.count("script"), kinds.count("style"), drawings) == (2, 1 + drawings, 7)
        assert not [name for _, attributes in seen.tags for name in attributes if name.startswith("on")]

    def test_hostile_text_is_there_as_text(self, text):
        words = " ".join("".join(Seen(text).words).split())
        assert IMAGE in words and SCRIPT in words
        assert "{{ 7 * 7 }} {% raw %} ${7 * 7}" in words
        assert "今日は" in words and "<b>new</b>" in words
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)

    def test_nothing_comes_from_outside(self, text):
        for _, attributes in Seen(text).tags:
            for name in ("src", "href", "xlink:href", "action", "data", "srcset"):
                assert attributes.get(name, "#").startswith("#")
        assert "url(" not in text.split("<body>")[0]

    def test_no_script_but_its_own_may_run(self, text):
        script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)[-1]
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in text

    def test_the_same_answers_make_the_same_page(self, text, hostile):
        assert page(hostile) == text

    def test_a_multi_label_page_has_no_confusion_matrix(self):
        model = learned(multi_label=True, labels_per_text="several")
        gold = [("ham", "spam"), *[("ham",)] * 19, *[("spam",)] * 18, (), ("new",)]
        text = page(context_of(model, [*HAM, *SPAM], gold))
        assert "all labels right" in text and "Confusion matrix" not in text
        assert "is <b><bdi>nothing</bdi></b>" in text

    @pytest.mark.slow
    def test_many_labels_are_listed_by_pairs(self):
        labels = [f"label {number}" for number in range(30)]
        texts = [f"word{number} again" for number in range(30) for _ in range(2)]
        own = [label for label in labels for _ in range(2)]
        settings = {"vectors": "none", "filters": 4, "widths": (1,), "dimensions": 8, "epochs": 2}
        model = TextCNNClassifier(**settings).fit(texts, own).model_
        text = page(context_of(model, texts, [(label,) for label in own[1:] + own[:1]]))
        assert "Confused most" in text and "10 more labels" in text

    def test_a_model_without_ngrams_shows_those_of_the_answers(self):
        model = learned(keep_ngrams="off")
        text = page(context_of(model, [*HAM, *SPAM], [("ham",)] * 20 + [("spam",)] * 20))
        assert "What contributed most to the answers" in text
        assert 'id="filters"' not in text
        assert re.search(r'class="chip" title="in \d+ texts"><bdi>free', text)

    @pytest.mark.parametrize(
        "gold", [["new"] * 3, pytest.param(["ham", "spam", "new"], marks=pytest.mark.slow)], ids=str
    )
    def test_few_texts_and_strange_labels(self, ham_and_spam, gold):
        assert "</html>" in page(context_of(ham_and_spam, ["free", "lunch", ""], [(label,) for label in gold]))

    @pytest.mark.parametrize(
        "curve", [None, 3, [], [[1]], [[1, "x", 2]], [[float("nan")] * 3], [[None, 1, 1]]], ids=str
    )
    def test_what_is_no_learning_curve_is_not_drawn(self, curve):
        assert learning(curve) == []

    def test_of_a_learning_curve_the_best_epoch_is_marked(self):
        loss, score = learning([[1.0, 1.1, 0.5], [0.5, 0.8, 0.9], [0.2, 0.9, 0.9]])
        assert "epoch 2" in loss.note and score.key[0].figure == "0.900 at best"

    def test_of_several_networks_it_is_said_whose_curve_it_is(self):
        curve = [[1.0, 1.1, 0.5], [0.5, 0.8, 0.9]]
        assert [learning(curve, 2, networks)[0].note.count("the first of 2 networks") for networks in (1, 2)] == [0, 1]


class TestChecksPage:
    def test_hostile_text_stays_text(self):
        checks = [Check(IMAGE, Verdict.error, SCRIPT, HOSTILE[1]), Check("size", Verdict.ok, "1", "not shown")]
        text = checks_page(IMAGE, SCRIPT, checks, [Doubt("a.csv:1", IMAGE, SCRIPT, 0.25, HOSTILE[0])])
        seen = Seen(text)
        kinds = [tag for tag, _ in seen.tags]
        assert "img" not in kinds and kinds.count("script") == 2
        words = " ".join("".join(seen.words).split())
        assert f"is {IMAGE} with 25.0 %, rather {SCRIPT} · a.csv:1 {HOSTILE[0]}" in words
        assert "error1" in words.replace(" ", "") and "not shown" not in words

    def test_check_writes_a_page_of_its_checks(self, textcnn, train_csv, folder):
        answer = textcnn("check", train_csv, "--data-only", "--report", "page.html")
        assert "page.html: a page of " in answer.err
        text = (folder / "page.html").read_text(encoding="utf-8")
        assert "<h1>Checks of train.csv</h1>" in text and "<b>copies</b>" in text


@pytest.fixture(scope="module")
def tables():
    """Four texts: b surely and rightly, a rightly, a wrongly, a rightly."""
    truth = [("b",), ("a",), ("b",), ("a",)]
    probabilities = np.array([[0.05, 0.95], [0.65, 0.35], [0.75, 0.25], [0.85, 0.15]], np.float32)
    context = context_of(learned(("a", "b"), epochs=1), list("wxyz"), truth)
    return AnswerTables(context._replace(probabilities=probabilities))


class TestNumbers:
    @pytest.mark.parametrize(("part", "whole"), [(0, 5), (3, 4), (98, 99), (7, 7), (50, 100)])
    def test_intervals_are_wilson_s(self, part, whole):
        expected = binomtest(part, whole).proportion_ci(method="wilson")
        found = Share.of(part, whole)
        assert (found.value, found.low, found.high) == pytest.approx((part / whole, expected.low, expected.high))

    def test_of_nothing_anything_is_possible(self):
        assert Share.of(0, 0) == (0, 0, 1)

    def test_a_share_is_inside_its_interval(self):
        """Also at 0 and 1, where rounding would put it outside: such bars cannot be drawn."""
        shares = [Share.of(part, whole) for whole in range(1, 400) for part in {0, whole // 3, whole}]
        assert [share for share in shares if not 0 <= share.low <= share.value <= share.high <= 1] == []

    def test_rows_of_labels_hold_precision_and_recall(self, tables):
        second, first = class_rows(tables)
        assert (first.label, first.texts, first.said, first.precision.value, first.recall.value) == (
            "a",
            2,
            3,
            2 / 3,
            1,
        )
        assert (second.precision.value, second.recall.value, second.f1) == (1, 0.5, 2 / 3)

    def test_thresholds_count_answers_and_right_ones(self, tables):
        together, a, b = threshold_choices(tables)
        assert (together.total, together.texts) == (4, 4)
        at = {step: (together.given[step], together.right[step]) for step in (0, 65, 66, 75, 76, 95, 96)}
        assert at == {0: (4, 3), 65: (4, 3), 66: (3, 2), 75: (3, 2), 76: (2, 2), 95: (1, 1), 96: (0, 0)}
        assert (a.total, a.given[50], a.right[50], a.answered[50]) == (2, 3, 2, 3)
        assert (b.total, b.given[25], b.right[25]) == (2, 3, 2)

    def test_reliability_bins_answers_by_their_probability(self, tables):
        bins = reliability(tables)
        assert bins.said.tolist() == pytest.approx([0.65, 0.75, 0.85, 0.95])
        assert [share.value for share in bins.right] == [1, 0, 1, 1]
        assert bins.counts.tolist() == [1, 1, 1, 1]

    def test_of_two_labels_one_line_is_enough(self, tables):
        (line,) = roc_lines(tables)
        assert (line.name, line.figure) == ("b", "area 0.750")


class TestCommands:
    def test_evaluate_writes_a_page_about_its_model(self, textcnn, model, train_csv, folder):
        answer = textcnn("evaluate", train_csv, "--report", "page.html", "--baseline", train_csv)
        assert answer.code == 0
        assert re.search(r"^page\.html: a page of \d+ kB, open it in a browser$", answer.err, re.MULTILINE)
        text = (folder / "page.html").read_text(encoding="utf-8")
        assert "<h1>model.textcnn on train.csv</h1>" in text
        assert 'id="comparison"' in text
        assert len(text) < 600_000

    def test_train_writes_a_page_about_out_of_fold_answers(self, textcnn, train_csv, folder):
        answer = textcnn("train", train_csv, "--report", "page.html", "--epochs=3", *TINY)
        assert answer.code == 0 and (folder / "model.textcnn").exists()
        text = (folder / "page.html").read_text(encoding="utf-8")
        assert "<h1>model.textcnn, trained on train.csv</h1>" in text
        assert "Measured on 40 texts, each answered by a model that had not learned from it (cross-fitting)." in text
        assert 'id="training"' in text

    @pytest.mark.slow
    def test_train_measures_on_the_validation_file(self, textcnn, train_csv, folder):
        write_csv(folder / "held.csv", [(label, f"well, {text}") for label, text in EXAMPLES[:6]])
        arguments = ["--validation", "held.csv", "--epochs=2", "--report", "page.html", "-q", *TINY]
        assert textcnn("train", train_csv, *arguments) == (0, "", "")
        text = (folder / "page.html").read_text(encoding="utf-8")
        assert "Measured on 6 texts that were held out." in text
        assert "train.csv:" not in text

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["evaluate", "train.csv", "--report", "train.csv"], "is one of the inputs"),
            (["evaluate", "train.csv", "--report", "model.textcnn"], "is one of the inputs"),
            (["evaluate", "train.csv", "--report", "."], "it is a folder"),
            (["check", "train.csv", "--report", "train.csv"], "is one of the inputs"),
            (["check", "model.textcnn", "--vectors", "train.csv", "--report", "train.csv"], "is one of the inputs"),
            (["evaluate", "train.csv", "--report", "nowhere/page.html"], "there is no folder"),
            (["train", "train.csv", "-o", "new.textcnn", "--report", "new.textcnn"], "is where the model goes"),
            (["train", "train.csv", "--report", "train.csv"], "is one of the inputs"),
        ],
        ids=" ".join,
    )
    def test_no_file_is_lost(self, textcnn, model, train_csv, arguments, named):
        before = train_csv.read_bytes(), model.read_bytes()
        answer = textcnn(*arguments)
        assert answer.code == 1 and named in answer.err
        assert (train_csv.read_bytes(), model.read_bytes()) == before

    def test_who_wants_no_page_does_not_wait_for_its_libraries(self, model, train_csv, folder):
        assert not imported("evaluate", "train.csv", "-q", folder=folder) & {"matplotlib", "jinja2"}


@pytest.mark.skipif(browser.CHROMIUM is None, reason="there is no Chromium to open the page in")
class TestInABrowser:
    def readings(self, tab):
        names = ("at", "precision", "recall", "answered", "counts")
        return {name: tab.run(f"document.getElementById('{name}').textContent") for name in names}

    def expected(self, choice, step):
        given, right = choice.given[step], choice.right[step]

        def percent(part, whole):
            return f"{100 * part / whole + 1e-9:.1f} %"  # a half goes up, as in JavaScript

        return {
            "at": f"{step / 100:.2f}",
            "precision": percent(right, given) if given else "–",
            "recall": percent(right, choice.total),
            "answered": percent(choice.answered[step], choice.texts),
            "counts": f"{given} answers, {right} of them right; {choice.total - right} of {choice.total} missed",
        }

    def test_nothing_hostile_runs_and_nothing_is_fetched(self, tab, path):
        tab.open(path)
        assert tab.run("document.title") == f"{IMAGE} model"
        assert tab.run("document.images.length + document.scripts.length") == 2
        assert tab.run("document.querySelector('#labels .matrix th[scope=col]').textContent") == SCRIPT
        assert tab.run("getComputedStyle(document.body).display") == "block"
        assert tab.happened == []

    def test_a_script_that_slipped_through_would_not_run(self, tab, path):
        broken = path.with_name("broken.html")
        text = path.read_text(encoding="utf-8")
        broken.write_text(text.replace("<main>", "<main><script>document.title = 'broken'</script>"), encoding="utf-8")
        tab.open(broken)
        assert tab.run("document.title") == f"{IMAGE} model"
        assert any("Content Security Policy" in told for _, told in tab.happened)
        tab.happened.clear()

    def test_the_threshold_is_dragged(self, tab, path, hostile):
        tab.open(path)
        choices = threshold_choices(AnswerTables(hostile))
        assert self.readings(tab) == self.expected(choices[0], 50)
        tab.drag("#threshold", 0.8)
        step = int(tab.run("document.getElementById('threshold').value"))
        assert 75 <= step <= 85
        assert self.readings(tab) == self.expected(choices[0], step)
        for _ in range(3):
            tab.press("ArrowRight", 39)
        assert self.readings(tab) == self.expected(choices[0], step + 3)
        middle = (
            "(() => { const b = document.querySelector('{}').getBoundingClientRect(); return b.x + b.width / 2; })()"
        )
        cursor = tab.run(middle.replace("{}", "#threshold-cursor path"))
        left, width = tab.run(
            "(() => { const b = document.querySelector('#threshold-box').getBoundingClientRect();"
            " return [b.x, b.width]; })()"
        )
        assert cursor == pytest.approx(left + width * (step + 3) / 100, abs=2)
        assert tab.happened == []

    def test_the_threshold_of_a_single_label(self, tab, path, hostile):
        tab.open(path)
        choices = threshold_choices(AnswerTables(hostile))
        line = "document.querySelector('#threshold-precision path').getAttribute('d')"
        before = tab.run(line)
        tab.run(
            "(() => { const s = document.getElementById('of-label'); s.selectedIndex = 1;"
            " s.dispatchEvent(new Event('change')); })()"
        )
        assert tab.run("document.getElementById('of-label').value") == choices[1].name
        assert self.readings(tab) == self.expected(choices[1], 50)
        assert tab.run(line) != before

    @pytest.mark.parametrize("width", [320, 400, 768, 1600])
    def test_no_page_is_wider_than_its_window(self, tab, path, width):
        tab.open(path, width=width)
        assert tab.run("document.documentElement.scrollWidth") == width

    def test_colours_follow_the_browser_dark_or_light(self, tab, path):
        brightness = (
            "(() => { const of = (c) => c.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0);"
            " const body = getComputedStyle(document.body);"
            " const line = getComputedStyle(document.querySelector('#threshold-cursor path'));"
            " return [of(body.backgroundColor), of(body.color), of(line.stroke)]; })()"
        )
        tab.open(path)
        paper, ink, line = tab.run(brightness)
        assert paper > 700 and ink < 150 and line < 150
        tab.open(path, dark=True)
        paper, ink, line = tab.run(brightness)
        assert paper < 150 and ink > 600 and line > 600
        tab.open(path, dark=True, media="print")
        assert tab.run(brightness)[0] == 3 * 255

    def test_the_page_of_checks(self, tab, path):
        made = path.with_name("checks.html")
        doubts = [Doubt("a.csv:1", IMAGE, SCRIPT, 0.25, each) for each in HOSTILE]
        made.write_text(
            checks_page(SCRIPT, IMAGE, [Check(IMAGE, Verdict.warning, SCRIPT, IMAGE)], doubts), encoding="utf-8"
        )
        tab.open(made, width=400)
        assert tab.run("document.title") == SCRIPT
        assert tab.run("document.querySelectorAll('.mistake').length") == len(HOSTILE)
        assert tab.run("document.documentElement.scrollWidth") == 400
        assert tab.happened == []

    def test_on_paper_everything_is_open(self, tab, path):
        tab.open(path)
        tab.run("document.querySelectorAll('details').forEach((one) => { one.open = false; })")
        tab.run("dispatchEvent(new Event('beforeprint'))")
        assert tab.run("document.querySelectorAll('details:not([open])').length") == 0
        printed = path.with_suffix(".pdf")
        tab.print(printed)
        assert printed.read_bytes().startswith(b"%PDF")
