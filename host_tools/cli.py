# SPDX-License-Identifier: Apache-2.0
"""The ``host_tools`` command: global options, verbs, exit codes.

Each verb is a function of host_tools.commands that parses and prints; what it does is a plain
function of another room, imported when the verb runs.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from host_tools import __version__
from host_tools.commands import (
    average,
    board,
    build,
    compare,
    devices,
    doctor,
    evaluate,
    export,
    flash,
    generate,
    history,
    import_,
    measure,
    quantize,
    report,
    train,
    verify,
)
from host_tools.commands import denoise as denoise_command
from host_tools.errors import INTERNAL_EXIT_CODE, INTERRUPTED_EXIT_CODE, ToolError
from host_tools.terminal import Terminal

_GLOBAL_FLAGS = ("-v", "-vv", "--verbose", "-q", "--quiet", "--json", "--no-color")
_USAGE_EXIT_CODE = 2
_CLICK_ERROR = typer.BadParameter.__mro__[2]  # ClickException, which typer does not export

app = typer.Typer(
    name="host_tools",
    help="Brings the PercepNet speech denoiser to ARM devices.",
    epilog="-v, -q, --json and --no-color may stand before or after the verb.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train.train)
app.command("average")(average.average)
app.command("quantize")(quantize.quantize)
app.command("verify")(verify.verify)
app.command("export")(export.export)
app.command("import")(import_.import_)
app.command("generate")(generate.generate)
app.command("build")(build.build)
app.command("devices")(devices.devices)
app.command("flash")(flash.flash)
app.command("board")(board.board)
app.command("doctor")(doctor.doctor)
app.command("denoise")(denoise_command.denoise)
app.command("measure")(measure.measure)
app.command("report")(report.report)
app.command("compare")(compare.compare)
app.command("history")(history.history)
app.command("evaluate")(evaluate.evaluate)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"host_tools {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Log more; twice for everything.")
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, errors only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options that every verb has."""
    del version
    context.obj = Terminal(as_json=as_json, color=not no_color, verbosity=-1 if quiet else verbose)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code (see host_tools.errors)."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = app(_globals_first(given) or ["--help"], standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED_EXIT_CODE:  # how newer versions of typer tell of ctrl-C
            return _complain("interrupted", INTERRUPTED_EXIT_CODE)
        return code if isinstance(code, int) else 0
    except ToolError as error:
        return _complain(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _complain("interrupted", INTERRUPTED_EXIT_CODE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # no second complaint
        return 0
    except Exception as error:
        if isinstance(error, _CLICK_ERROR):
            return _complain(f"{error.format_message()} (see --help)", _USAGE_EXIT_CODE)  # type: ignore[attr-defined]
        logging.getLogger(__name__).info("where it happened:", exc_info=True)
        what = f"{type(error).__name__}: {error}"
        return _complain(
            f"internal error, please report it: {what} (-v: where)", INTERNAL_EXIT_CODE
        )


def _globals_first(arguments: Sequence[str]) -> list[str]:
    """Global flags may stand anywhere before ``--``; click wants them before the verb."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    head, tail = arguments[:end], list(arguments[end:])
    flags = [argument for argument in head if argument in _GLOBAL_FLAGS]
    others = [argument for argument in head if argument not in _GLOBAL_FLAGS]
    return [*flags, *others, *tail]


def _complain(message: str, code: int) -> int:
    line = " ".join(message.split())
    # what a damaged file holds may be quoted in it, and would command the terminal
    shown = "".join(char if char.isprintable() else "?" for char in line)
    print(f"host_tools: {shown}", file=sys.stderr)
    return code
