#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the kit needs: Debian packages (root or passwordless sudo) and .venv with the
# Python packages. Safe to run again; installs only what is missing.
# usage: scripts/setup.sh [system|python]    without an argument: both; PACKAGES adds Debian packages
set -eu
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
EXTRAS=${EXTRAS:-quality,report,dev}

# compilers and build tools; python3-dev lets pip compile pesq
BUILD_PACKAGES="gcc libc6-dev python3-dev cmake ninja-build pkg-config binutils file"
# ARM: compilers for 64 and 32 bit, llvm-mca, user-mode emulator
ARM_PACKAGES="clang-19 lld-19 llvm-19 gcc-aarch64-linux-gnu libc6-dev-arm64-cross
  gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user"
# the same as commands, for systems without apt-get
COMMANDS="cc cmake ninja pkg-config clang-19 ld.lld-19 llvm-mca-19 aarch64-linux-gnu-gcc
  arm-linux-gnueabihf-gcc qemu-aarch64 qemu-arm"

say() { printf '%s\n' "setup: $*"; }
fail() { printf '%s\n' "setup: $*" >&2; exit 1; }

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Prints the Debian packages that are not installed, in one line.
missing_packages() {
  missing=
  for package in $BUILD_PACKAGES $ARM_PACKAGES ${PACKAGES:-}; do
    is_installed "$package" || missing="$missing $package"
  done
  "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
  printf '%s' "${missing# }"
}

# Installs the Debian packages given, reading the package lists anew only if that is needed.
install_packages() {
  as_root=
  if [ "$(id -u)" != 0 ]; then
    as_root="sudo -n"
    sudo -n true 2>/dev/null || fail "these packages are missing and this user may not install them. Run
  sudo apt-get install -y --no-install-recommends $*
and then make again."
  fi
  say "installing Debian packages: $*"
  apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0"
  if apt-cache show "$@" >/dev/null 2>&1 &&
    $apt install -y --no-install-recommends "$@" >/dev/null 2>&1; then
    return
  fi
  $apt update || fail "apt-get update failed: check the network and the package sources"
  $apt install -y --no-install-recommends "$@" >/dev/null || fail "apt-get install failed, see above"
}

setup_system() {
  if command -v apt-get >/dev/null; then
    packages=$(missing_packages)
    # shellcheck disable=SC2086 # one word a package
    [ -z "$packages" ] || install_packages $packages
    return
  fi
  absent=
  for command in $COMMANDS; do
    command -v "$command" >/dev/null || absent="$absent $command"
  done
  [ -z "$absent" ] || fail "this system has no apt-get; install these commands with its own
package manager and run make again:$absent"
}

setup_python() {
  command -v "$PYTHON" >/dev/null || fail "no $PYTHON found; Python 3.10 or newer is needed"
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "$("$PYTHON" --version) is too old; set PYTHON to Python 3.10 or newer"
  if [ ! -x .venv/bin/python ]; then
    say "creating .venv"
    "$PYTHON" -m venv .venv || fail "could not create .venv (on Debian: apt-get install python3-venv)"
  fi
  say "installing Python packages into .venv"
  .venv/bin/python -m pip install -qq --disable-pip-version-check --use-pep517 -e ".[$EXTRAS]" ||
    fail "pip could not install the packages, see above"
}

case ${1:-all} in
  all) setup_system; setup_python ;;
  system) setup_system ;;
  python) setup_python ;;
  *) fail "unknown part '$1': system or python" ;;
esac
say "done"
