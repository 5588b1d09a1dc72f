"""A session of labelling, without any screen: what is asked, what is kept, what is taken back."""

import time

import numpy as np
import pytest
from examples import EXAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st

from textcnn.corpus import Reading, Record
from textcnn.errors import DataError, SettingsError
from textcnn.labelling.adviser import Snapshot, advise
from textcnn.labelling.journal import Journal
from textcnn.labelling.pile import Pile, read_pile
from textcnn.labelling.pool import prepare_pool
from textcnn.labelling.session import AGAIN, RANDOM, Session, random_order

TRUTH = {text: label for label, text in EXAMPLES}


def pile_of(texts):
    return Pile([Record(text, line=line) for line, text in enumerate(texts, 2)], ["text"], ["text"])


@pytest.fixture(scope="module")
def pile():
    return pile_of(TRUTH)


@pytest.fixture(scope="module")
def pool(pile):
    return prepare_pool(pile, random_order(pile, 0), 0)


@pytest.fixture
def session(pile, pool):
    with Session(pile, Journal(seed=0), labels=["ham", "spam"], background=False, pool=pool) as made:
        yield made


def answered(session, count):
    """Answer so many questions rightly; the questions."""
    asked = []
    for number in range(count):
        if number % 4 == 0:
            session.learn()
        asked.append(session.question())
        session.answer(asked[-1], TRUTH[session.pile.texts[asked[-1].row]])
    return asked


SUBJECTS = ("school", "river", "song", "bridge", "king", "train", "garden", "church")
ASKED = {
    "who": ("Who made the {}?", "Which woman saw the {}?", "Whose is the {}?"),
    "when": ("When was the {} made?", "What year is the {} from?", "Since what day is there a {}?"),
}


@pytest.mark.parametrize("by", ["what is asked", "what it is about"])
def test_labels_say_whether_questions_are_learned_by_what_they_ask_for(by):
    texts = {wording.format(it): (kind, it) for it in SUBJECTS for kind, said in ASKED.items() for wording in said}
    pile = pile_of(texts)
    pool = prepare_pool(pile, random_order(pile, 0), 0)
    rows = pool.rows[:24].tolist()
    labels = [texts[pile.texts[row]][by == "what it is about"] for row in rows]
    advice = advise(
        pool, Snapshot(tuple(rows), tuple(labels), frozenset(rows), frozenset()), "auto", np.random.default_rng(0)
    )
    assert advice.pool.features.sentences.shape[1] == (449 if by == "what is asked" else 385)


def test_each_text_is_asked_once_until_none_is_left(session):
    asked = answered(session, len(TRUTH))
    assert sorted(question.row for question in asked) == list(range(len(TRUTH)))
    assert session.question() is None
    progress = session.progress()
    assert progress.labelled == progress.texts == 40 and progress.counts == {"ham": 20, "spam": 20}


def test_texts_that_were_chosen_together_are_asked_before_others_are_chosen(pool):
    nothing, random = Snapshot((), (), frozenset(), frozenset()), np.random.default_rng(0)
    together = advise(pool, nothing, "auto", random).queue
    asked = together[0].row
    after = Snapshot((asked,), ("ham",), frozenset([asked]), frozenset())
    assert len(together) == 10
    assert advise(pool, after, "auto", random, together).queue == together[1:]
    assert (
        len(advise(pool, after, "auto", random, together[-1:]).queue) > 1
    )  # one would be gone before there is another


def test_one_in_five_is_random_and_the_first_ones_cover_the_pile(session):
    hows = [question.how for question in answered(session, 30)]
    assert hows.count(RANDOM) in (5, 6)
    assert set(hows[:8]) == {"diverse", RANDOM} and "uncertain" in hows[12:]


def test_the_guess_comes_with_two_labels_and_becomes_right(session):
    assert session.question().guesses == ()
    answered(session, 30)
    session.learn()
    unseen = [row for row in range(40) if session.pile.keys[row] not in session.labelled]
    right = [session.advice.guesses(row)[0][0] == TRUTH[session.pile.texts[row]] for row in unseen]
    assert np.mean(right) >= 0.8
    assert sum(probability for _, probability in session.question().guesses) == pytest.approx(1, abs=1e-5)
    assert session.advice.estimate.texts >= sum(given.how == RANDOM for given in session.labelled.values())


