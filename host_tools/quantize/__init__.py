# SPDX-License-Identifier: Apache-2.0
"""Float checkpoint to int8 model image, with a report of what the integers cost."""
