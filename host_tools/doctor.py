# SPDX-License-Identifier: Apache-2.0
"""What this machine has and lacks: each check says ok, or what is missing and how to mend it."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from host_tools.build.builder import check_commands
from host_tools.build.targets import TARGETS, Target
from host_tools.devices import adb_server
from host_tools.devices.adb_client import AdbProgram
from host_tools.devices.binaries import agent_path
from host_tools.devices.remote_shell import ssh_version
from host_tools.errors import MissingDependency, ToolError
from host_tools.generate.checkout import checkout_root
from host_tools.generate.model_file import find_model
from host_tools.measure.clip import load_clip
from host_tools.measure.plugin import build_plugin, check_qemu

Need = Literal["required", "optional"]

_EXTRAS = {
    "quality": (("pesq", "pystoi"), "PESQ and STOI in measurements"),
    "evaluate": (
        ("onnxruntime", "speechmos", "scipy", "jinja2", "matplotlib"),
        "comparison with other denoisers",
    ),
    "report": (("jinja2", "matplotlib"), "HTML reports of measurements"),
    "power": (("ppk2_api", "pyjoulescope_driver"), "the power meters PPK2 and Joulescope"),
    "tflite": (("ai_edge_litert",), "networks to and from TFLite"),
    "onnx": (("onnx",), "networks to ONNX"),
    "train": (("torch", "pyroomacoustics"), "training"),
    "dev": (("pytest", "hypothesis", "ruff", "mypy"), "tests and lint"),
}
_ADB_SERVER_S = 3.0
_LLVM_TOOLS = ("llvm-objdump", "llvm-mca", "llvm-nm")


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    ``detail`` is what was found or what is missing; ``mend`` is the command that mends it, ""
    when nothing needs mending. A missing optional thing costs a feature, not the product.
    """

    name: str
    ok: bool
    need: Need
    detail: str
    mend: str


def examine() -> list[Check]:
    """All checks, in the order in which a new machine is set up."""
    return [
        _python(),
        _virtual_environment(),
        *_compilers(),
        _emulator("qemu-aarch64"),
        _emulator("qemu-arm"),
        _guarded("instruction counter", "required", lambda: str(build_plugin())),
        _model(),
        *_agents(),
        _guarded("bundled clip", "required", lambda: f"{load_clip().seconds:.1f} s"),
        _llvm(),
        _guarded("adb", "optional", _adb),
        _guarded("ssh", "optional", lambda: ssh_version("ssh")),
        *_extras(),
    ]


def healthy(checks: Iterable[Check]) -> bool:
    """True when nothing required is missing."""
    return all(check.ok or check.need == "optional" for check in checks)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 10)
    mend = "" if ok else "apt-get install python3, version 3.10 or later"
    return Check("Python", ok, "required", version, mend)


def _virtual_environment() -> Check:
    if sys.prefix != sys.base_prefix:
        return Check("virtual environment", True, "optional", sys.prefix, "")
    detail = f"not in one: {sys.executable}"
    return Check("virtual environment", False, "optional", detail, "make setup")


def _compilers() -> list[Check]:
    checks = []
    for target in TARGETS:
        need: Need = "required" if target.name == "host" else "optional"
        look = functools.partial(_commands_found, target)
        checks.append(_guarded(f"build tools for {target.name}", need, look))
    return checks


def _commands_found(target: Target) -> str:
    check_commands(target)
    return "installed"


def _emulator(program: str) -> Check:
    return _guarded(program, "optional", lambda: f"version {check_qemu(program)}, takes plugins")


def _model() -> Check:
    def look() -> str:
        model = find_model("percepnet")
        return f"percepnet, {len(model.image) / 1e6:.2f} MB, {model.digest}"

    return _guarded("model image", "required", look, mend="host_tools quantize")


def _agents() -> list[Check]:
    checks = []
    for target in TARGETS:
        if target.product is None:
            continue
        try:
            path = agent_path(target.name).with_name(target.product)
        except ToolError as error:
            return [Check("agents", False, "required", str(error), "pip install -e .")]
        ok = path.is_file()
        checks.append(
            Check(
                f"agent for {target.name}",
                ok,
                "required" if target.name == "host" else "optional",
                _age(path) if ok else "not built",
                "" if ok else f"host_tools build --target {target.name}",
            )
        )
    return checks


def _age(path: Path) -> str:
    """Where the agent is, and whether a source is newer than it."""
    built = path.stat().st_mtime
    firmware = checkout_root() / "firmware"
    newer = [
        source.name
        for folder in ("src", "agent", "include")
        for source in sorted((firmware / folder).rglob("*.[ch]"))
        if source.stat().st_mtime > built
    ]
    shown = str(path.relative_to(checkout_root()))
    return f"{shown}, older than {newer[0]}: build again" if newer else shown


def _llvm() -> Check:
    missing = [
        tool for tool in _LLVM_TOOLS if not (shutil.which(f"{tool}-19") or shutil.which(tool))
    ]
    if missing:
        detail = f"no {', '.join(missing)}: estimated loads use kept timings"
        return Check("LLVM tools", False, "optional", detail, "apt-get install llvm-19")
    return Check("LLVM tools", True, "optional", "installed", "")


def _adb() -> str:
    """The program and, where its server runs already, the phones that it sees."""
    program = AdbProgram("adb")
    about = f"{program.path}, version {program.version()}"
    try:
        phones = adb_server.running_phones(_ADB_SERVER_S)
    except adb_server.NoServerError:
        return about
    return f"{about}, phones: {', '.join(map(str, phones)) or 'none'}"


def _extras() -> list[Check]:
    checks = []
    for extra, (packages, purpose) in _EXTRAS.items():
        missing = [name for name in packages if importlib.util.find_spec(name) is None]
        if missing:
            detail = f"no {', '.join(missing)}: {purpose} not available"
        else:
            detail = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
        mend = f"pip install -e '.[{extra}]'" if missing else ""
        checks.append(Check(f"extra {extra!r}", not missing, "optional", detail, mend))
    return checks


def _guarded(name: str, need: Need, look: Callable[[], str], mend: str = "") -> Check:
    """Turn a function that gives details, or raises a ToolError, into a check."""
    try:
        return Check(name, True, need, look(), "")
    except ToolError as error:
        detail, _, hint = str(error).partition("; ")
        command = hint.partition(": ")[2] if isinstance(error, MissingDependency) else ""
        return Check(name, False, need, detail, mend or command or hint or "see the message")
