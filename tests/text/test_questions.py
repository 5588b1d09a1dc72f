"""Whether texts are questions."""

import pytest

from textcnn.text.lexicon import encode
from textcnn.text.questions import mostly_questions


@pytest.mark.parametrize(
    ("texts", "are"),
    [
        (["Who was it?", "When??", "It was late."], True),
        (["Who was it?", "It was late."], True),  # half of them
        (["Who was it? Nobody knows.", "Is it? I think so.", "Why not?"], False),
        (["what time is it", "how far is it"], False),
        (["see http://a.example/c?id=3", "at b.example/?q=1"], False),
        (['"Who was it?"', "(And when?!)", "Who says \u201cWhy?\u201d"], True),
        (['Who asked "Why?" so late'], False),
        (["Is it? 7"], False),
        (['So ("Who?")', "Who was it? ) ) ) )"], True),
        (["Who was it? ) ) ) )", "So it is."], False),
        (["Who was it?", "!", "!!", "no"], False),  # each by itself
        (["", "Who was it?"], True),
        (["", ""], False),
        ([], False),
    ],
)
def test_questions_end_with_a_mark(texts: list[str], are: bool) -> None:
    assert mostly_questions(encode(texts, 100)) == are


def test_a_long_text_that_is_cut_ends_where_it_is_cut() -> None:
    assert not mostly_questions(encode(["Who was it who came so late ?"], 4))
