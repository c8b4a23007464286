# SPDX-License-Identifier: Apache-2.0
"""Rules of a prefab package (schema 2), by which apps in C and C++ find the library of an AAR."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

PREFAB = "prefab/"
_MODULE = re.compile(r"prefab/modules/([^/]+)/.+")
_ABI_FOLDER = re.compile(r"libs/android\.([^/]+)/([^/]+)")
_STLS = frozenset({"c++_shared", "c++_static", "none", "system"})
_Rules = Mapping[str, tuple[Callable[[Any], bool], str]]


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_PACKAGE_RULES: _Rules = {
    "schema_version": (lambda value: value == 2 and _is_number(value), "2"),
    "name": (lambda value: isinstance(value, str) and value != "", "a name"),
    "version": (
        lambda value: isinstance(value, str) and bool(re.fullmatch(r"\d+(\.\d+){0,3}", value)),
        "numbers between dots, as CMake wants",
    ),
    "dependencies": (_is_names, "a list of names"),
}
_MODULE_RULES: _Rules = {
    "export_libraries": (_is_names, "a list of names"),
    "library_name": (lambda value: value is None or isinstance(value, str), "a name or null"),
}
_ABI_RULES: _Rules = {
    "abi": (lambda value: isinstance(value, str), "the name of an ABI"),
    "api": (_is_number, "a number"),
    "ndk": (_is_number, "a number"),
    "stl": (lambda value: value in _STLS, f"one of {', '.join(sorted(_STLS))}"),
    "static": (lambda value: value is False, "false"),
}


def prefab_findings(files: Mapping[str, bytes]) -> Iterator[str]:
    """What is wrong with the prefab package among the *files* of an AAR, a line each."""
    yield from _json_findings(files, f"{PREFAB}prefab.json", _PACKAGE_RULES)
    modules = sorted({match[1] for match in map(_MODULE.fullmatch, files) if match})
    if not modules:
        yield "prefab/modules is empty"
    for module in modules:
        yield from _module_findings(files, module)
    for name in files:
        if name.startswith(PREFAB) and name != f"{PREFAB}prefab.json" and not _MODULE.match(name):
            yield f"{name} does not belong in a prefab package"


def _module_findings(files: Mapping[str, bytes], module: str) -> Iterator[str]:
    folder = f"{PREFAB}modules/{module}/"
    yield from _json_findings(files, f"{folder}module.json", _MODULE_RULES)
    inside = [name.removeprefix(folder) for name in files if name.startswith(folder)]
    if not any(name.startswith("include/") for name in inside):
        yield f"{folder}include has no header"
    abis = {match[1] for match in map(_ABI_FOLDER.fullmatch, inside) if match}
    shipped = {name.split("/")[1] for name in files if name.startswith("jni/")}
    for abi in sorted(shipped - abis):
        yield f"{folder}libs/android.{abi} is missing"
    for abi in sorted(abis):
        yield from _abi_findings(files, f"{folder}libs/android.{abi}/", module, abi)
    for name in inside:
        if not _may_be_in_a_module(name, module):
            yield f"{folder}{name} does not belong in a prefab package"


def _may_be_in_a_module(name: str, module: str) -> bool:
    library = _ABI_FOLDER.fullmatch(name)
    if library:
        return library[2] in ("abi.json", f"lib{module}.so")
    return name == "module.json" or name.startswith("include/")


def _abi_findings(files: Mapping[str, bytes], folder: str, module: str, abi: str) -> Iterator[str]:
    wrong = list(_json_findings(files, f"{folder}abi.json", _ABI_RULES))
    yield from wrong
    if not wrong and json.loads(files[f"{folder}abi.json"])["abi"] != abi:
        yield f"{folder}abi.json is of another ABI than its folder"
    library = f"{folder}lib{module}.so"
    if library not in files:
        yield f"{library} is missing"
    elif files[library] != files.get(f"jni/{abi}/lib{module}.so"):
        yield f"{library} is not the library that apps get (jni/{abi})"


def _json_findings(files: Mapping[str, bytes], name: str, rules: _Rules) -> Iterator[str]:
    """What is wrong with the object in the file *name*: its keys and their values."""
    if name not in files:
        yield f"{name} is missing"
        return
    try:
        value = json.loads(files[name])
    except ValueError as error:
        yield f"{name} is not JSON ({error})"
        return
    if not isinstance(value, dict):
        yield f"{name} is no JSON object"
        return
    for key, (holds, wanted) in rules.items():
        if key not in value:
            yield f"{name}: {key} is missing"
        elif not holds(value[key]):
            yield f"{name}: {key} is {json.dumps(value[key])}, not {wanted}"
    for key in sorted(value.keys() - rules.keys()):
        yield f"{name}: {key} is not in the schema"
