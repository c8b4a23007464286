# SPDX-License-Identifier: Apache-2.0
# kernel8.img: library, agent and start-up as one program for a bare Raspberry Pi 3 or 4.

# Adds target *name*; makes kernel8.img beside it. *sources* hold the library's, without malloc.
function(pn_add_bare_metal name sources definitions)
  set(folder ${CMAKE_CURRENT_SOURCE_DIR}/bare_metal)
  list(REMOVE_DUPLICATES sources)
  add_executable(${name} ${sources})
  pn_common_flags(${name})
  target_include_directories(${name} PRIVATE
    include src src/kernels agent bare_metal bare_metal/libc)
  target_compile_definitions(${name} PRIVATE ${definitions})
  # builtins: struct copies of the measured code become instructions as in a hosted build;
  # Cortex-A53 erratum 843419 is avoided by the linker
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:C>:
    -ffreestanding -fbuiltin -mcpu=generic -fno-pic -fno-stack-protector
    -ffunction-sections -fdata-sections>)
  # no loop of theirs may become a call of itself; interrupts do not save NEON registers
  set_source_files_properties(bare_metal/libc/string.c PROPERTIES COMPILE_OPTIONS -fno-builtin)
  set_source_files_properties(bare_metal/board.c bare_metal/interrupts.c bare_metal/timer.c
    bare_metal/uart_mini.c bare_metal/uart_pl011.c PROPERTIES COMPILE_OPTIONS -mgeneral-regs-only)
  target_link_options(${name} PRIVATE
    -T${folder}/kernel8.ld -Wl,--build-id=sha1 -Wl,--gc-sections -Wl,--fix-cortex-a53-843419)
  set_target_properties(${name} PROPERTIES SUFFIX .elf LINK_DEPENDS ${folder}/kernel8.ld)
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND ${CMAKE_OBJCOPY} -O binary $<TARGET_FILE:${name}> ${CMAKE_CURRENT_BINARY_DIR}/kernel8.bin
    COMMAND ${CMAKE_COMMAND} -DINPUT=${CMAKE_CURRENT_BINARY_DIR}/kernel8.bin
      -DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/kernel8.img
      -P ${PROJECT_SOURCE_DIR}/cmake/append_checksum.cmake
    BYPRODUCTS ${CMAKE_CURRENT_BINARY_DIR}/kernel8.bin ${CMAKE_CURRENT_BINARY_DIR}/kernel8.img
    VERBATIM)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kernel8.img DESTINATION . COMPONENT bare_metal)
endfunction()
