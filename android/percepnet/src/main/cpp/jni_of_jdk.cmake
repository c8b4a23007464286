# SPDX-License-Identifier: Apache-2.0
# jni.h of a JDK on this machine, for builds without the NDK, which has its own.

# Adds *source*, the Java layer, to *target*; leaves it out with a message when there is no jni.h.
function(pn_add_java_layer target source)
  file(GLOB installed /usr/lib/jvm/*/include)
  find_path(PN_JNI_INCLUDE_DIR jni.h NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH
    PATHS "$ENV{JAVA_HOME}/include" /usr/lib/jvm/default-java/include ${installed})
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
  target_include_directories(${target} SYSTEM PRIVATE
    "${PN_JNI_INCLUDE_DIR}" "${PN_JNI_INCLUDE_DIR}/linux")
endfunction()
