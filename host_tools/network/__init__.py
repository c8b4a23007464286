# SPDX-License-Identifier: Apache-2.0
"""The network: its definition, its training on a folder of recordings, and its evaluation.

Reading a checkpoint and running the network in float need NumPy and safetensors only; training
needs the extra ``train`` (torch, matplotlib, pesq).
"""
