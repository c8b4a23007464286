# SPDX-License-Identifier: Apache-2.0
"""One tree of errors: each carries the exit code of the command that it ends.

A message is one line that says what is wrong, where, and what to try.
"""

from __future__ import annotations


class ToolError(Exception):
    """Any failure that is reported as one line; subclasses set ``exit_code``."""

    exit_code = 4


class UsageError(ToolError):
    """The command line, a name or a setting is wrong."""

    exit_code = 2


class DeviceError(ToolError):
    """The device is not there, does not start, went silent or was lost."""

    exit_code = 3


class ProtocolError(ToolError):
    """The device answers, but not as the protocol says."""

    exit_code = 4


class DataError(ToolError):
    """An input file (audio, model, settings) cannot be used."""

    exit_code = 4


class MeasurementInvalid(ToolError):
    """The measurement ran but its conditions make the figures worthless."""

    exit_code = 5


class MissingDependency(ToolError):
    """A program or an optional package is not installed."""

    exit_code = 6


class VerdictFailed(ToolError):
    """Everything worked and the result is over the budget or differs from the host."""

    exit_code = 1


INTERNAL_EXIT_CODE = 70
"""A mistake in these tools; not 1, which says that a verdict failed."""

INTERRUPTED_EXIT_CODE = 130
