"""Train small models and record what they say of some texts, for tests/model/test_earlier_files.py; see README.md."""

import json
import lzma
import sys
import tempfile
from pathlib import Path

from textcnn import TextCNNClassifier
from textcnn.insight.explain import explain
from textcnn.model.predictor import Predictor

HERE = Path(__file__).parent
TEXTS = {
    "win a free prize now": ["ad"],
    "free cash, reply now": ["ad", "money"],
    "claim the cash prize": ["ad", "money"],
    "a loan for you, reply": ["ad", "money"],
    "lunch at noon?": ["home"],
    "see you at lunch tomorrow": ["home"],
    "the kids are at school": ["home"],
    "we pay the rent at noon": ["home", "money"],
}
PROBES = ["a free lunch now", "pay the kids, claim you won", "the school won a prize and Größe 😀", "", "???"]
VECTORS = ["free", "prize", "cash", "lunch", "noon", "school", "won", "größe"]  # the last two are in no text
COMMON = {"min_count": 1, "dimensions": 6, "widths": (1, 2), "filters": 3, "epochs": 30, "learning_rate": 0.02}
KINDS = {
    "one-label": {},
    "multi-label": {"channels": "both", "pooling": "max+mean", "stages": 2, "linear": "off", "dropout": 0.0},
}


def main(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        vectors, file = Path(folder, "vectors.txt"), Path(folder, "model.textcnn")
        vectors.write_text("".join(f"{word} {vector(row)}\n" for row, word in enumerate(VECTORS)))
        for kind, settings in KINDS.items():
            labels = [tags if kind == "multi-label" else tags[0] for tags in TEXTS.values()]
            model = TextCNNClassifier(vectors=str(vectors), **COMMON, **settings)
            model.fit(list(TEXTS) * 5, labels * 5).save(file)
            stem = HERE / f"{name}-{kind}"
            stem.with_suffix(".textcnn.xz").write_bytes(lzma.compress(file.read_bytes(), preset=9))
            stem.with_suffix(".json").write_text(json.dumps(said(Predictor.open(file)), ensure_ascii=False) + "\n")


def vector(row: int) -> str:
    return " ".join(f"{(7 * row + 3 * column) % 11 / 10 - 0.5:.1f}" for column in range(COMMON["dimensions"]))


def said(predictor: Predictor) -> dict[str, object]:
    """Labels, probabilities, novelty and contributions, for each text."""
    probabilities = predictor.probabilities(PROBES)
    known = hasattr(predictor, "all_seen")  # since 2026-11-29
    novelty = predictor.all_seen(PROBES)[1].tolist() if known else [None] * len(PROBES)
    answers = {}
    for text, row, novel in zip(PROBES, probabilities, novelty, strict=True):
        explanation = explain(predictor, text, predictor.labels[0])
        answers[text] = {
            "chosen": predictor.choose(row),
            "probabilities": dict(zip(predictor.labels, row.tolist(), strict=True)),
            "novelty": novel,
            "logit": explanation.logit,
            "words": [[part.text, part.contribution] for part in explanation.words],
            "ngrams": [[part.text, part.contribution] for part in explanation.ngrams],
        }
    return answers


if __name__ == "__main__":
    main(sys.argv[1])
