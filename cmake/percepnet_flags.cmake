# SPDX-License-Identifier: Apache-2.0
# Compiler flags of the whole tree, as functions over targets.

# Language level, warnings and sanitizers for every target of ours.
function(pn_common_flags target)
  set_target_properties(${target} PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF C_VISIBILITY_PRESET hidden)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4)
    return()
  endif()
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow -Wvla)
  if(PN_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(PN_SANITIZE)
    list(JOIN PN_SANITIZE "," names)
    target_compile_options(${target} PRIVATE
      -fsanitize=${names} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${names})
  endif()
endfunction()

# Library code: full optimisation in release builds, stack report on request.
function(pn_library_flags target)
  pn_common_flags(${target})
  if(MSVC)
    return()
  endif()
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O3>)
  if(PN_STACK_USAGE)
    target_compile_options(${target} PRIVATE -fstack-usage)
  endif()
endfunction()
