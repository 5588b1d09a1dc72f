"""What is asked and what is answered, as types.

Requests are read by them and the OpenAPI description is made from them, so neither can say what the other does not
know. A parameter of answering is one field here, of the name that it has in `Policy`.
"""

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from textcnn.answers import Policy

__all__ = [
    "AnswerList",
    "AnswerObject",
    "Health",
    "ModelDescription",
    "ModelList",
    "PredictRequest",
    "Problem",
    "read_request",
]


class PredictRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Texts, and how they are answered."""

    texts: Annotated[list[str], Meta(description="The texts, each of which gets one answer, in order.")]
    model: Annotated[str | None, Meta(description="Name of the model; if not given, the first that is served.")] = None
    top: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="How many of the likeliest labels stand in `probabilities`; if not given, all."),
    ] = None
    threshold: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="Least probability of an answer; if not given, as the model was trained."),
    ] = None
    max_error: Annotated[
        Annotated[float, Meta(gt=0, lt=1)] | None,
        Meta(description="Most errors among the answers that are given; the threshold follows from it."),
    ] = None
    sure: Annotated[
        Annotated[float, Meta(ge=0.5, lt=1)] | None,
        Meta(description="Answer with all labels of which, in this share of cases, one is the right one."),
    ] = None
    sure_per_label: Annotated[bool, Meta(description="Whether `sure` is to hold for the texts of each label.")] = False
    otherwise: Annotated[
        str | None,
        Meta(
            description="The answer where no label reaches the threshold, if not given, `unknown`; and, if it is "
            "given, in the place of several labels that `sure` would answer."
        ),
    ] = None
    novel_above: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="The answer for texts that are more novel than this is `novel_label`."),
    ] = None
    novel_label: Annotated[str | None, Meta(description="That answer; if not given, `none`.")] = None
    explain: Annotated[bool, Meta(description="Whether to say what each word contributed to the answer.")] = False
    against: Annotated[
        str, Meta(description="Explain why the answer is not this label; if empty, not the next likeliest.")
    ] = ""

    def __post_init__(self) -> None:
        limits = (self.threshold, self.max_error, self.sure)
        if self.otherwise is not None and limits == (None, None, None):
            raise ValueError("`otherwise` goes with `threshold`, `max_error` or `sure`")
        if self.against and not self.explain:
            raise ValueError("`against` goes with `explain`")

    def policy(self) -> Policy:
        """How the texts are answered.

        Raises:
            SettingsError: a parameter is out of its limits.
        """
        told = {name: getattr(self, name) for name in self.__struct_fields__ if name not in _NOT_OF_POLICY}
        return Policy(novelty=True, **told)


_NOT_OF_POLICY = ("texts", "model")


class AnswerObject(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The answer for a text: the line that `textcnn predict --format jsonl` prints."""

    label: Annotated[
        str | list[str], Meta(description="The label; of a multi-label model all that the text gets, maybe none.")
    ]
    probability: Annotated[float, Meta(ge=0, le=1, description="Of the label, or of the first.")]
    probabilities: Annotated[dict[str, float], Meta(description="The likeliest labels, the likeliest first.")]
    novelty: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="How unlike the texts of training the text is, if the model knows."),
    ] = None
    text: str
    explanation: Annotated[
        dict[str, Any],
        Meta(description="Where it is asked for: `words` and `bias` add up to `logit`; `ngrams`, the strongest first."),
    ] = {}


class AnswerList(msgspec.Struct, kw_only=True):
    """The answers for all texts, in order."""

    model: Annotated[str, Meta(description="Name of the model.")]
    answers: list[AnswerObject]
    cut: Annotated[
        list[Annotated[int, Meta(ge=0)]],
        Meta(description="Numbers, from 0 on, of texts of which only the first words are read: they are too long."),
    ]


class ModelDescription(msgspec.Struct, kw_only=True):
    """A model that is served."""

    name: str
    labels: tuple[str, ...]
    multi_label: Annotated[bool, Meta(description="Whether a text can have any number of labels.")]
    loaded: Annotated[
        str, Meta(description="When its file was read, RFC 3339.", extra_json_schema={"format": "date-time"})
    ]


class ModelList(msgspec.Struct, kw_only=True):
    """The models that are served; the first answers where none is named."""

    models: list[ModelDescription]


class Health(msgspec.Struct, kw_only=True):
    """That the server answers."""

    status: str = "ok"


class Problem(msgspec.Struct, kw_only=True):
    """What is wrong and what to do, as RFC 9457 has it."""

    title: str
    status: int
    detail: str


_DECODER = msgspec.json.Decoder(PredictRequest)
# An escaped backslash, a surrogate pair, or half of one.
_DIGITS = rb"[0-9a-fA-F]{2}"
_ESCAPES = re.compile(rb"\\(?:\\|u[dD][89abAB]%b\\u[dD][c-fC-F]%b|(u[dD][89a-fA-F]%b))" % (_DIGITS, _DIGITS, _DIGITS))


def read_request(body: bytes) -> PredictRequest:
    r"""A request from JSON. Half a surrogate pair becomes U+FFFD, as in files; NUL stays.

    Raises:
        msgspec.ValidationError: it is JSON, but something is missing, superfluous or of another type.
        ValueError: it is not JSON, or not UTF-8.
    """
    if b"\\ud" in body or b"\\uD" in body:
        body = _ESCAPES.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)
    return _DECODER.decode(body)
