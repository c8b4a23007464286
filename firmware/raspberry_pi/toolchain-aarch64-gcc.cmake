# SPDX-License-Identifier: Apache-2.0
# Raspberry Pi 3, 4, 5 and Zero 2 with 64-bit Linux: GCC.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
find_program(pn_qemu_aarch64 NAMES qemu-aarch64)
if(pn_qemu_aarch64)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${pn_qemu_aarch64};-L;/usr/aarch64-linux-gnu")
endif()
