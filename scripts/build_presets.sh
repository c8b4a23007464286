#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Configures and builds CMake presets; prints the compiler's output only when it says something.
# usage: scripts/build_presets.sh PRESET...     CMAKE_FLAGS adds options to the configure step
set -eu
cd "$(dirname "$0")/.."
mkdir -p build
for preset in "$@"; do
  log=build/$preset.log
  echo "build: $preset"
  # shellcheck disable=SC2086 # several options
  if ! { cmake --preset "$preset" ${CMAKE_FLAGS:-} && cmake --build --preset "$preset" -- -k 0; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "build: $preset failed (log: $log)" >&2
    exit 1
  fi
  grep -B1 -A8 -E '(warning|error):' "$log" || true
done
