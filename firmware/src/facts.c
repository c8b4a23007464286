/* SPDX-License-Identifier: Apache-2.0 */
/* Constants and texts that callers ask the library for. */
#include "percepnet/percepnet.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

int pn_delay_samples(void) { return PN_DELAY_SAMPLES; }

int pn_process_delay_samples(void) { return PN_DELAY_SAMPLES + PN_FRAME_SAMPLES; }

int pn_frame_samples(void) { return PN_FRAME_SAMPLES; }

int pn_sample_rate(void) { return PN_SAMPLE_RATE; }

const char *pn_version(void) {
  return TEXT(PN_VERSION_MAJOR) "." TEXT(PN_VERSION_MINOR) "." TEXT(PN_VERSION_PATCH);
}

const char *pn_error_string(pn_status status) {
  switch (status) {
    case PN_OK: return "no error";
    case PN_ERROR_NULL: return "a required pointer is NULL";
    case PN_ERROR_SIZE: return "memory block too small, or struct_size not that of this library";
    case PN_ERROR_ALIGNMENT: return "memory block not aligned to 16 bytes";
    case PN_ERROR_NO_MEMORY: return "out of memory";
    case PN_ERROR_RANGE: return "argument out of range";
    case PN_ERROR_KERNEL: return "kernel not built in or not supported by this CPU";
    case PN_ERROR_NO_MODEL: return "no model given and none embedded in this build";
    case PN_ERROR_MODEL_TRUNCATED: return "model image is truncated";
    case PN_ERROR_MODEL_MAGIC: return "not a PercepNet model image";
    case PN_ERROR_MODEL_VERSION: return "model image has another format version";
    case PN_ERROR_MODEL_TOPOLOGY: return "model image has a topology this library cannot run";
    case PN_ERROR_MODEL_CHECKSUM: return "model image is damaged: checksum differs";
    case PN_ERROR_MODEL_ALIGNMENT: return "model image not aligned to 16 bytes";
  }
  return "unknown status";
}
