"""Systems that live in an interpreter of their own: found by an environment variable, spoken to by files."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from systems.answers import Unavailable


def ask(variable: str, worker: str, question: dict[str, Any]) -> np.ndarray:
    """Run a worker script in the interpreter that the variable names; the answer is an array.

    Raises:
        Unavailable: the variable names no interpreter.
    """
    python = os.environ.get(variable)
    if not python:
        raise Unavailable(f"{variable} names no Python that has it; see README.md")
    script = Path(__file__).with_name(worker)
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder) / "question.json", Path(folder) / "answer.npy"
        asked.write_text(json.dumps(question), encoding="utf-8")
        command = [python, str(script), str(asked), str(answer)]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
        if done.returncode:
            raise RuntimeError(f"{worker} failed: {done.stderr.strip()[-1500:]}")
        found: np.ndarray = np.load(answer)
    return found
