# SPDX-License-Identifier: Apache-2.0
# Kernel files and flags for the processor being built for. Extends PN_LIBRARY_SOURCES and sets
# PN_KERNEL_DEFINITIONS; paths are relative to firmware/.
set(PN_KERNEL_DEFINITIONS)

# Adds a family's files, each compiled with the family's own flags, and PN_HAVE_<FAMILY>.
macro(pn_kernel_family family flags)
  list(APPEND PN_KERNEL_DEFINITIONS PN_HAVE_${family})
  list(APPEND PN_LIBRARY_SOURCES ${ARGN})
  foreach(file ${ARGN})
    set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/${file} PROPERTIES
      COMPILE_OPTIONS "${flags}")
  endforeach()
endmacro()

list(APPEND PN_LIBRARY_SOURCES
  src/kernels/check.c
  src/kernels/cpu_features.c
  src/kernels/dispatch.c
  src/kernels/scalar/activation_scalar.c
  src/kernels/scalar/gemv_s8_s16_scalar.c
  src/kernels/scalar/gemv_s8_scalar.c
  src/kernels/scalar/gru_update_scalar.c
  src/kernels/scalar/kernels_scalar.c
  src/kernels/scalar/requantise_scalar.c)
