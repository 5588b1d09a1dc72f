"""Runs in the interpreter that has setfit: tune an encoder by a few texts, answer others."""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments

question = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
with tempfile.TemporaryDirectory() as folder:
    arguments = TrainingArguments(
        output_dir=folder, num_iterations=20, batch_size=16, num_epochs=1, seed=question["seed"], report_to="none"
    )
    data = Dataset.from_dict({"text": question["texts"], "label": question["labels"]})
    model = SetFitModel.from_pretrained(question["model"], device="cpu")
    Trainer(model=model, args=arguments, train_dataset=data).train()
np.save(sys.argv[2], np.asarray(model.predict_proba(question["asked"], as_numpy=True)))
