# SPDX-License-Identifier: Apache-2.0
"""Networks from and to other people's formats: TFLite files and PyTorch state dicts."""
