# SPDX-License-Identifier: Apache-2.0
# The Java layer in builds without the NDK, which has a jni.h of its own.

# Sets PN_JNI_INCLUDE_DIR to the folder of a JDK's jni.h; false if there is none.
function(pn_find_jni_header)
  find_program(PN_JAVAC javac NO_CMAKE_FIND_ROOT_PATH)
  get_filename_component(compiler "${PN_JAVAC}" REALPATH)
  get_filename_component(jdk "${compiler}/../.." ABSOLUTE)
  file(GLOB installed /usr/lib/jvm/*/include)
  find_path(PN_JNI_INCLUDE_DIR jni.h NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH
    PATHS "$ENV{JAVA_HOME}/include" "${jdk}/include" /usr/lib/jvm/default-java/include ${installed})
endfunction()

# Lets *target* include jni.h of the JDK found.
function(pn_use_jni_header target)
  target_include_directories(${target} SYSTEM PRIVATE
    "${PN_JNI_INCLUDE_DIR}" "${PN_JNI_INCLUDE_DIR}/linux")
endfunction()

# Adds *source*, the Java layer, to *target*; leaves it out with a message when there is no jni.h.
function(pn_add_java_layer target source)
  pn_find_jni_header()
  set(missing)
  if(NOT PN_JNI_INCLUDE_DIR)
    set(missing "no jni.h (Debian: apt-get install default-jdk-headless, or set JAVA_HOME)")
  elseif(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${source}")
    set(missing "no ${source}")
  endif()
  if(missing)
    message(STATUS "Java layer left out: ${missing}")
    # the export list names the Java entry point too
    target_link_options(${target} PRIVATE -Wl,--undefined-version)
    return()
  endif()
  target_sources(${target} PRIVATE ${source})
  pn_use_jni_header(${target})
endfunction()

# jni/libpercepnet.so for a JVM on this machine, to test it: the library *target* from the Java
# layer in *folder* and the objects given, in jni/ because the C library has that name too.
function(pn_add_jvm_library target folder)
  pn_find_jni_header()
  if(NOT PN_JNI_INCLUDE_DIR)
    message(FATAL_ERROR "PN_BUILD_JNI: no jni.h; install a JDK (Debian: apt-get install "
      "default-jdk-headless) or set JAVA_HOME or PN_JNI_INCLUDE_DIR")
  endif()
  add_library(${target} MODULE ${folder}/percepnet_jni.c ${ARGN})
  pn_common_flags(${target})
  pn_use_jni_header(${target})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/include)
  target_link_options(${target} PRIVATE
    "-Wl,--version-script=${folder}/percepnet.map" -Wl,--no-undefined -Wl,-z,now)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME percepnet LINK_DEPENDS ${folder}/percepnet.map
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/jni)
endfunction()
