# SPDX-License-Identifier: Apache-2.0
"""``labgrid:PLACE``: a board of a lab, through the user's own labgrid-client."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from host_tools.devices import labgrid_client
from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.base import Device, ProbeResult
from host_tools.devices.labgrid_client import KIND, PROGRAM, Place, PlaceAddress, Resource
from host_tools.devices.remote_shell import SshAddress
from host_tools.devices.serial_line import DEFAULT_BAUD, SerialAddress, open_line, require_model
from host_tools.devices.ssh import SshDevice
from host_tools.errors import DeviceError, MissingDependency, UsageError

__all__ = ["KIND", "PlaceAddress", "open_place", "probe"]

PROBE_S = 3.0
NETWORK_S = 2.0
"""More patience than with a line of this computer: ser2net and the network keep bytes back."""
_SERIAL = "NetworkSerialPort"
_USED = {_SERIAL: ("host", "port"), "NetworkService": ("address", "username")}
"""Classes of labgrid in the order of preference, with what they must tell."""


class _PlaceDevice(AgentDevice):
    """A device that has a place until it is closed."""

    _place: Place
    _where: str

    def whereabouts(self) -> str | None:
        """See Device."""
        return self._where

    def close(self) -> None:
        """See Device; also releases the place."""
        try:
            super().close()
        finally:
            self._place.release()


class PlaceSerialDevice(_PlaceDevice):
    """The agent at a serial port of a place."""

    def __init__(self, place: Place, port: Resource, *, model: str | None = None) -> None:
        self._place = place
        address = _serial_address(place.name, port)
        url = address.port.partition("?")[0]
        self._where = f"{place.name}: {url} of exporter {port.exporter}"
        try:
            hint = f"look for its exporter ({PROGRAM} -p {place.name.partition(':')[2]} show)"
            transport = open_line(address, name=place.name, lost_hint=hint)
        except DeviceError as error:
            why = str(error).removeprefix(f"{address.name}: ")
            raise DeviceError(f"{self._where} {why}") from error
        serial = address.timing
        timing = replace(serial, answer_s=serial.answer_s + NETWORK_S)
        super().__init__(place.name, transport, timing)
        self.link_bytes_per_s = address.bytes_per_s
        if model is not None:
            require_model(self, model, "start it with --model FILE.pnm or give the one it has")


class PlaceSshDevice(_PlaceDevice, SshDevice):
    """The computer of a place, reached over ssh."""

    def __init__(self, place: Place, service: Resource, *, model: Path | None = None) -> None:
        self._place = place
        host, port = _bracketed(service.params["address"]), service.params.get("port", 22)
        address = SshAddress.parse(f"{service.params['username']}@{host}:{port}")
        self._where = f"{place.name}: {address.name} of exporter {service.exporter}"
        SshDevice.__init__(self, address, model=model)


def open_place(address: PlaceAddress, *, model: str | None, image: Path | None) -> Device:
    """Acquire a place and start what it leads to: its serial port or else its ssh service.

    *model* is compared with the one of an agent on a serial line, *image* is sent over ssh.
    Raises UsageError, DeviceError, ProtocolError, DataError or MissingDependency.
    """
    place = Place(address)
    try:
        resource = _choose(place, address.resource)
        if resource.kind == _SERIAL:
            return PlaceSerialDevice(place, resource, model=model)
        return PlaceSshDevice(place, resource, model=image)
    except BaseException:
        place.release()
        raise


def probe() -> list[ProbeResult]:
    """Places of the coordinator in LG_COORDINATOR; without it nobody is asked."""
    if not os.environ.get(labgrid_client.COORDINATOR_VARIABLE):
        return []
    try:
        places = labgrid_client.list_places(PROBE_S)
    except (DeviceError, MissingDependency) as error:
        return [ProbeResult(f"{KIND}:", False, str(error).removeprefix(f"{KIND}:: "))]
    return [
        ProbeResult(
            f"{KIND}:{place.name}",
            place.holder is None,
            f"in use by {place.holder} (host/user)"
            if place.holder
            else f"place there, not asked{': ' + place.comment if place.comment else ''}",
        )
        for place in places
    ]


def _choose(place: Place, wanted: str | None) -> Resource:
    """The serial port, or else the ssh service; the one that was named if there are several."""
    named = [found for found in place.resources if wanted in (None, found.name)]
    for kind in _USED:
        fitting = [found for found in named if found.kind == kind]
        if len(fitting) > 1:
            names = ", ".join(found.name for found in fitting)
            raise UsageError(
                f"{place.name}: which {kind} is it? add ?resource=NAME, one of: {names}"
            )
        if fitting:
            return _reachable(place.name, fitting[0])
    what = "serial port or ssh service" + (f" named {wanted}" if wanted else "")
    has = ", ".join(f"{found.kind} {found.name}" for found in place.resources)
    hint = f"it has: {has}" if has else f"is its exporter running? see: {PROGRAM} resources"
    raise DeviceError(f"{place.name}: no {what} at this place; {hint}")


def _reachable(name: str, resource: Resource) -> Resource:
    exporter, extra = resource.exporter, resource.params.get("extra", {})
    if not resource.available or None in map(resource.params.get, _USED[resource.kind]):
        raise DeviceError(f"{name}: {resource.name} is not plugged in at exporter {exporter}")
    if extra.get("proxy_required"):
        raise DeviceError(
            f"{name}: exporter {exporter} lets nobody in but over ssh; forward its port by hand "
            f"(ssh -L 2217:HOST:PORT {extra.get('proxy')}, see {PROGRAM} show)"
        )
    return resource


def _serial_address(name: str, port: Resource) -> SerialAddress:
    """How to reach a serial port. Raises DeviceError, or UsageError for a speed that is none."""
    params = port.params
    protocol = params.get("protocol", "rfc2217")
    there = f"{_bracketed(params['host'])}:{params['port']}"
    baud = f"baud={params.get('speed', DEFAULT_BAUD)}"
    if protocol == "rfc2217":  # not every port answers to control signals
        return SerialAddress.parse(f"rfc2217://{there}?ign_set_control&{baud}")
    if protocol == "raw":
        return SerialAddress.parse(f"socket://{there}?{baud}")
    raise DeviceError(f"{name}: {port.name} speaks '{protocol}'; usable are rfc2217 and raw")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
