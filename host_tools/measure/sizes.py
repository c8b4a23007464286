# SPDX-License-Identifier: Apache-2.0
"""Memory figures of a measured program, from the size report of its build."""

from __future__ import annotations

from host_tools.errors import ToolError
from host_tools.generate.model_file import model_path
from host_tools.generate.size_report import built_targets, size_report
from host_tools.measure.result import Sizes


def program_sizes(target: str | None, model: str, state_bytes: int) -> tuple[Sizes, list[str]]:
    """Sizes of a build target's library, and why a figure is unknown.

    ``target`` is a build target (None: not built here), ``model`` a name or an image's path.
    ``state_bytes`` is the device's word.
    """
    if target is None or target not in built_targets():
        note = f"stack and flash unknown: no size report of {target or 'this device'}"
        return Sizes(state_bytes, None, None, None), [note]
    try:
        image = model_path(model)
        report = size_report(target, image)
    except ToolError as error:
        return Sizes(state_bytes, None, None, None), [f"stack and flash unknown: {error}"]
    flash = report.flash
    # A model that is not embedded still has to lie somewhere.
    model_bytes = flash.model_bytes or image.stat().st_size
    return (
        Sizes(
            state_bytes=state_bytes,
            stack_bytes=max(report.stack_create_bytes, report.stack_process_bytes),
            flash_bytes=flash.code_bytes + flash.table_bytes + model_bytes,
            model_bytes=model_bytes,
        ),
        [],
    )
