"""Runs in the interpreter that has sentence-transformers: embed the texts of a question."""

import json
import sys
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

question = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
model = SentenceTransformer(question["model"], device="cpu")
np.save(sys.argv[2], model.encode(question["texts"], batch_size=64, show_progress_bar=False))
