"""`textcnn evaluate`: how good a model is on labelled texts, and whether it is better than another."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from textcnn.cli.display.console import put, say
from textcnn.cli.display.metrics import (
    show_breakdown,
    show_comparison,
    show_coverage,
    show_mistakes,
    show_report,
    show_separation,
)
from textcnn.cli.options import ModelPath, Quiet, Threads, is_told, with_reading
from textcnn.cli.reading import read_aloud
from textcnn.cli.report_option import ReportPath, check_page, put_page
from textcnn.corpus import Reading
from textcnn.errors import DataError, SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from textcnn.answers import Policy
    from textcnn.corpus import Corpus
    from textcnn.evaluation.breakdown import Breakdown
    from textcnn.evaluation.comparison import Comparison
    from textcnn.evaluation.label_sets import SetQuality
    from textcnn.evaluation.metrics import Mistake, Report
    from textcnn.evaluation.separation import Separation
    from textcnn.model.model import Model
    from textcnn.model.predictor import Predictor

__all__ = ["evaluate"]

_SUFFIX = ".textcnn"
_WEIGHTED = "figures are weighted; numbers of texts, confusions and comparisons count each text once"
_SHOWN = 5  # labels
_MOST_VALUES = 30  # of the column that texts are told apart by


class Format(StrEnum):
    """How a report is printed."""

    pretty = "pretty"
    json = "json"


@with_reading(labels=True, weights=True)
def evaluate(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL.textcnn...] FILE...",
            help="Labelled texts; - is standard input. A model among them is measured, two are compared.",
        ),
    ],
    context: typer.Context,
    how: Reading,
    model: ModelPath = Path("model.textcnn"),
    format: Annotated[
        Format, typer.Option(metavar="FORMAT", help="pretty (tables), or json (one object).")
    ] = Format.pretty,
    errors: Annotated[int, typer.Option(metavar="N", min=0, help="List the N most confident mistakes.")] = 0,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="TRAIN", help="Compare with TF-IDF and a linear SVM, trained on these texts."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Figures for the texts of each value of another column, too."),
    ] = None,
    sure: Annotated[
        float | None,
        typer.Option(metavar="P", help="Measure the sets of labels that predict --sure P answers with, too."),
    ] = None,
    sure_per_label: Annotated[
        bool, typer.Option("--sure-per-label", help="Let --sure hold for the texts of each label by itself.")
    ] = False,
    max_error: Annotated[
        float | None,
        typer.Option(metavar="E", help="Measure how many texts predict --max-error E answers, and how well, too."),
    ] = None,
    report: ReportPath = None,
    min_accuracy: Annotated[
        float | None, typer.Option(metavar="X", min=0, max=1, help="Exit with 1 if the accuracy is below X.")
    ] = None,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Measure a model on labelled texts that it has not learned from."""
    from textcnn.answers import Policy
    from textcnn.evaluation.metrics import mistakes
    from textcnn.model.predictor import Predictor

    models, files = _sorted_out(files, model, told=is_told(context, "model"))
    check_page(report, [*files, *map(str, models), *filter(None, [baseline])])
    opened = [(str(path), Predictor.open(path, threads)) for path in models]
    policy = Policy(sure=sure, sure_per_label=sure_per_label)
    bounded = Policy(max_error=max_error)
    for asked in (policy, bounded):
        asked.check_model(opened[0][1])
    measured, comparisons = _measured(opened, files, baseline, how, quiet, by)
    breakdown = _broken_down(measured)
    first = measured.predictor
    coverages = _coverages(measured, policy, bounded)
    worst = mistakes(measured.corpus.labels, measured.probabilities, first.choose, first.labels, errors)
    if report is not None:  # first, for `| head` may end the program
        put_page(report, _page(measured, files, comparisons), quiet=quiet)
    if format is Format.json:
        made = _as_json(measured, worst, breakdown, comparisons)
        put(json.dumps(made | {name: asdict(one) for name, one in coverages.items()}, ensure_ascii=False) + "\n")
    else:
        _show(measured, worst, breakdown, comparisons, coverages)
    if min_accuracy is not None and measured.report.accuracy < min_accuracy:
        say(f"textcnn: accuracy {measured.report.accuracy:.4f} is below {min_accuracy:g}")
        raise typer.Exit(1)


def _show(
    measured: "_Measured",
    worst: list["Mistake"],
    breakdown: "Breakdown | None",
    comparisons: "list[Comparison]",
    coverages: "dict[str, SetQuality]",
) -> None:
    """Print everything for people."""
    show_report(measured.report)
    if measured.outside is not None:
        show_separation(measured.outside)
    for name, one in coverages.items():
        show_coverage(name, one)
    if breakdown is not None:
        show_breakdown(breakdown)
    show_mistakes(worst, measured.corpus)
    for comparison in comparisons:
        show_comparison(comparison)


