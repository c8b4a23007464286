# SPDX-License-Identifier: Apache-2.0
"""Current and voltage over time from any meter, and what a load adds to them."""
