"""The command line: one command, one file; signature, help and one call into the library each.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 the data or the model is at
fault, 2 usage, 130 after Ctrl-C.
"""

from textcnn.cli.application import main

__all__ = ["main"]
