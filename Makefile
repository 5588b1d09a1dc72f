# Everything is set up in .venv; nothing has to be installed by hand but Python itself and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test check slow fuzz packs clean

setup: $(VENV)/.done

$(VENV)/.done: pyproject.toml setup.py $(wildcard textcnn/compiled/*.py textcnn/compiled/*.pxd)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: setup  ## train on the messages that come along, measure, answer
	@sh data/demo.sh $(BIN)

test: setup  ## all tests but the slow ones
	$(BIN)/python -m pytest -q -n auto --dist worksteal

check: test  ## what CI runs: tests, layout, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

slow: setup  ## the slow tests, and with more examples those that hypothesis draws for
	$(BIN)/python -m pytest -q -m 'slow or hypothesis' --hypothesis-profile thorough -n auto --dist worksteal

fuzz: SECONDS ?= 3600
fuzz: setup  ## inputs that nobody would write; make fuzz SECONDS=60
	$(BIN)/python tests/fuzz/fuzz.py --seconds $(SECONDS)

packs: setup  ## word vectors of other languages, as wheels; see data/README.md for what has to be in inputs/
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[vectors]'
	$(BIN)/python data/vectors/build_packs.py --output dist

clean:
	rm -rf $(VENV) *.egg-info build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
