# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def measure(
    context: typer.Context,
    device: Annotated[
        str, typer.Option(help="Where to run, see: host_tools devices; several with commas.")
    ] = "host",
    clip: Annotated[
        Path | None, typer.Option(metavar="NOISY.wav", help="Default: the bundled clip.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(metavar="CLEAN.wav", help="The clean speech in --clip.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="NAME", help="Limits of budgets.toml, e.g. phone.")
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Another limit, e.g. load_percent_of_core=8."),
    ] = None,
    model: Annotated[str, typer.Option(help="Name under models/.")] = "percepnet",
    engine: Annotated[
        str, typer.Option(help="percepnet, or tflite: the network alone in LiteRT, to compare.")
    ] = "percepnet",
    kernel: Annotated[str, typer.Option(help="auto, scalar, neon, dotprod, avx2, ...")] = "auto",
    packets: Annotated[
        bool, typer.Option("--packets", help="Two frames a library call (20 ms).")
    ] = False,
    repeats: Annotated[int, typer.Option(help="Timed runs at each cadence on a real device.")] = 5,
    quick: Annotated[
        bool, typer.Option("--quick", help="Unpaced runs only; real time takes minutes.")
    ] = False,
    meter: Annotated[
        str | None,
        typer.Option(metavar="METER", help="Measure power too, e.g. gauge (docs/power.md)."),
    ] = None,
    power_blocks: Annotated[
        int, typer.Option(metavar="N", help="Load blocks between idle blocks, with --meter.")
    ] = 3,
    block_seconds: Annotated[
        float | None,
        typer.Option(metavar="S", help="Length of each block; default: what the meter needs."),
    ] = None,
    output: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder of the run goes below it.")
    ] = Path("runs"),
) -> None:
    """Run a clip on a device, check its output and compare the cost with a budget."""
    from host_tools.measure.budget import parse_limits
    from host_tools.measure.cadences import PACES_MS, UNPACED
    from host_tools.measure.measure import measure as measure_device
    from host_tools.measure.power_session import PowerPlan
    from host_tools.measure.runs import Plan
    from host_tools.measure.side_by_side import check_meter, device_list
    from host_tools.report.run_folder import write_run
    from host_tools.report.terminal import print_result

    terminal: Terminal = context.obj
    check_meter(meter, device_list(device))
    if len(device_list(device)) > 1:
        raise typer.Exit(_measure_several(terminal, device_list(device), context.params))
    plan = Plan(
        kernel=kernel,
        mode="packet" if packets else "frame",
        repeats=repeats,
        paces_ms=(UNPACED,) if quick else PACES_MS,
    )
    check_engine(engine, meter, budget, limit)
    power = None
    if meter is not None:
        power = PowerPlan(meter, power_blocks, block_seconds, pace_ms=20 if packets else 10)
    with terminal.progress() as report:
        if engine == "tflite":
            from host_tools.measure.tflite_engine import measure_tflite

            result = measure_tflite(
                device, clip, reference, model=model, plan=plan, progress=report
            )
        else:
            result = measure_device(
                device,
                clip,
                reference,
                model=model,
                budget=budget,
                limits=parse_limits(limit or ()),
                plan=plan,
                power=power,
                progress=report,
            )
    folder = write_run(result, output)
    if terminal.as_json:
        terminal.json_text(result.to_json())
    else:
        print_result(result, terminal.out)
    terminal.say(f"kept in {folder}")
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def check_engine(engine: str, meter: str | None, budget: str | None, limit: Any) -> None:
    """Raises UsageError for an engine that does not exist or options that it has no use for."""
    from host_tools.errors import UsageError

    if engine not in ("percepnet", "tflite"):
        raise UsageError(f"no engine '{engine}'; there are: percepnet, tflite")
    if engine == "tflite" and (meter or budget or limit):
        raise UsageError(
            "--engine tflite runs the network alone: leave --meter, --budget and --limit out"
        )


def _measure_several(terminal: Terminal, devices: list[str], options: dict[str, Any]) -> int:
    """Measure all at once and show them side by side; gives the exit code."""
    from host_tools.measure.side_by_side import exit_code, measure_each
    from host_tools.report.side_by_side import print_outcomes

    outcomes = measure_each(
        devices,
        _arguments(options),
        lambda device, line: terminal.say(f"{device}: {line.removeprefix('host_tools: ')}"),
    )
    terminal.result(outcomes, lambda console: print_outcomes(outcomes, console))
    return exit_code(outcomes)


def _arguments(options: dict[str, Any]) -> list[str]:
    """The command line that gives these options to another process, --device left out."""
    words: list[str] = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if name == "device" or value is None or value is False:
            continue
        values = value if isinstance(value, (list, tuple)) else [value]
        words += [flag] if value is True else [f"{flag}={item}" for item in values]
    return words
