"""The command line: one command, one file; signature, help and one call into the library each.

    application.py    the program, its commands and what becomes of errors    help.py  help as plain text
    train.py  evaluate.py  predict.py  inspect.py  cv.py  check.py  drift.py  vectors.py  serve.py
    label.py          the commands
    label_dialog.py   what keys do while texts are labelled                  label_terminal.py  on a real terminal
    options.py        options that commands share, and those made from settings
    inputs.py         the texts of predict, as they arrive
    predict_files.py  predict of files, an output for each   passed_on.py  what predict leaves to another judge
    reading.py        labelled texts, read whole
    first_model.py    train without labels, by their names   lesson.py  what a teacher says of the texts
    outputs.py        what a command may put a file in the place of
    report_option.py  the page that --report writes
    streams.py        standard output and standard error that write all they are given, or fail
    display/          all that a terminal shows

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 the data or the model is at
fault, 2 usage, 130 after Ctrl-C.
"""

import gc
from typing import NoReturn

__all__ = ["main"]

_YOUNG = 20_000  # new objects between two looks for garbage; Python's 700 are a tenth of the time of a short answer


def main() -> NoReturn:
    """The program, from the arguments of the process to its exit code."""
    gc.set_threshold(_YOUNG)
    from textcnn.cli.application import main as program  # imported with that, for it makes more objects than answers do

    program()
