"""Near-copies: what counts as one and what does not, that groups hang together, and that time stays linear."""

import random
import time

import pytest

from textcnn.text.near_copies import near_copies

NOTICE = "the parcel from the shop in the market street will come to your door on monday morning"
REVIEW = "房间很大服务也很好离车站走路只要五分钟早餐的种类不多但是味道不错下次还会来住"
WORDS = [f"{first}{second}{third}" for first in "bdfgk" for second in "aeiou" for third in ("l", "m", "n", "rt", "st")]


def alike(one: str, other: str) -> bool:
    """Whether two texts are near-copies, among others that are none."""
    one_group, *_, other_group = near_copies([one, "a first text", "", "and a second one", other]).groups.tolist()
    return bool(one_group == other_group)


def written(source: random.Random, count: int) -> list[str]:
    return source.choices(WORDS, k=count)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("You have won 1000 pounds!", "you have WON £2,500 pounds"),
        ("ok", "OK..."),
        ("Ｆｒｅｅ entry", "free entry"),
        ("well, that's it then", "well that’s it then"),
        (NOTICE, NOTICE.replace("parcel", "letter")),
        (NOTICE, NOTICE.replace("monday", "tuesday").replace("market ", "")),
        (NOTICE, f"Dear Mrs Jones, {NOTICE}"),
        (NOTICE, f"Hello, {NOTICE}. Kind regards, Tom Smith"),
        (f"hi {NOTICE}", f"{NOTICE} bye"),
        (REVIEW, REVIEW.replace("五", "十")),
        (REVIEW, f"您好！{REVIEW}。谢谢"),
        ("ขอบคุณครับ", "ขอบคุณครับ!"),
    ],
)
def test_the_same_but_for_signs_numbers_or_a_few_words(one: str, other: str) -> None:
    assert alike(one, other) and alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("see the cat", "see the dog"),
        ("chapter 5", "chapter 6"),  # very short texts are told apart by numbers
        ("12345", "54321"),
        ("5 + 7", "5 - 8"),
        (":-)", ":-("),
        ("...", "!!!"),
        ("", " "),
        ("what is the largest city in the world", "what is the largest lake in the world"),
        (NOTICE, " ".join(reversed(NOTICE.split()))),
        (NOTICE, "the parcel from the shop in the old town has not come yet and i wait for it since monday"),
        ("很好", "不好"),
        ("ดีมาก", "ดี"),
        ("की", "का"),  # letters that differ in their marks only
    ],
)
def test_other_texts_are_not_near_copies(one: str, other: str) -> None:
    assert not alike(one, other)


def test_groups_are_numbered_as_they_come_and_pairs_tie_them_together() -> None:
    found = near_copies(["one", "a fine day", NOTICE, "One!", f"Hello {NOTICE}", "A FINE DAY", f"{NOTICE} Yours, Tom"])
    assert found.groups.tolist() == [0, 1, 2, 0, 2, 1, 2]
    assert found.pairs[0] == (0, 3) and (1, 5) in found.pairs and len(found.pairs) == 4
    assert all(one < other and found.groups[one] == found.groups[other] for one, other in found.pairs)


def test_no_texts_and_one_text() -> None:
    assert near_copies([]).groups.tolist() == [] == near_copies([]).pairs
    assert near_copies([NOTICE]).groups.tolist() == [0]


def test_nearly_all_near_copies_are_found_among_many_texts() -> None:
    """One word in ten is another one, and so 0.67 of the pairs of words are the same."""
    source = random.Random(0)
    texts = [written(source, 40) for _ in range(1000)]
    changed = [[word if place % 10 else "another" for place, word in enumerate(text)] for text in texts]
    groups = near_copies([" ".join(text) for text in [*texts, *changed]]).groups
    assert (groups[:1000] == groups[1000:]).mean() > 0.99
    assert len(set(groups[:1000].tolist())) == 1000


@pytest.mark.parametrize("kind", ["equal", "almost equal", "half the same", "one word", "signs"])
def test_hostile_texts_take_linear_time(kind: str) -> None:
    source = random.Random(0)
    common = written(source, 30)
    texts = {
        "equal": lambda: common,
        "almost equal": lambda: [*common[:20], source.choice(WORDS) * 2, *common[20:]],
        "half the same": lambda: [*common, *written(source, 12)],
        "one word": lambda: ["ab" * 200],
        "signs": lambda: [". 1" * 100],
    }[kind]
    made = [" ".join(texts()) for _ in range(1000)]
    began = time.process_time()
    near_copies(made)
    assert time.process_time() - began < 10  # comparing all with all would be 500,000 comparisons


@pytest.mark.parametrize("text", ["a" * 10**6, "ab " * 333_333, "很" * 10**6, "1 " * 500_000, "\u0301" * 10**6])
def test_of_a_very_long_text_the_beginning_is_compared(text: str) -> None:
    assert near_copies([text, f"{text}!", "short"]).groups.tolist() == [0, 0, 1]


def test_the_same_texts_give_the_same_answer() -> None:
    source = random.Random(1)
    texts = [" ".join([*written(source, 12), *WORDS[:20]]) for _ in range(300)]
    first, second = near_copies(texts), near_copies(texts)
    assert first.pairs == second.pairs and (first.groups == second.groups).all()
