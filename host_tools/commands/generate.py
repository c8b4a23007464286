# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from host_tools.errors import UsageError, VerdictFailed

if TYPE_CHECKING:
    from host_tools.terminal import Terminal


def generate(
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the source tree.")
    ] = None,
    model: Annotated[str, typer.Option(help="Name under models/, or a model image.")] = "percepnet",
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail when out of date.")
    ] = False,
    tables: Annotated[
        bool, typer.Option("--tables", help="The C tables of this checkout, not a tree.")
    ] = False,
) -> None:
    """Write a C source tree of library and model that builds alone."""
    from host_tools.generate import size_report, source_tree

    terminal: Terminal = context.obj
    if tables == (output is not None):
        raise UsageError("give either --output DIR for a source tree or --tables")
    if check:
        if output is None:
            differing = source_tree.check_tables()
        else:
            differing = source_tree.check_tree(model, output)
        terminal.result(
            {"up_to_date": not differing, "differing": differing},
            lambda console: console.print("up to date" if not differing else "\n".join(differing)),
        )
        if differing:
            raise VerdictFailed(f"{len(differing)} file(s) out of date; run without --check")
    elif output is None:
        changed = source_tree.update_tables()
        terminal.result(
            {"changed": changed},
            lambda console: console.print("\n".join(changed) or "nothing to change"),
        )
    else:
        tree = source_tree.generate_tree(model, output)
        image = tree.directory / source_tree.MODEL_IMAGE
        sizes = [size_report.size_report(name, image) for name in size_report.built_targets()]
        lines = size_report.size_lines(sizes) or ["sizes: unknown before 'host_tools build'"]
        lines.insert(
            0, f"{tree.directory}: {len(tree.files)} files, model {tree.model} {tree.model_digest}"
        )
        terminal.result(
            {**asdict(tree), "sizes": sizes},
            lambda console: console.print(
                "\n".join(lines), highlight=False, markup=False, soft_wrap=True
            ),
        )
