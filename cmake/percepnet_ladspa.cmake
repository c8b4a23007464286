# SPDX-License-Identifier: Apache-2.0
# Adds a LADSPA plugin where ladspa.h can be found.

# Sets *folder* to one that holds ladspa.h and nothing else; empty when the header is missing.
# The header is the same for every processor, so that of this machine serves a cross build.
function(pn_find_ladspa folder)
  find_path(PN_LADSPA_INCLUDE_DIR ladspa.h CMAKE_FIND_ROOT_PATH_BOTH)
  if(NOT PN_LADSPA_INCLUDE_DIR)
    message(STATUS "LADSPA plugin left out: no ladspa.h (Debian: apt-get install ladspa-sdk)")
    set(${folder} "" PARENT_SCOPE)
    return()
  endif()
  configure_file("${PN_LADSPA_INCLUDE_DIR}/ladspa.h" ladspa/ladspa.h COPYONLY)
  set(${folder} "${CMAKE_CURRENT_BINARY_DIR}/ladspa" PARENT_SCOPE)
endfunction()

# The plugin *target*: a module that exports ladspa_descriptor alone and binds all at load.
function(pn_add_ladspa_plugin target include exports)
  add_library(${target} MODULE ${ARGN})
  pn_common_flags(${target})
  target_include_directories(${target} SYSTEM PRIVATE "${include}")
  target_link_libraries(${target} PRIVATE m)
  target_link_options(${target} PRIVATE "-Wl,--version-script=${exports}" -Wl,-z,now)
  set_target_properties(${target} PROPERTIES PREFIX "" LINK_DEPENDS "${exports}")
endfunction()
