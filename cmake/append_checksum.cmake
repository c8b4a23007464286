# SPDX-License-Identifier: Apache-2.0
# cmake -DINPUT=FILE -DOUTPUT=FILE -P append_checksum.cmake
# Copies INPUT and appends its SHA-256 as a line, by which a cut or damaged file is known.
file(SHA256 "${INPUT}" digest)
configure_file("${INPUT}" "${OUTPUT}" COPYONLY)
file(APPEND "${OUTPUT}" "PNSHA256 ${digest}\n")
