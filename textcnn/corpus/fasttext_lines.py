"""Lines as fastText has them: `__label__a __label__b the text`, the labels wherever they stand in the line.

Other programs write the text first, or a comma after the label.
"""

import re
from collections.abc import Iterator, Sequence

from textcnn.corpus.label_fields import clean_labels
from textcnn.corpus.lines import Lines
from textcnn.corpus.record import BadRow, Record, Unlabelled

__all__ = ["PREFIX", "fasttext_records", "has_label", "has_label_first"]

PREFIX = "__label__"
# fastText cuts at ASCII white space only.
_BLANKS = " \t\v\f\r\n"
_ADVICE = "fix it, or leave such rows out with --skip-bad-rows"


def has_label_first(line: str, prefix: str | None) -> bool:
    """Whether a line begins with a label."""
    return line.lstrip().startswith(prefix or PREFIX)


def has_label(line: str, prefix: str | None) -> bool:
    """Whether a label stands anywhere in a line, after a blank."""
    return any(token.startswith(prefix or PREFIX) for token in line.split())


def fasttext_records(
    lines: Lines, ahead: Sequence[str], *, prefix: str | None, labelled: bool
) -> Iterator[Record | Unlabelled]:
    """The records. The first lines say whether a comma ends a label."""
    label = _label(ahead, prefix or PREFIX)
    strange = len(ahead) > 1 and not any(has_label(line, prefix) for line in ahead)
    for line in filter(str.strip, lines):
        labels = clean_labels(label.findall(line))
        text = label.sub("", line).strip(_BLANKS)
        unasked = (("label", "|".join(labels)),) if labels and not labelled else ()
        record = Record(text, labels, lines.number, lines.source, unasked)
        if labels or not labelled:
            yield record
        else:
            yield Unlabelled(record, _lack(lines, prefix or PREFIX, strange))


def _label(ahead: Sequence[str], prefix: str) -> re.Pattern[str]:
    begin = rf"(?:^|(?<=[ \t\v\f])){re.escape(prefix)}"
    with_commas = re.compile(rf"(?:^|(?<=[ \t\v\f,])){re.escape(prefix)}([^ \t\v\f\r\n,]*),?")
    usual = re.compile(rf"{begin}([^ \t\v\f\r\n]*)")
    first = [line.split(None, 1)[0] for line in ahead if has_label_first(line, prefix)]
    comma = bool(first) and all("," in token for token in first)
    if comma and len({token.split(",")[0] for token in first}) < len(set(first)):
        return with_commas
    return usual


def _lack(lines: Lines, prefix: str, strange: bool) -> BadRow:
    """What a line without a label lacks; it is `strange` to the whole file, or there were others before."""
    if strange:
        advice = "nor in others: name what marks the labels, --label-prefix, or the format, --input-format"
        return BadRow(lines.number, f"{lines.source}:{lines.number}: there is no {prefix} in this line", advice)
    several = "if texts may have several labels or none, say --labels-per-text several"
    what = f"{lines.source}:{lines.number}: there is no {prefix} in this line"
    return BadRow(lines.number, what, f"{_ADVICE}; {several}")