def test_near_copies_are_not_asked_and_copies_get_the_label_too():
    long = "please call me when you are back at home and have had some dinner with the kids"
    texts = [long, f"{long} 2", "win cash now", "win cash now", f"{long} today"]
    with Session(pile_of(texts), Journal(seed=0), labels=["a", "b"], background=False) as session:
        session.learn()
        rows = []
        while question := session.question():
            rows.append(question.row)
            session.answer(question, "a")
        assert len(rows) == 2
        copies = {row for row in session.rows() if texts[row] == "win cash now"}
        assert copies == {2, 3}


def test_empty_texts_are_not_asked():
    with Session(pile_of(["", "  ", "a word"]), Journal(seed=0), background=False) as session:
        assert session.question().row == 2
        session.skip(session.question())
        assert session.question() is None and session.progress().skipped == 1
    with pytest.raises(DataError, match="no text"):
        Session(pile_of(["", " "]), Journal(), background=False)


def test_everything_can_be_taken_back_in_turn(session):
    question = session.question()
    session.answer(question, "ham")
    session.add_label("news")
    session.label([1, 2, 3], "news")
    session.skip(session.question())
    assert session.undo().kind == "skip" and not session.skipped
    assert session.undo().label == "news" and session.progress().counts["news"] == 0
    assert "news" in session.labels and session.undo().kind == "name" and "news" not in session.labels
    assert session.undo().label == "ham" and not session.labelled
    assert session.undo() is None
    assert session.question() == question


def test_a_label_that_is_given_again_replaces_the_first_and_stays_random(session):
    answered(session, 12)
    row = next(session.pile.first_of[key] for key, each in session.labelled.items() if each.how == RANDOM)
    session.answer(session.about(row, AGAIN), "news")
    given_label = session.labelled[session.pile.keys[row]]
    assert (given_label.label, given_label.how) == ("news", RANDOM)
    session.undo()
    assert session.labelled[session.pile.keys[row]].label in ("ham", "spam")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), st.sampled_from(["ham", "spam", "news"])),
        st.tuples(st.just("label"), st.lists(st.integers(0, 39), min_size=1, max_size=4)),
        st.tuples(st.sampled_from(["skip", "undo"]), st.none()),
        st.tuples(st.just("add"), st.sampled_from(["one", "two"])),
    ),
    max_size=20,
)


def test_started_again_it_is_where_it_was(tmp_path_factory, pile, pool):
    @settings(max_examples=15)
    @given(STEPS)
    def check(steps):
        started_again(tmp_path_factory.mktemp("sessions") / "journal", pile, pool, steps)

    check()


def started_again(path, pile, pool, steps):
    """Do the steps, then open the journal anew."""
    with Session(pile, Journal(path, seed=3), background=False, pool=pool) as session:
        for step, value in steps:
            question = session.question()
            if step == "answer" and question:
                session.answer(question, value)
            elif step == "skip" and question:
                session.skip(question)
            elif step == "label":
                session.label(value, "news")
            elif step == "undo":
                session.undo()
            elif step == "add":
                session.add_label(value)
        was = session.labels, session.labelled, session.skipped, session.question(), session._snapshot()
    with Session(pile, Journal(path), background=False, pool=pool) as again:
        assert was == (again.labels, again.labelled, again.skipped, again.question(), again._snapshot())


def test_answers_stay_with_their_texts_when_the_input_changes(tmp_path, pile):
    with Session(pile, Journal(tmp_path / "journal"), background=False) as session:
        for _ in range(5):
            question = session.question()
            session.answer(question, TRUTH[pile.texts[question.row]])
        lost = pile.texts[question.row]
        before = {pile.texts[row]: given.label for row, given in session.rows().items()}
    texts = ["a new text", *reversed([text for text in TRUTH if text != lost])]
    with Session(pile_of(texts), Journal(tmp_path / "journal"), background=False) as again:
        after = {texts[row]: given.label for row, given in again.rows().items()}
        assert after == {text: label for text, label in before.items() if text != lost}
        assert again.lost == 1 and again.progress().labelled == 4


