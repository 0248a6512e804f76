# Two commands are enough: `make demo` and `make test`. Each sets up first what it needs.
# pip's own settings (index, extra index, find-links, PIP_* variables) are honoured as they are.
# `make setup CUDA=1` takes a CUDA build of torch also where no GPU is seen; PYTHON=... chooses the interpreter (3.11 or later).
PYTHON ?= python3
PIP = .venv/bin/python -m pip --disable-pip-version-check

.PHONY: setup demo demo-bot browser testnet test check test-e2e test-kill tiny bench bench-bot scoreboard wheel clean
.DELETE_ON_ERROR:

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt dev/check_torch.py
	$(PYTHON) -m venv .venv
	$(PIP) install --constraint constraints.txt pip setuptools
	.venv/bin/python dev/check_torch.py planned
	$(PIP) install --constraint constraints.txt --no-build-isolation --config-settings editable_mode=compat --editable ".[train,evaluate,dev]"
	.venv/bin/python dev/check_torch.py installed
	touch $@

demo: setup
	.venv/bin/deephypebot demo

demo-bot: setup
	mkdir -p out/demo-bot
	.venv/bin/deephypebot run --settings examples/demo-bot/deephypebot.toml

test: setup
	.venv/bin/python -m pytest

# Chromium and axe-core, for the tests of the page; on a machine without apt-get the first is yours to bring.
AXE = $(HOME)/.cache/deephypebot/axe-core
browser: setup
	test -x /usr/bin/chromium || (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium)
	test -s $(AXE)/package/axe.min.js || (mkdir -p $(AXE) && cd $(AXE) && npm pack --silent axe-core@4.10.3 && tar xzf axe-core-*.tgz package/axe.min.js)

# The AT Protocol test network: Node and its servers from npm, PostgreSQL from Debian.
TESTNET = $(HOME)/.cache/deephypebot/testnet
testnet: setup
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || (apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql-15)
	mkdir -p $(TESTNET)
	cmp -s tests/testnet/package-lock.json $(TESTNET)/installed.json || (cp tests/testnet/package*.json $(TESTNET) && cd $(TESTNET) && \
		npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && cp package-lock.json installed.json)

check: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy --strict deephypebot
	.venv/bin/lint-imports

tiny: setup
	PATH="$(CURDIR)/.venv/bin:$$PATH" bash runs/tiny.sh

bench: setup
	.venv/bin/python benchmarks/write_speed.py
	.venv/bin/python benchmarks/write_many.py

bench-bot: setup
	.venv/bin/python benchmarks/bot.py
	.venv/bin/python benchmarks/serve.py

scoreboard: setup
	.venv/bin/python dev/scoreboard.py $(if $(AGAINST),--against $(AGAINST)) $(if $(BASELINE),--baseline $(BASELINE))

wheel: setup
	rm -rf build
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The whole bot on real networks of our own: two to three minutes; and killed again and again.
test-e2e: browser testnet
	DEEPHYPEBOT_E2E=required .venv/bin/python -m pytest tests/e2e

test-kill: testnet
	DEEPHYPEBOT_KILL=required .venv/bin/python -m pytest -s tests/kill
