# SPDX-License-Identifier: Apache-2.0
# Puts a model image into embedded_model.c.

# Sets *definition* to the compile definition that embeds *image*, and makes the build follow it.
function(pn_embed_model source image definition)
  get_filename_component(image "${image}" ABSOLUTE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${image}")
  if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang" AND NOT APPLE AND NOT WIN32 AND NOT PN_MODEL_AS_ARRAY)
    set(${definition} "PN_EMBEDDED_MODEL_FILE=\"${image}\"" PARENT_SCOPE)
    set_property(SOURCE ${source} APPEND PROPERTY OBJECT_DEPENDS "${image}")
    return()
  endif()
  set(array "${CMAKE_CURRENT_BINARY_DIR}/embedded_model.inc")
  if(NOT EXISTS "${array}" OR "${image}" IS_NEWER_THAN "${array}")
    file(READ "${image}" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "((0x[0-9a-f][0-9a-f],){20})" "\\1\n" bytes "${bytes}")
    file(WRITE "${array}" "${bytes}\n")
  endif()
  set(${definition} "PN_EMBEDDED_MODEL_ARRAY=\"${array}\"" PARENT_SCOPE)
  set_property(SOURCE ${source} APPEND PROPERTY OBJECT_DEPENDS "${array}")
endfunction()
