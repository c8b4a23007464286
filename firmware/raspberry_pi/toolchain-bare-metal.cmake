# SPDX-License-Identifier: Apache-2.0
# Raspberry Pi 3 and 4 without an operating system: Clang and lld alone, no C library.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
find_program(pn_clang NAMES clang-19 clang REQUIRED)
set(CMAKE_C_COMPILER "${pn_clang}")
set(CMAKE_C_COMPILER_TARGET aarch64-none-elf)
set(CMAKE_ASM_COMPILER "${pn_clang}")
set(CMAKE_ASM_COMPILER_TARGET aarch64-none-elf)
find_program(CMAKE_OBJCOPY NAMES llvm-objcopy-19 llvm-objcopy aarch64-linux-gnu-objcopy REQUIRED)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld -nostdlib -static")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # there is nothing to link test programs with
