# SPDX-License-Identifier: Apache-2.0
# Android without its NDK: Clang and lld over stubs of the system libraries (android_stubs.py).
# Takes ANDROID_ABI and ANDROID_PLATFORM as the NDK's toolchain file does.
set(CMAKE_SYSTEM_NAME Linux) # "Android" would make CMake look for an NDK
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # no program can be linked: there is no crt1.o
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ANDROID_ABI ANDROID_PLATFORM PN_ANDROID_STUBS)

if(NOT DEFINED ANDROID_PLATFORM)
  set(ANDROID_PLATFORM android-21)
endif()
string(REPLACE "android-" "" pn_android_api "${ANDROID_PLATFORM}")
if(ANDROID_ABI STREQUAL "arm64-v8a")
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
  set(CMAKE_C_COMPILER_TARGET aarch64-linux-android${pn_android_api})
elseif(ANDROID_ABI STREQUAL "armeabi-v7a")
  set(CMAKE_SYSTEM_PROCESSOR armv7-a)
  set(CMAKE_C_COMPILER_TARGET armv7a-linux-androideabi${pn_android_api})
elseif(ANDROID_ABI STREQUAL "x86_64")
  set(CMAKE_SYSTEM_PROCESSOR x86_64)
  set(CMAKE_C_COMPILER_TARGET x86_64-linux-android${pn_android_api})
else()
  message(FATAL_ERROR "ANDROID_ABI is '${ANDROID_ABI}': give arm64-v8a, armeabi-v7a or x86_64")
endif()

find_program(pn_clang NAMES clang-19 clang REQUIRED)
set(CMAKE_C_COMPILER "${pn_clang}")
if(NOT DEFINED PN_ANDROID_STUBS)
  set(PN_ANDROID_STUBS "${CMAKE_BINARY_DIR}/stubs")
endif()
get_property(pn_trying GLOBAL PROPERTY IN_TRY_COMPILE)
set(pn_stub_script "${CMAKE_CURRENT_LIST_DIR}/../host_tools/build/android_stubs.py")
set(pn_stubs_made)
if(NOT "${pn_stub_script}" IS_NEWER_THAN "${PN_ANDROID_STUBS}/made") # nor is that file missing
  file(STRINGS "${PN_ANDROID_STUBS}/made" pn_stubs_made)
endif()
if(NOT pn_trying AND NOT "${pn_stubs_made}" STREQUAL CMAKE_C_COMPILER_TARGET)
  find_program(pn_python NAMES python3 python REQUIRED)
  execute_process(COMMAND "${pn_python}" "${pn_stub_script}" --compiler "${pn_clang}"
    --target ${CMAKE_C_COMPILER_TARGET} --output "${PN_ANDROID_STUBS}"
    RESULT_VARIABLE pn_stub_result ERROR_VARIABLE pn_stub_error)
  if(NOT pn_stub_result EQUAL 0)
    message(FATAL_ERROR "stubs of Android's libraries not made: ${pn_stub_error}")
  endif()
endif()

# without these two options Clang takes this machine's own headers
set(CMAKE_C_FLAGS_INIT
  "--sysroot=/nonexistent -nostdlibinc -isystem \"${PN_ANDROID_STUBS}/include\"")
set(CMAKE_SHARED_LINKER_FLAGS_INIT
  "-fuse-ld=lld -nostdlib -Wl,-s -Wl,--as-needed -L\"${PN_ANDROID_STUBS}\" \"${PN_ANDROID_STUBS}/crtbegin_so.o\"")
set(CMAKE_C_STANDARD_LIBRARIES_INIT "-lc")
