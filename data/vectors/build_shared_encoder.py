#!/usr/bin/env python3
"""Fit the sentence encoder of many languages that comes with textcnn: textcnn/vectors/shared_sentences.safetensors.

    python data/vectors/build_shared_encoder.py --inputs inputs --work work      after build_shared.py, the same folders

How, says readout.py. It has to be fitted anew whenever the table is: it knows by the table's rows whether it is for
them. Reading takes a minute of one core for 3,000 passages; those of a language that are in the work folder are not
read again.
"""

import argparse
from functools import partial
from pathlib import Path

from build_packs import gather
from build_shared import COMMON
from build_vectors import say
from inputs import E5, E5_TOKENIZER, checked
from languages import LANGUAGES
from readout import learned, teach, write_readout

from textcnn.encoder import SHARED_ENCODER
from textcnn.storage.atomic import written_whole
from textcnn.vectors.table import SHARED, VectorTable


def build(options: argparse.Namespace) -> None:
    """All steps."""
    for origin in (E5, E5_TOKENIZER):
        checked(origin, options.inputs)
    table, lessons = VectorTable.open(options.table), {}
    for code in options.languages:
        gathered = partial(gather, code, options.inputs, options.exclude)
        lessons[code] = teach(options.work / code / "sentences.npz", options.inputs, gathered)
        say(f"{code}: {len(lessons[code].passages):,} passages")
    weights = learned(lessons, dict.fromkeys(lessons, table), COMMON)
    with written_whole(options.output) as file:
        write_readout(file, table, table.name, weights, COMMON)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Fit the sentence encoder over the shared vectors of textcnn.")
    parser.add_argument("--languages", nargs="+", default=list(LANGUAGES), metavar="LANGUAGE", help="such as de tr")
    parser.add_argument("--inputs", type=Path, default=Path("inputs"), help="folder with packages and clones")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for what was read")
    parser.add_argument("--exclude", type=Path, help="folder of CSV files whose texts must not be read")
    parser.add_argument("--table", type=Path, default=SHARED, help="the shared vectors")
    parser.add_argument("--output", type=Path, default=SHARED_ENCODER, help="where it goes")
    build(parser.parse_args())


if __name__ == "__main__":
    main()
