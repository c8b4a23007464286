# SPDX-License-Identifier: Apache-2.0
# make measure | test | build | setup | lint | clean
DEVICE ?= emulator:cortex-a53
TORCH ?= torch>=2.4,<3
PRESETS := host rpi-aarch64 rpi-armv7
TEST_PRESETS := $(PRESETS) host-asan host-check-kernels rpi-aarch64-check-kernels rpi-armv7-check-kernels

bin := .venv/bin
setup_done := .venv/.setup-done

.PHONY: help setup build measure test test-training lint clean
.NOTPARALLEL:

help:
	@echo "make measure        set up, build, measure the model on $(DEVICE) (DEVICE=... for another)"
	@echo "make test           set up, build, run the tests"
	@echo "make test-training  the tests that need PyTorch (installs it)"
	@echo "make build          build for: $(PRESETS)"
	@echo "make lint | setup | clean"

setup: $(setup_done)

$(setup_done): pyproject.toml scripts/setup.sh
	@scripts/setup.sh
	@touch $@

build: setup
	@scripts/build_presets.sh $(PRESETS)

measure: build
	@$(bin)/host_tools measure --device $(DEVICE)

test: setup
	@scripts/build_presets.sh $(TEST_PRESETS)
	@$(bin)/python -m pytest -q --durations=20 -m "not training"

test-training: setup
	@$(bin)/python -m pip install -qq --disable-pip-version-check '$(TORCH)' -e '.[train]'
	@scripts/build_presets.sh host
	@$(bin)/python -m pytest -q -m training

lint: setup
	@$(bin)/ruff check .
	@$(bin)/mypy

clean:
	rm -rf build
