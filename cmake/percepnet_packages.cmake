# SPDX-License-Identifier: Apache-2.0
# Debian packages, a file a component: cpack -G DEB in a build folder.

# Cross builds use nothing newer than glibc 2.17, the first for 64-bit ARM (tests/build/test_packages.py
# checks it); dpkg-shlibdeps knows what a build for this machine needs.
set(pn_libc)
if(CMAKE_CROSSCOMPILING)
  set(pn_libc "libc6 (>= 2.17)")
else()
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
endif()

set(pn_debian_architecture "${CMAKE_SYSTEM_PROCESSOR}")
string(REGEX REPLACE "^(aarch64|arm64)$" "arm64" pn_debian_architecture "${pn_debian_architecture}")
string(REGEX REPLACE "^(x86_64|AMD64)$" "amd64" pn_debian_architecture "${pn_debian_architecture}")
string(REGEX REPLACE "^armv?[78].*$|^arm$" "armhf" pn_debian_architecture "${pn_debian_architecture}")

# One package of the component; the text follows the summary that all have.
macro(pn_debian_package component name section depends text)
  string(TOUPPER ${component} pn_upper)
  set(CPACK_DEBIAN_${pn_upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${pn_upper}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${pn_upper}_PACKAGE_DEPENDS "${depends}")
  set(CPACK_COMPONENT_${pn_upper}_DESCRIPTION "${text}")
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE RENAME copyright COMPONENT ${component}
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name})
  list(APPEND CPACK_COMPONENTS_ALL ${component})
endmacro()

set(pn_tools_libc "${pn_libc}")
if(PN_STATIC_PROGRAMS)
  set(pn_tools_libc)
endif()
set(pn_library_package libpercepnet${PROJECT_VERSION_MAJOR})

set(CPACK_COMPONENTS_ALL)
pn_debian_package(library ${pn_library_package} libs "${pn_libc}"
  "Shared library: 48 kHz, 10 ms frames, 30 ms delay; integers only, the same bits on every CPU.")
pn_debian_package(development libpercepnet-dev libdevel
  "${pn_library_package} (= ${PROJECT_VERSION})"
  "Header and static library, for CMake and pkg-config.")
pn_debian_package(tools percepnet-tools sound "${pn_tools_libc}"
  "Programs: percepnet_denoise cleans WAV files, percepnet_agent lets another\ncomputer measure this one.")
if(TARGET percepnet_ladspa)
  pn_debian_package(plugin percepnet-ladspa sound "${pn_libc}"
    "LADSPA plugin for PipeWire, ALSA and other hosts of live sound.")
endif()

# The linker's cache learns of the library.
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/triggers)
set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${pn_debian_architecture})
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "PercepNet kit <percepnet@localhost>")
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_STRIP_FILES OFF) # the strip of this machine knows no ARM
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_VENDOR "PercepNet kit")
set(CPACK_PACKAGE_CONTACT "${CPACK_DEBIAN_PACKAGE_MAINTAINER}")
include(CPack)
