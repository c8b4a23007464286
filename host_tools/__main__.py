# SPDX-License-Identifier: Apache-2.0
"""``python -m host_tools``: the same as the ``host_tools`` command."""

from __future__ import annotations

import sys

from host_tools.cli import main

if __name__ == "__main__":
    sys.exit(main())
