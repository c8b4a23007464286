# SPDX-License-Identifier: Apache-2.0
# jni/libpercepnet.so: the library with its Java layer for a JVM on this machine, to test it.

# Sets *folders* to those that hold jni.h of a JDK.
function(pn_find_jdk_headers folders)
  find_program(PN_JAVAC javac)
  get_filename_component(compiler "${PN_JAVAC}" REALPATH)
  get_filename_component(jdk "${compiler}/../.." ABSOLUTE)
  find_path(PN_JNI_INCLUDE_DIR jni.h HINTS "$ENV{JAVA_HOME}/include" "${jdk}/include")
  if(NOT PN_JNI_INCLUDE_DIR)
    message(FATAL_ERROR "PN_BUILD_JNI: no jni.h; install a JDK (Debian: apt-get install "
      "default-jdk-headless) or set JAVA_HOME or PN_JNI_INCLUDE_DIR")
  endif()
  set(${folders} "${PN_JNI_INCLUDE_DIR}" "${PN_JNI_INCLUDE_DIR}/linux" PARENT_SCOPE)
endfunction()

# The library *target* from the Java layer in *folder* and the objects given, in jni/ because
# libpercepnet.so is also the name of the C library.
function(pn_add_jvm_library target folder)
  pn_find_jdk_headers(include)
  add_library(${target} MODULE ${folder}/percepnet_jni.c ${ARGN})
  pn_common_flags(${target})
  target_include_directories(${target} SYSTEM PRIVATE ${include})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/include)
  target_link_options(${target} PRIVATE
    "-Wl,--version-script=${folder}/percepnet.map" -Wl,--no-undefined -Wl,-z,now)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME percepnet LINK_DEPENDS ${folder}/percepnet.map
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/jni)
endfunction()
