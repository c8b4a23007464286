# SPDX-License-Identifier: Apache-2.0
"""Accuracy table of the C signal path: ``python -m tests.accuracy.report``.

Exit code 0 when every figure keeps its limit, 1 when one does not, 6 without the host library.
"""

from __future__ import annotations

import sys

from host_tools.errors import MissingDependency
from host_tools.features import lab_library
from tests.accuracy.measurements import MEASUREMENTS, Measurement


def line(row: Measurement) -> str:
    """One row of the table."""
    sign = ">=" if row.at_least else "<="
    verdict = "ok" if row.passed else "FAIL"
    return f"{row.name:<44} {row.value:>10.4g} {row.unit:<8} {sign} {row.limit:<8g} {verdict}"


def main() -> int:
    """Measure everything and print it."""
    try:
        lab_library()
    except MissingDependency as error:
        print(error, file=sys.stderr)
        return 6
    print("C signal path against the float64 oracle (periods, gains and strengths forced)")
    rows = [row for measure in MEASUREMENTS for row in measure()]
    print("\n".join(line(row) for row in rows))
    failed = sum(not row.passed for row in rows)
    print(f"{len(rows)} figures, {failed} beyond their limit")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
