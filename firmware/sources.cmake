# SPDX-License-Identifier: Apache-2.0
# Files of each target, relative to this folder. Kernels: src/kernels/sources.cmake.
set(PN_LIBRARY_SOURCES
  src/activation_tables.c
  src/allocate.c
  src/bands.c
  src/comb.c
  src/conv.c
  src/crc32.c
  src/dense.c
  src/embedded_model.c
  src/facts.c
  src/fft.c
  src/frontend.c
  src/gru.c
  src/math_fixed.c
  src/model_image.c
  src/network.c
  src/pipeline.c
  src/pitch.c
  src/postfilter.c
  src/process.c
  src/settle.c
  src/sparse_index.c
  src/state.c
  src/stft.c
  src/tables.c)

set(PN_LAB_SOURCES
  lab/accuracy_lab.c
  lab/frontend_lab.c
  lab/network_lab.c)

set(PN_AGENT_SOURCES
  agent/agent.c
  agent/cpu_info.c
  agent/frame.c
  agent/main.c
  agent/runner.c
  agent/serve.c
  agent/stage_marks.c
  agent/tty.c
  apps/load_file.c
  src/crc32.c)

set(PN_DENOISE_SOURCES
  apps/load_file.c
  apps/percepnet_denoise.c
  apps/wav_reader.c
  apps/wav_writer.c)

set(PN_PLUGIN_SOURCES
  plugin/hop_fifo.c
  plugin/percepnet_ladspa.c
  plugin/voice_gate.c)
