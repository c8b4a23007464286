# SPDX-License-Identifier: Apache-2.0

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
