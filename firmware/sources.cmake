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

# The agent's core, free of any system; crc32.c is in the library too, but not visible there.
set(PN_AGENT_CORE_SOURCES
  agent/agent.c
  agent/flash.c
  agent/frame.c
  agent/readings.c
  agent/runner.c
  agent/serve.c
  agent/stage_marks.c
  src/crc32.c)

set(PN_AGENT_SOURCES
  ${PN_AGENT_CORE_SOURCES}
  agent/build_id_linux.c
  agent/cpu_info.c
  agent/flash_linux.c
  agent/main.c
  agent/program_check_linux.c
  agent/readings_linux.c
  agent/tty.c
  agent/vcgencmd_linux.c
  apps/load_file.c)

set(PN_BARE_METAL_SOURCES
  bare_metal/board.c
  bare_metal/boot_options.c
  bare_metal/interrupts.c
  bare_metal/libc/string.c
  bare_metal/loader.c
  bare_metal/mailbox.c
  bare_metal/main.c
  bare_metal/mmu.c
  bare_metal/start.S
  bare_metal/timer.c
  bare_metal/uart_mini.c
  bare_metal/uart_pins.c
  bare_metal/uart_pl011.c)

set(PN_DENOISE_SOURCES
  apps/load_file.c
  apps/percepnet_denoise.c
  apps/wav_reader.c
  apps/wav_writer.c)

set(PN_PLUGIN_SOURCES
  plugin/hop_fifo.c
  plugin/percepnet_ladspa.c
  plugin/voice_gate.c)
