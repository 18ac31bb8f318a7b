# `make demo` and `make test` need only git, make and Python >= 3.11; each does all its own set-up.
.POSIX:
.SUFFIXES:
SETUP = sh .ci/set-up
BIN = .venv/bin
FOR =

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1 /p' Makefile | while read -r name words; do printf '  make %-10s %s\n' "$$name" "$$words"; done

demo: ## a built-in host, a real training run, the whole pipeline (FOR=60s ends it with a check)
	@$(SETUP) demo
	@$(BIN)/expsyncd demo $(if $(FOR),--for $(FOR))

test: ## everything but the long suites: style, types, unit, integration, faults in short, labs
	@$(SETUP) test
	@$(MAKE) -s style
	@$(BIN)/python -m pytest -q -n 2 --dist loadscope -m 'not faults and not soak'

check: ## style, types and unit tests: seconds
	@$(SETUP) test
	@$(MAKE) -s style
	@$(BIN)/python -m pytest -q -n 2 tests/unit

style:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy

faults: ## kill, cut, fill and unmount at length
	@$(SETUP) test
	@EXPSYNCD_KILL_ROUNDS=30 EXPSYNCD_GROWTHS=100 EXPSYNCD_WISHES_S=600 EXPSYNCD_FLOOD=20000 EXPSYNCD_WAKE_S=5 EXPSYNCD_BLACK_HOLE_S=25 \
	EXPSYNCD_FOLLOWED_KILLS=50 EXPSYNCD_BESIDE_S=60 \
	$(BIN)/python -m pytest -q -s tests/faults tests/labs tests/integration/test_pull_beside_follower.py

soak: ## hours of random faults
	@$(SETUP) test
	@EXPSYNCD_KILL_ROUNDS=200 EXPSYNCD_STORM=200x30 $(BIN)/python -m pytest -q -s tests/faults/test_kill.py tests/faults/test_guarantees.py

bench: ## side by side with plain rsync; prints ratios
	@$(SETUP) test
	@$(BIN)/python tests/bench/pulls.py
	@$(BIN)/python tests/bench/sftp.py
	@$(BIN)/python tests/bench/idle.py
	@$(BIN)/python tests/bench/arrival.py --both
	@$(BIN)/python tests/bench/append.py
	@$(BIN)/python tests/bench/idle_hour.py
	@$(BIN)/python tests/bench/hosts.py
	@$(BIN)/python tests/bench/animations.py
	@$(BIN)/python tests/bench/renewal.py
	@$(BIN)/python tests/bench/launch_script.py
	@$(BIN)/python tests/bench/runs.py
	@$(BIN)/python tests/bench/tab.py
	@$(BIN)/python tests/bench/catalogue.py

scale: ## a million files, 100 hosts, 20 GB on its way, floods
	@$(SETUP) test
	@$(BIN)/python tests/bench/scale.py

run: ## the daemon with this checkout's config/hosts.yaml
	@$(SETUP) run
	@EXPSYNCD_CONFIG="$${EXPSYNCD_CONFIG:-$$PWD/config/hosts.yaml}" $(BIN)/expsyncd run

install: ## for you: the program, a sample config, the systemd user unit
	@sh .ci/install

uninstall: ## removes what install put there; leaves your data and config
	@sh .ci/uninstall

clean: ## removes the virtual environment and caches of this checkout
	rm -rf .venv .make .pytest_cache .mypy_cache .ruff_cache .hypothesis dist

.PHONY: help demo test check style faults soak bench scale run install uninstall clean
