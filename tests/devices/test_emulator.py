# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.devices.base import Samples, Settings
from host_tools.devices.emulator import CPUS, EmulatorDevice
from host_tools.devices.host import HostDevice
from host_tools.errors import DeviceError, UsageError
from tests.needs import need_build, need_program

Noise = Callable[[int], Samples]


def emulated(cpu: str, model_path: str) -> EmulatorDevice:
    need_program(CPUS[cpu].program)
    need_build(CPUS[cpu].target, "percepnet_agent")
    return EmulatorDevice(cpu, model=Path(model_path))


@pytest.mark.parametrize("cpu", CPUS)
def test_every_emulated_cpu_gives_the_bits_of_the_host(
    cpu: str, agent: Path, model_path: str, noise: Noise
) -> None:
    pcm = noise(480 * 12)
    with HostDevice(agent=agent, model=Path(model_path)) as host:
        host.configure(Settings(kernel="scalar"))
        expected = host.run(pcm).digest
    with emulated(cpu, model_path) as device:
        for mode in ("frame", "packet"):
            device.configure(Settings(mode="packet" if mode == "packet" else "frame"))
            assert device.run(pcm).digest == expected


def test_the_kernel_follows_the_cpu(model_path: str) -> None:
    wanted = {"cortex-a53": "neon", "cortex-a76": "dotprod", "max": "dotprod", "cortex-a7": "neon"}
    for cpu, kernel in wanted.items():
        with emulated(cpu, model_path) as device:
            identity = device.identify()
            assert identity.kernel == kernel
            assert identity.cpu_arch == ("armv7" if cpu == "cortex-a7" else "aarch64")


def test_a_32_bit_cpu_offers_only_what_it_runs(model_path: str) -> None:
    with emulated("cortex-a7", model_path) as device:
        assert device.identify().kernels_available == ("scalar", "neon")


def test_the_emulated_cpu_names_itself(model_path: str) -> None:
    for cpu, name in {"cortex-a53": "Cortex-A53", "neoverse-n1": "Neoverse-N1"}.items():
        with emulated(cpu, model_path) as device:
            assert device.identify().cpu_name == name


def test_a_kernel_that_the_cpu_lacks_is_a_usage_error(model_path: str) -> None:
    with (
        emulated("cortex-a53", model_path) as device,
        pytest.raises(UsageError, match=r"no kernel 'dotprod': this CPU cannot run it.*neon"),
    ):
        device.configure(Settings(kernel="dotprod"))


def test_a_plugin_that_does_not_load_is_told(model_path: str, tmp_path: Path) -> None:
    need_program("qemu-aarch64")
    binary = need_build("rpi-aarch64", "percepnet_agent")
    with pytest.raises(DeviceError, match=r"emulator:cortex-a53: the agent ended.*nothing\.so"):
        EmulatorDevice("cortex-a53", plugin=tmp_path / "nothing.so", agent=binary)
