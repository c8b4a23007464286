# SPDX-License-Identifier: Apache-2.0
"""The targets of ``host_tools build``: CMake presets, commands needed and who provides them."""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.errors import UsageError


@dataclass(frozen=True)
class Command:
    """A program that a build needs; any of ``names`` serves."""

    names: tuple[str, ...]
    debian_packages: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """One machine to build for."""

    name: str
    presets: tuple[str, ...]
    commands: tuple[Command, ...]
    product: str | None = "percepnet_agent"
    """The file that devices are given; None where they are given another target's."""
    folder: str = "firmware"
    """Where products are in a preset's build folder."""
    android_abis: tuple[str, ...] = ()
    """The ABI of each preset's library, whose file rules it is held to."""


_COMMON = (
    Command(("cmake",), ("cmake",)),
    Command(("ninja",), ("ninja-build",)),
)
_CLANG = (
    Command(("clang-19", "clang"), ("clang-19",)),
    Command(("ld.lld-19", "ld.lld"), ("lld-19",)),
)
_ANDROID_ABIS = ("arm64-v8a", "armeabi-v7a", "x86_64")

TARGETS = (
    Target("host", ("host",), (*_COMMON, Command(("cc", "gcc", "clang"), ("gcc", "libc6-dev")))),
    Target(
        "rpi-aarch64",
        ("rpi-aarch64",),
        (
            *_COMMON,
            *_CLANG,
            Command(("aarch64-linux-gnu-gcc",), ("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross")),
        ),
    ),
    Target(
        "rpi-armv7",
        ("rpi-armv7",),
        (
            *_COMMON,
            *_CLANG,
            Command(
                ("arm-linux-gnueabihf-gcc",), ("gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross")
            ),
        ),
    ),
    Target(
        "rpi-bare-metal",
        ("rpi-bare-metal",),
        (
            *_COMMON,
            *_CLANG,
            Command(("llvm-objcopy-19", "llvm-objcopy", "aarch64-linux-gnu-objcopy"), ("llvm-19",)),
        ),
        "kernel8.img",
    ),
    Target(
        "android",
        tuple(f"android-{abi}" for abi in _ANDROID_ABIS),
        (*_COMMON, *_CLANG),
        product=None,  # a phone runs the agent of rpi-aarch64
        folder="android",
        android_abis=_ANDROID_ABIS,
    ),
)
TARGET_NAMES = tuple(target.name for target in TARGETS)


def find_target(name: str) -> Target:
    """The target called *name*; UsageError names those that exist."""
    for target in TARGETS:
        if target.name == name:
            return target
    raise UsageError(f"build target '{name}' is unknown; available: {', '.join(TARGET_NAMES)}")
