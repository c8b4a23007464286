# SPDX-License-Identifier: Apache-2.0
# Chooses the kernel families of firmware/src/kernels/sources.cmake that this compiler can build.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)

# Sets *result* to x86_64, aarch64, armv7 or other, by what the compiler says it builds for.
function(pn_processor result)
  set(${result} other PARENT_SCOPE)
  foreach(candidate "x86_64=defined(__x86_64__)" "aarch64=defined(__aarch64__)"
      "armv7=defined(__arm__) && __ARM_ARCH >= 7")
    string(REGEX MATCH "^([^=]+)=(.+)$" unused "${candidate}")
    set(name ${CMAKE_MATCH_1})
    check_c_source_compiles(
      "#if !(${CMAKE_MATCH_2})\n#error other\n#endif\nint main(void) { return 0; }"
      PN_PROCESSOR_IS_${name})
    if(PN_PROCESSOR_IS_${name})
      set(${result} ${name} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# Sets *sources* and *definitions* for the families that fit; gives each file its family's flags.
function(pn_select_kernels sources definitions)
  pn_processor(processor)
  set(all_sources)
  set(all_definitions)
  foreach(family IN LISTS PN_KERNEL_FAMILIES)
    if(NOT processor IN_LIST PN_KERNEL_${family}_PROCESSORS
        AND NOT "any" IN_LIST PN_KERNEL_${family}_PROCESSORS)
      continue()
    endif()
    if(DEFINED PN_KERNEL_${family}_FLAGS_${processor})
      set(flags ${PN_KERNEL_${family}_FLAGS_${processor}})
    else()
      set(flags ${PN_KERNEL_${family}_FLAGS})
    endif()
    if(flags)
      list(JOIN flags " " flags_text)
      check_c_compiler_flag("${flags_text}" PN_COMPILER_BUILDS_${family})
      if(NOT PN_COMPILER_BUILDS_${family})
        message(STATUS "Kernels ${family} left out: the compiler does not take ${flags_text}")
        continue()
      endif()
      set_source_files_properties(${PN_KERNEL_${family}_SOURCES} PROPERTIES COMPILE_OPTIONS "${flags}")
    endif()
    list(APPEND all_sources ${PN_KERNEL_${family}_SOURCES})
    list(APPEND all_definitions PN_HAVE_${family})
  endforeach()
  set(${sources} "${all_sources}" PARENT_SCOPE)
  set(${definitions} "${all_definitions}" PARENT_SCOPE)
endfunction()