def test_labels_of_the_input_count_and_are_not_asked(folder):
    (folder / "half.csv").write_text("id,label,text\n1,ham,see you at noon\n2,,win cash now\n3,spam,free prize\n")
    pile = read_pile(["half.csv"], Reading(label_column="label"))
    assert pile.columns == ["id", "text"]
    with Session(pile, Journal(seed=0), background=False) as session:
        assert session.labels == ["ham", "spam"] and session.question().row == 1
        session.answer(session.question(), "spam")
        assert session.question() is None and len(session.rows()) == 3


def test_a_budget_is_spent_by_answers_not_by_labels_of_the_input(tmp_path):
    records = [Record(f"text {number}", ("a",) if number < 5 else ()) for number in range(20)]
    made = Pile(records, ["text"], ["text"])
    with Session(made, Journal(tmp_path / "journal"), background=False, budget=3) as session:
        for _ in range(2):
            session.answer(session.question(), "b")
        assert session.question() and (session.progress().answers, session.progress().labelled) == (2, 7)
    with Session(made, Journal(tmp_path / "journal"), background=False, budget=3) as again:
        again.answer(again.question(), "b")
        assert again.spent and again.question() is None
        again.undo()
        assert again.question() is not None


def test_words_are_found_in_any_case_among_what_has_no_label(session):
    rows = session.search("FREE prize")
    assert {"free" in session.pile.texts[row] and "prize" in session.pile.texts[row].lower() for row in rows} == {True}
    session.label(rows[:1], "spam")
    assert session.search("FREE prize") == rows[1:]


def test_texts_alike_have_the_same_guess_and_the_text_itself_comes_first(session):
    answered(session, 20)
    session.learn()
    row = session.question().row
    rows = session.alike(row)
    assert rows[0] == row and 1 < len(rows) <= 12
    assert len({session.advice.guesses(each)[0][0] for each in rows}) == 1
    assert not {session.pile.keys[each] for each in rows} & session.labelled.keys()


def test_a_wrong_label_is_doubted_until_it_is_confirmed(session):
    answered(session, 36)
    row = next(row for row, text in enumerate(session.pile.texts) if text == "claim your cash reward today")
    session.label([row], "ham")
    session.learn()
    assert row in [doubt.row for doubt in session.doubts()]
    session.answer(session.about(row, AGAIN), "ham")
    session.learn()
    assert row not in [doubt.row for doubt in session.doubts()]


@pytest.mark.parametrize("label", ["", "  ", "a\tb", "x" * 201, "\x1b[31m"])
def test_labels_that_cannot_be_written_are_refused(session, label):
    with pytest.raises(SettingsError, match="cannot be a label"):
        session.label([0], label)
    assert not session.journal.steps


def test_a_strategy_that_is_none_is_refused(pile):
    with pytest.raises(SettingsError, match="auto, uncertain, diverse, random"):
        Session(pile, Journal(), strategy="best")


@pytest.mark.parametrize("strategy", ["uncertain", "diverse", "random"])
def test_a_strategy_is_kept_to(pile, pool, strategy):
    with Session(pile, Journal(seed=0), strategy=strategy, background=False, pool=pool) as session:
        hows = [question.how for question in answered(session, 20)]
    assert set(hows[10:]) == {RANDOM, strategy}


def test_it_learns_in_the_background_and_nobody_waits(pile):
    with Session(pile, Journal(seed=0), labels=["ham", "spam"]) as session:
        end = time.monotonic() + 60
        for _ in range(12):
            question = session.question()
            session.answer(question, TRUTH[pile.texts[question.row]])
        while session.advice.labelled < 12 or not session.question().guesses:
            assert time.monotonic() < end and session.failure is None, session.failure
            time.sleep(0.01)