def _coverages(measured: "_Measured", sure: "Policy", bounded: "Policy") -> "dict[str, SetQuality]":
    """How good sets of labels are, and answers whose error is bounded, as far as they are wanted."""
    from textcnn.evaluation.label_sets import coverage

    asked = {"sure": sure} if sure.sure is not None else {}
    asked |= {"max_error": bounded} if bounded.max_error is not None else {}
    made = {}
    for name, policy in asked.items():
        choices = policy.choose(measured.predictor, measured.probabilities)
        sets = [choice.labels if choice.sure or name == "sure" else () for choice in choices]
        made[name] = coverage(measured.corpus.labels, sets)
    return made


class _Measured(NamedTuple):
    """A model's answers to labelled texts, and how good they are."""

    name: str
    predictor: "Predictor"
    corpus: "Corpus"
    probabilities: "NDArray[np.float32]"
    report: "Report"
    column: tuple[str, list[str]] | None  # that texts are told apart by: its name, and a value for each text
    outside: "Separation | None"  # how well the novelty tells texts of no kind, which are left out of all else

    @property
    def answers(self) -> list[tuple[str, ...]]:
        return self.predictor.choose_all(self.probabilities)


def _measured(
    models: "list[tuple[str, Predictor]]",
    files: list[str],
    baseline: str | None,
    how: Reading,
    quiet: bool,
    by: str | None,
) -> "tuple[_Measured, list[Comparison]]":
    """The first model measured, and compared with the second and the baseline as far as they are wanted."""
    import numpy as np

    from textcnn.corpus.learned_reading import as_learned
    from textcnn.corpus.other_columns import column_values
    from textcnn.evaluation.metrics import measure

    name, first = models[0]
    how = as_learned(how, first.reading)
    known = first.labels if any(predictor.model.multi_label for _, predictor in models) else ()
    corpus = read_aloud(files, how, quiet=quiet, known=known, names=first.labels, fields=by is not None)
    corpus, of_no_kind = _known_and_outside(corpus, first.model.settings["outside"], quiet)
    column = None if by is None else column_values(corpus, by)
    for known_to, predictor in models:
        _point_out(corpus, predictor.model, known_to if len(models) > 1 else "the model", quiet)
    _point_out_long(corpus, first.model.settings["max_words"], quiet)
    probabilities = first.all_probabilities(corpus.texts)
    report = measure(
        corpus.labels,
        probabilities,
        first.choose,
        first.labels,
        multi_label=first.model.multi_label,
        weights=None if corpus.weights is None else np.array(corpus.weights),
    )
    if report.weighted:
        say(_WEIGHTED, quiet=quiet)
    outside = _separation(first, corpus.texts, of_no_kind)
    measured = _Measured(name, first, corpus, probabilities, report, column, outside)
    comparisons = [_with_model(measured, *other) for other in models[1:]]
    if baseline is not None:
        plain = how._replace(weight_column=None)
        comparisons.append(
            _with_baseline(measured, read_aloud([baseline], plain, quiet=quiet, known=known, names=first.labels))
        )
    return measured, comparisons


def _known_and_outside(corpus: "Corpus", outside: str, quiet: bool) -> "tuple[Corpus, list[str]]":
    """The texts that are measured, and those whose label the model took for that of texts of no kind."""
    if not outside or not any(outside in labels for labels in corpus.labels):
        return corpus, []
    known, others = corpus.parted(outside)
    if not known.texts:
        raise DataError(f"all texts are of no kind that the model knows: {outside!r}")
    say(f"{len(others.texts):,} texts of no kind ({outside!r}) are left out of all figures but their own", quiet=quiet)
    return known, others.texts


def _separation(predictor: "Predictor", known: list[str], outside: list[str]) -> "Separation | None":
    """How well the novelty tells texts of no kind, if there are some and the model knows how novel a text is."""
    from textcnn.evaluation.separation import separation

    if not outside or predictor.model.novelty is None:
        return None
    (_, of_outside), (_, of_known) = predictor.all_seen(outside), predictor.all_seen(known)
    assert of_outside is not None and of_known is not None
    return separation(predictor.model.settings["outside"], of_outside, of_known)


def _point_out(corpus: "Corpus", model: "Model", name: str, quiet: bool) -> None:
    """Say why the figures of a model on these texts may not be what they seem."""
    from textcnn.evaluation.label_differences import label_counts, unknown_labels
    from textcnn.model.model import fingerprint

    if model.fingerprint == fingerprint(corpus.texts, corpus.labels):
        say(f"{name} has learned from these very texts: this says nothing about others")
    counts = label_counts(corpus.labels)
    if (unknown := unknown_labels(corpus.labels, model.labels)).texts:
        hint = "" if unknown.meant or counts.keys() & set(model.labels) else "; is --label-column right?"
        say(
            f"{unknown.texts:,} of {len(corpus.texts):,} texts: {name} does not know these labels; each text of theirs "
            f"counts as wrong: {unknown}{hint}"
        )
    if absent := [label for label in model.labels if label not in counts]:
        shown = ", ".join(map(repr, absent[:_SHOWN])) + (f" ... ({len(absent)})" if len(absent) > _SHOWN else "")
        say(f"no text has these labels of {name}, so nothing is measured of them: {shown}", quiet=quiet)


