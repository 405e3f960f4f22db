# Everything a developer types. `make` alone lists it.

PYTHON ?= python3
ARGS ?= -n auto  # one worker per core

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := uv pip compile --no-config --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

# What pip cannot bring. (The node inside the wheels of pyright and playwright needs libatomic.)
APT := chromium dovecot-imapd fonts-noto-cjk fonts-noto-color-emoji libatomic1 opendkim opendkim-tools postfix \
	python3-dkim rspamd spamassassin systemd
NODE := tests/node/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check chaos month format bench docs screenshots tools apt lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/runtime ## send a sample digest to a folder, and show where it lies
	@$(BIN)/newsletter demo

test: $(VENV)/dev ## run the tests; ARGS="-k links" goes to pytest
	@$(BIN)/pytest $(ARGS)

check: $(VENV)/dev ## the whole gate, the same here and in CI
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest $(ARGS)

chaos: $(VENV)/dev ## kill what sends, 200 times, and count who got what; CHAOS="--only sqlite-smtp"
	@$(BIN)/python -m tests.chaos $(CHAOS)

month: $(VENV)/dev ## live through a month of mornings with replicas that are killed; MONTH="--seed 7"
	@$(BIN)/python -m tests.month $(MONTH)

format: $(VENV)/dev ## let ruff lay out the code and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev ## measure the speed; ONLY=name runs a part
	@$(BIN)/python -m tests.bench

docs: $(VENV)/dev ## write what of the documents is made from the program, and build them into site/
	@$(BIN)/python -m tests.documents.configuration
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo site/index.html

screenshots: $(VENV)/dev ## photograph the sample email for docs/images
	@$(BIN)/python -m tests.screenshots

tools: apt $(NODE) ## install what some tests need and pip cannot bring

lock: $(VENV)/dev ## choose versions anew after a change of pyproject.toml; UPGRADE=1 takes the newest
	$(BIN)/$(LOCK) --group build -o requirements.txt pyproject.toml
	$(BIN)/$(LOCK) --group build --group dev --extra cluster -c requirements.txt \
		-o requirements-dev.txt pyproject.toml
	$(BIN)/$(LOCK) --group build --extra cluster -c requirements-dev.txt \
		-o deploy/requirements.txt pyproject.toml

clean: ## remove everything these targets made, except var/
	rm -rf $(VENV) dist build tests/node/node_modules .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find newsletter subscribers tests -name __pycache__ -prune -exec rm -rf {} +

# --- the environment ---------------------------------------------------------

# Two stamps tell what .venv holds: the program, or also all that develops it.
# The second lock repeats the first one's pins, so either may be asked for first.
$(VENV)/runtime: requirements.txt pyproject.toml | $(BIN)/python
	$(call install,requirements.txt)
	@touch $@

$(VENV)/dev: requirements-dev.txt pyproject.toml | $(BIN)/python
	$(call install,requirements-dev.txt)
	@touch $(VENV)/runtime $@

# Hashes for everything, wheels only, and the build backend comes from the lock as
# well: nothing is fetched that the lock does not name.
define install
@echo "installing $(1)"
@$(PIP) install --require-hashes --only-binary :all: -r $(1)
@$(PIP) install --no-deps --no-build-isolation --editable .
endef

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) is missing: sudo apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is `$(PYTHON) -V 2>&1`, and newsletter needs 3.11 or newer:" \
			"install one, and say for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@# Debian ships venv without the part that puts pip into it.
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "python3-venv is missing: sudo apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

# --- what pip cannot bring ---------------------------------------------------

apt:
	@set -e; \
	command -v apt-get >/dev/null || { \
		echo "make tools uses apt-get, which is not here. Install by hand: $(APT) node npm" >&2; exit 1; }; \
	wanted="$(APT)"; missing=""; \
	command -v node >/dev/null || wanted="$$wanted nodejs"; \
	command -v npm >/dev/null || wanted="$$wanted npm"; \
	for package in $$wanted; do \
		dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed \
			|| missing="$$missing $$package"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	echo "installing$$missing"; \
	sudo=""; [ "`id -u`" = 0 ] || sudo="sudo"; \
	$$sudo apt-get update -qq; \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing

$(NODE): tests/node/package.json tests/node/package-lock.json | apt
	@echo "installing tests/node"
	@cd tests/node && PUPPETEER_SKIP_DOWNLOAD=1 npm ci --silent
	@touch $@
