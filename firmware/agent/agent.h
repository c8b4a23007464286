/* SPDX-License-Identifier: Apache-2.0 */
/* The device side of the measuring protocol (docs/protocol.md), free of any transport, operating
 * system, allocation and stdio: the caller gives memory, bytes and clocks. One agent serves one
 * link and one channel of audio. */
#ifndef PN_AGENT_H
#define PN_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "percepnet/percepnet.h"

#define PN_AGENT_ONCE_MAX 2048 /* longest response that is kept for repetition */

/* Text for the host: a hook appends to bytes[used..capacity], or gives its reason in one line. */
typedef struct pn_agent_text {
  uint8_t *bytes;
  size_t capacity;
  size_t used;
  bool ended; /* nothing follows what is here */
  const char *reason;
} pn_agent_text;

/* What the surroundings provide. Every function gets user as its first argument. */
typedef struct pn_agent_platform {
  void *user;
  /* Wait for at least one byte, take at most capacity; 0: the link is closed. */
  size_t (*read)(void *user, uint8_t *bytes, size_t capacity);
  /* Send all bytes; false: the link is closed. */
  bool (*write)(void *user, const uint8_t *bytes, size_t count);
  /* Monotonic time in ns. */
  uint64_t (*clock_ns)(void *user);
  /* CPU time of this thread in ns; NULL: unknown. */
  uint64_t (*cpu_clock_ns)(void *user);
  /* Sleep until clock_ns() reaches deadline_ns; NULL: the agent spins on the clock. */
  void (*sleep_until_ns)(void *user, uint64_t deadline_ns);
  /* Readings of the board; all three or, where there are none, NULL. False: see text->reason.
   * A file's bytes from offset on; a folder's names after skip, as strings of the protocol; what
   * the board's firmware says to one of the questions that the protocol knows. */
  bool (*read_file)(void *user, const char *path, uint32_t offset, pn_agent_text *text);
  bool (*list_folder)(void *user, const char *path, uint32_t skip, pn_agent_text *text);
  bool (*query_firmware)(void *user, const char *question, pn_agent_text *text);
  /* Instructions and core cycles so far, modulo 2^32; NULL: no such counters. */
  void (*read_counters)(void *user, uint32_t *instructions, uint32_t *cycles);
  /* A new program in place of the one that runs; all four or, where that cannot be, NULL.
   * Memory for so many bytes, at first the running image; NULL: too long for *room. */
  uint8_t *(*image_begin)(void *user, size_t bytes, size_t *room);
  /* Why the bytes in that memory cannot run here, one line; NULL: they can. */
  const char *(*image_check)(void *user, size_t bytes);
  /* Make it the one that starts from now on; NULL or why that failed. */
  const char *(*image_install)(void *user, size_t bytes);
  /* Start it; returns only when that failed and the old program goes on. */
  void (*image_start)(void *user);
  uint32_t clock_resolution_ns;
  uint32_t receive_buffer_bytes; /* that the link holds while the agent is busy, >= 4 KiB */
  const char *cpu_name;
  const char *cpu_arch;
  const char *build_id; /* hex digits that tell this program from others; NULL: unknown */
  const char *name;     /* of the platform: "linux", "bare-metal" */
  const void *model_image; /* NULL: the model embedded in the library */
  size_t model_bytes;
} pn_agent_platform;

/* Settings of the latest CONFIGURE. */
typedef struct pn_agent_settings {
  pn_kernel kernel;
  int attenuation_limit_db;
  bool bypass;
  bool packets;
  bool stage_times;
  bool stage_marks;
  bool stage_counters;
} pn_agent_settings;

/* Instructions and cycles between two readings of the counters. */
typedef struct pn_agent_counts {
  uint32_t instructions;
  uint32_t cycles;
} pn_agent_counts;

/* A program on its way; memory NULL: none. */
typedef struct pn_agent_flash {
  uint8_t *memory;
  uint32_t bytes;
  uint32_t crc;
  bool start; /* installed: start it once the answer has left */
} pn_agent_flash;

/* The latest request that must not be executed twice, and its response. */
typedef struct pn_agent_once {
  bool valid;
  uint8_t type;
  uint8_t status;
  uint16_t sequence;
  uint32_t crc;
  size_t bytes;
  uint8_t payload[PN_AGENT_ONCE_MAX];
} pn_agent_once;

/* Treat as opaque; the struct is public so that it can be static on a bare machine. */
typedef struct pn_agent {
  const pn_agent_platform *platform;
  uint8_t *memory; /* 16-byte aligned */
  size_t memory_bytes;
  size_t state_bytes;
  pn_state *state; /* NULL: library_status says why */
  pn_status library_status;
  uint32_t kernels_available; /* bit k: pn_kernel k */
  pn_agent_settings settings;

  uint32_t capacity_frames;
  int16_t *input;        /* [capacity_frames * 480] */
  int16_t *output;       /* [capacity_frames * 480] */
  uint32_t *call_times;  /* [capacity_frames], ns */
  uint32_t *wake_ups;    /* [capacity_frames], ns from when a paced call was due to its begin */
  uint32_t *stage_times; /* [capacity_frames][7], ns */
  pn_agent_counts *call_counts;  /* [capacity_frames]; NULL: no counters */
  pn_agent_counts *stage_counts; /* [capacity_frames][7]; NULL: no counters */
  uint32_t calls;        /* of the latest run */
  uint32_t *stage_row;   /* of the call in progress */
  uint64_t stage_start_ns;
  pn_agent_counts *stage_counts_row; /* of the call in progress */
  pn_agent_counts stage_start_counts;
  pn_agent_flash flash;

  uint16_t session; /* 0: nobody has identified yet */
  unsigned damaged_in_a_row;
  bool link_lost;
  bool finished; /* GOODBYE received */
  pn_agent_once once;
  uint8_t payload[PN_FRAME_PAYLOAD_MAX];
  uint8_t wire[PN_FRAME_WIRE_MAX];
  pn_frame_receiver receiver;
} pn_agent;

/* Build an agent on the caller's memory (16-byte aligned, kept while the agent lives): the
 * library's state first, audio in the rest. kernel is the one until the first CONFIGURE.
 * The result is what pn_init said; with an error the agent still answers IDENTIFY. */
pn_status pn_agent_init(pn_agent *agent, const pn_agent_platform *platform, void *memory,
                        size_t memory_bytes, pn_kernel kernel);

/* Serve requests until GOODBYE (true) or until the link closes (false). */
bool pn_agent_serve(pn_agent *agent);

#endif
