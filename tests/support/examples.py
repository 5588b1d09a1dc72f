"""Forty messages that are easy to tell apart, and how to put examples into a file."""

import csv

HAM = [
    "see you at lunch tomorrow", "are you coming home tonight", "I will call you after work", "the meeting is at noon",
    "can you buy milk and bread", "happy birthday, dear sister", "the train is late again", "thanks for the dinner",
    "did you read the book I gave you", "I am at the station", "we are in the garden", "sleep well, see you tomorrow",
    "the kids are at school", "my phone was off, sorry", "lunch at home today?", "call me when you are at work",
    "the report is on your desk", "let us walk to the lake", "dinner is ready at seven", "good luck with the exam",
]  # fmt: skip
SPAM = [
    "WIN a free prize now", "claim your cash reward today", "free entry in a weekly draw", "you have won 1000 pounds",
    "urgent: your account wins a bonus", "text WIN to 80086 for free cash", "cheap loans, reply now",
    "free ringtone, text TONE to 8007", "winner! claim the prize by phone", "exclusive offer: free gift card",
    "cash prize waiting, call now", "hot singles near you, reply now", "your number has won a free holiday",
    "claim a free bonus, offer ends today", "double your cash with this offer", "free free free gift for the winner",
    "last chance to claim the reward", "reply YES for a free prize draw", "loans approved, cash now",
    "you are the winner of a weekly cash draw",
]  # fmt: skip
EXAMPLES = [
    (label, text) for pair in zip(HAM, SPAM, strict=True) for label, text in zip(("ham", "spam"), pair, strict=True)
]


def write_csv(path, rows, header=("label", "text")):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows] if header else rows)
    return path
