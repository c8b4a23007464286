# SPDX-License-Identifier: Apache-2.0
"""From a name for --device to the way by which it gets its program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_tools.devices import open_device, resolve
from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.binaries import agent_path
from host_tools.devices.remote_shell import KIND as SSH
from host_tools.devices.remote_shell import SshAddress
from host_tools.devices.serial_line import BAUD_RANGE
from host_tools.errors import UsageError
from host_tools.flash import linux_install, sd_card
from host_tools.flash.device_flash import Flashed, Progress, flash_device
from host_tools.flash.image_file import BARE_METAL_TARGET, read_image

Result = (
    Flashed
    | sd_card.Prepared
    | sd_card.Restored
    | linux_install.Installed
    | linux_install.Uninstalled
)
_OWN_BUILDS = ("host", "emulator")


@dataclass(frozen=True)
class Options:
    """``image`` None: the kit's build; ``baud`` in bit/s, None: the usual one of that way."""

    image: Path | None = None
    baud: int | None = None
    service: bool = False
    remove: bool = False


def flash(name: str, options: Options, progress: Progress | None = None) -> Result:
    """Bring the agent onto *name*, or with ``remove`` take it away again.

    ``sd:FOLDER`` a card's boot partition; ``ssh:`` installed there; anything else over its link,
    by the agent that answers. Raises ToolError of every kind; what ran before is kept then.
    """
    url = name if name.startswith(f"{sd_card.KIND}:") else resolve(name)
    kind, _, rest = url.partition(":")
    _check_options(kind, options)
    if kind == sd_card.KIND:
        return _card(Path(rest).expanduser(), options)
    if kind == SSH:
        return _linux(SshAddress.parse(rest), options)
    if kind in _OWN_BUILDS:
        raise UsageError(f"{url} runs the kit's own build; renew it with: host_tools build")
    with open_device(url) as device:
        if not isinstance(device, AgentDevice):
            raise UsageError(f"{url}: has no program to replace")
        return flash_device(device, options.image, progress)


def _check_options(kind: str, options: Options) -> None:
    low, high = BAUD_RANGE
    if options.service and kind != SSH:
        raise UsageError("--service is for ssh: devices")
    if options.remove and kind not in (SSH, sd_card.KIND):
        raise UsageError("--remove is for sd: and ssh: devices")
    if options.remove and (options.image or options.baud or options.service):
        raise UsageError("--remove goes alone with --device")
    if options.baud is not None and kind != sd_card.KIND and not options.service:
        raise UsageError("--baud is for sd: devices and --service; otherwise it is in --device")
    if options.baud is not None and not low <= options.baud <= high:
        raise UsageError(f"--baud {options.baud}: a whole number from {low} to {high}")


def _card(folder: Path, options: Options) -> sd_card.Prepared | sd_card.Restored:
    if options.remove:
        return sd_card.restore(folder)
    image = options.image or agent_path(BARE_METAL_TARGET).with_name("kernel8.img")
    return sd_card.prepare(folder, read_image(image), options.baud or sd_card.DEFAULT_BAUD)


def _linux(
    address: SshAddress, options: Options
) -> linux_install.Installed | linux_install.Uninstalled:
    if options.remove:
        return linux_install.uninstall(address)
    baud = options.baud or linux_install.DEFAULT_BAUD
    return linux_install.install(address, options.image, service=options.service, baud=baud)
