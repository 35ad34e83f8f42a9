# geobike: `make` or `make help` lists what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out
SECONDS := 60
SEED := 1
SAMPLE_PYTHON ?= python3.11
# Tests of one file run in one process, since they share what their fixtures make.
WORKERS ?= --numprocesses auto --maxprocesses 4 --dist loadfile
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup map test test-fast fuzz lint docs parity parity-yolo check-qgis bench bench-gpu sample picture clean

# What an installation depends on; a change of any makes the next command install anew.
SOURCES := pyproject.toml hatch_build.py web/package-lock.json

help:  ## Say what there is
	@echo "make COMMAND, where COMMAND is"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v < (3, 14) else f"geobike needs Python 3.11 to 3.13; $(PYTHON) is {v.major}.{v.minor}. Try: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

# One stamp for each set of extras.
$(VENV)/%.installed: $(SOURCES) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.$(if $(filter base,$*),,[$*])'
	@touch $@

setup: $(VENV)/dev.installed  ## Install geobike and all that tests and checks need, in .venv

ifdef PHOTOS
map: $(VENV)/local,heic.installed  ## Make the map of the sample; or: make map PHOTOS=... AREAS=... [MANIFEST=...]
	@test -n "$(AREAS)" || { echo "Which areas? make map PHOTOS=$(PHOTOS) AREAS=neighbourhoods.geojson" >&2; exit 2; }
	$(BIN)/geobike map "$(PHOTOS)" --areas "$(AREAS)" $(if $(MANIFEST),--manifest "$(MANIFEST)") --out "$(OUT)" $(ARGS)
else
map: $(VENV)/base.installed
	@test -z "$(AREAS)$(MANIFEST)" || { echo "Which photos? make map PHOTOS=my/photos AREAS=$(AREAS)" >&2; exit 2; }
	$(BIN)/geobike map data/sample/photos --areas data/sample/areas.geojson \
	  --manifest data/sample/manifest.csv --detector cached --store data/sample/detections.sqlite \
	  --threshold 0.3 --timezone Europe/Amsterdam --population-column population \
	  --streets data/sample/streets.geojson --context data/sample/streets.geojson \
	  --title "Bicycles in Wielstad, a town that was never built" --out "$(OUT)" $(ARGS)
	$(BIN)/geobike evaluate data/sample/truth.csv --survey "$(OUT)"
endif

test: $(VENV)/dev.installed  ## Run the tests; those that miss a browser or the shared photos are skipped by name
	$(BIN)/python -m pytest -m "not fuzz" $(WORKERS) $(ARGS)

test-fast: $(VENV)/dev.installed  ## Run the tests that start no browser, cluster, server or notebook
	$(BIN)/python -m pytest -m "not (browser or cluster or service or notebook or slow or fuzz)" $(ARGS)

fuzz: $(VENV)/dev.installed  ## Change inputs of every kind at random: make fuzz SECONDS=600 SEED=2
	GEOBIKE_FUZZ_SECONDS=$(SECONDS) GEOBIKE_FUZZ_SEED=$(SEED) $(BIN)/python -m pytest -m fuzz tests/fuzz $(ARGS)

lint: $(VENV)/dev.installed  ## Check style, types and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/docs.installed  ## Build the documentation site into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "Site: site/index.html"

parity: $(VENV)/parity.installed $(VENV)/dev.installed  ## Hold our reading of models against transformers' own (installs torch)
	$(BIN)/python -m pytest tests/detectors/onnx/test_parity.py $(ARGS)

# ultralytics wants another torch than transformers' tests, so it has an environment of its own.
.venv-yolo/installed: $(SOURCES)
	$(PYTHON) -m venv .venv-yolo
	.venv-yolo/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	.venv-yolo/bin/python -m pip install --quiet --editable '.[local]' --group yolo
	@touch $@

parity-yolo: .venv-yolo/installed  ## Hold our reading of YOLO exports against ultralytics' own (installs torch)
	.venv-yolo/bin/python -m pytest --noconftest --override-ini addopts= tests/detectors/onnx/test_yolo_parity.py $(ARGS)

check-qgis: $(VENV)/dev.installed  ## Open survey.gpkg in QGIS, if it is installed, and draw it to qgis.png
	QGIS_PICTURE=qgis.png $(BIN)/python -m pytest tests/exports/test_qgis.py $(ARGS)

bench: $(VENV)/dev.installed  ## Measure speed against what one would otherwise run
	$(BIN)/python -m benchmarks $(ARGS)

# Both packages are the module onnxruntime, so that one must go before the other comes.
bench-gpu: $(VENV)/dev.installed $(VENV)/parity.installed  ## Measure detection on an NVIDIA GPU (installs torch and onnxruntime-gpu)
	$(BIN)/python -m pip uninstall --quiet --yes onnxruntime onnxruntime-gpu
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[gpu]'
	$(BIN)/python -m benchmarks gpu

# Blender's package is for Python 3.11 alone, so it has an environment of its own.
.venv-sample/installed: $(SOURCES)
	$(SAMPLE_PYTHON) -m venv .venv-sample
	.venv-sample/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	.venv-sample/bin/python -m pip install --quiet --editable '.[local]' --group sample
	@touch $@

sample: .venv-sample/installed  ## Render the sample town anew; MODEL=detector.onnx looks at it
	.venv-sample/bin/python -m data.town $(if $(MODEL),--model "$(MODEL)") $(ARGS)

picture: map $(VENV)/dev.installed  ## Take a new screenshot of the sample's map for the README (needs chromium)
	$(BIN)/python docs/picture.py

clean:  ## Remove what was installed and made, but no data and no results
	rm -rf $(VENV) .venv-sample .venv-yolo dist site web/node_modules geobike/maps/assets .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