def _point_out_long(corpus: "Corpus", most: int, quiet: bool) -> None:
    from textcnn.text.lexicon import beyond

    if long := beyond(corpus.texts, most):
        say(
            f"{len(long):,} of {len(corpus.texts):,} texts have more than the {most:,} words that are read", quiet=quiet
        )


def _sorted_out(names: list[str], model: Path, *, told: bool) -> tuple[list[Path], list[str]]:
    """The models and the files among the arguments."""
    models = [Path(name) for name in names if name.endswith(_SUFFIX)]
    files = [name for name in names if not name.endswith(_SUFFIX)]
    if not files:
        raise SettingsError(f"name the labelled texts too: textcnn evaluate {' '.join(names)} FILE")
    if models and told:
        raise SettingsError("name the models as arguments or with --model, not both")
    if len(models) > 2:
        raise SettingsError(f"two models can be compared at a time, but these are {len(models)}")
    return models or [model], files


def _broken_down(measured: _Measured) -> "Breakdown | None":
    if measured.column is None:
        return None
    import numpy as np

    from textcnn.evaluation.breakdown import break_down

    return break_down(
        *measured.column,
        measured.corpus.labels,
        measured.answers,
        measured.probabilities,
        measured.predictor.labels,
        multi_label=measured.predictor.model.multi_label,
        most=_MOST_VALUES,
        weights=None if measured.corpus.weights is None else np.array(measured.corpus.weights),
    )


def _with_model(measured: _Measured, name: str, other: "Predictor") -> "Comparison":
    from textcnn.evaluation.comparison import compare

    first = measured.predictor.reading
    if first and other.reading and first.texts != other.reading.texts:
        say(f"{name} has learned from other columns; it answers the texts as they are read for {measured.name}")
    said = other.choose_all(other.all_probabilities(measured.corpus.texts))
    return compare((measured.name, name), measured.corpus.labels, measured.answers, said)


def _with_baseline(measured: _Measured, train: "Corpus") -> "Comparison":
    from textcnn.evaluation.baseline import BASELINE, baseline_answers
    from textcnn.evaluation.comparison import compare

    corpus = measured.corpus
    known = set(train.texts)
    both = sum(text in known for text in corpus.texts)
    if both:
        say(f"the baseline learns from {both} of the {len(corpus.texts)} texts that it is measured on: no fair measure")
    multi_label = measured.predictor.model.multi_label
    said = baseline_answers((train.texts, train.labels), corpus.texts, multi_label=multi_label)
    return compare((measured.name, BASELINE), corpus.labels, measured.answers, said)


def _as_json(
    measured: _Measured, worst: list["Mistake"], breakdown: "Breakdown | None", comparisons: "list[Comparison]"
) -> dict[str, Any]:
    made, corpus = measured.report.as_dict(), measured.corpus
    if measured.outside is not None:
        made["outside"] = asdict(measured.outside)
    if worst:
        made["errors"] = [
            {
                "line": corpus.lines[mistake.number],
                "source": corpus.sources[mistake.number],
                "gold": list(mistake.gold),
                "predicted": list(mistake.predicted),
                "probability": round(mistake.probability, 6),
                "text": corpus.texts[mistake.number],
            }
            for mistake in worst
        ]
    if breakdown is not None:
        made["by"] = breakdown.as_dict()
    if comparisons:
        made["comparisons"] = [comparison.as_dict() for comparison in comparisons]
    return made


def _of_weights(report: "Report") -> str:
    return f" {_WEIGHTED.capitalize()}, and so do plots." if report.weighted else ""


def _page(measured: _Measured, files: list[str], comparisons: "list[Comparison]") -> str:
    from textcnn.checks import data, language
    from textcnn.report import PageContext, page

    names = ", ".join("standard input" if name == "-" else Path(name).name for name in files)
    corpus, most = measured.corpus, measured.predictor.model.settings["max_words"]
    context = PageContext(
        title=f"{Path(measured.name).name} on {names}",
        note=f"How good the answers of this model are, and what they come from.{_of_weights(measured.report)}",
        predictor=measured.predictor,
        texts=corpus.texts,
        gold=corpus.labels,
        places=corpus.places,
        probabilities=measured.probabilities,
        report=measured.report,
        learned=measured.predictor.model.interpretation(),
        comparisons=comparisons,
        checks=[
            *(look(corpus) for look in (data.copies, data.contradictions, data.empty)),
            data.lengths(corpus, most),
            *(look(corpus) for look in (language.languages, language.encodings)),
        ],
    )
    return page(context)
