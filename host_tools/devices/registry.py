# SPDX-License-Identifier: Apache-2.0
"""From a name for --device to a device."""

from __future__ import annotations

from pathlib import Path

from host_tools.devices import (
    adb,
    adb_address,
    boards,
    emulator,
    host,
    labgrid_place,
    remote_shell,
    serial_line,
    ssh,
)
from host_tools.devices.base import Device, ProbeResult
from host_tools.devices.settings_file import named_devices
from host_tools.errors import UsageError
from host_tools.generate.model_file import find_model, model_path

_KINDS = (
    emulator.KIND,
    boards.KIND,
    serial_line.KIND,
    remote_shell.KIND,
    adb_address.KIND,
    labgrid_place.KIND,
)


def resolve(name: str) -> str:
    """The URL-like name behind *name*: itself, or what devices.toml says.

    Raises UsageError when it is neither.
    """
    kind, colon, _ = name.partition(":")
    if name == host.NAME or (colon and kind in _KINDS):
        return name
    named = named_devices()
    if name in named:
        return named[name].url
    hint = f"; devices.toml has: {', '.join(sorted(named))}" if named else ""
    raise UsageError(
        f"unknown device '{name}'; try host, emulator:cortex-a53 or see: host_tools devices{hint}"
    )


def open_device(
    name: str,
    *,
    model: str | None = None,
    plugin: Path | None = None,
    plugin_args: tuple[str, ...] = (),
) -> Device:
    """Start and identify the device called *name* (URL-like, or from devices.toml).

    *model* (name or FILE.pnm) replaces the one in the agent, or is compared with it where the agent
    cannot be given one; *plugin* is for emulators.
    Raises UsageError, DataError, DeviceError, ProtocolError or MissingDependency.
    """
    url = resolve(name)
    kind, _, rest = url.partition(":")
    image = None if model is None else _checked_image(model)
    if plugin is not None and kind != emulator.KIND:
        raise UsageError(f"device {url} takes no emulator plugin")
    if url == host.NAME:
        return host.HostDevice(model=image)
    if kind == emulator.KIND:
        return emulator.EmulatorDevice(rest, plugin=plugin, plugin_args=plugin_args, model=image)
    if kind == boards.KIND:
        return boards.open_board(rest, model=image)
    if kind == serial_line.KIND:
        return serial_line.SerialDevice(serial_line.SerialAddress.parse(rest), model=model)
    if kind == remote_shell.KIND:
        return ssh.SshDevice(remote_shell.SshAddress.parse(rest), model=image)
    if kind == adb_address.KIND:
        return adb.AdbDevice(adb_address.AdbAddress.parse(rest), model=image)
    if kind == labgrid_place.KIND:
        place = labgrid_place.PlaceAddress.parse(rest)
        return labgrid_place.open_place(place, model=model, image=image)
    raise UsageError(f"device '{name}': its url '{url}' is no device, see: host_tools devices")


def _checked_image(model: str) -> Path:
    find_model(model)
    return model_path(model)


def probe_all() -> list[ProbeResult]:
    """Every device that could be named, ready or not, with the reason."""
    found = host.probe() + emulator.probe() + boards.probe() + serial_line.probe() + adb.probe()
    found += labgrid_place.probe()
    ready = {result.name: result for result in found}
    for named in named_devices().values():
        behind = ready.get(named.url)
        detail = f"{named.url}{': ' + named.description if named.description else ''}"
        if behind is not None and not behind.ready:
            detail = f"{named.url}: {behind.detail}"
        usable = behind is not None and behind.ready
        found.append(ProbeResult(named.name, usable, detail))
    return found
