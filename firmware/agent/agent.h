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
  uint32_t clock_resolution_ns;
  uint32_t receive_buffer_bytes; /* that the link holds while the agent is busy, >= 4 KiB */
  const char *cpu_name;
  const char *cpu_arch;
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
} pn_agent_settings;

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
  uint32_t *stage_times; /* [capacity_frames][7], ns */
  uint32_t calls;        /* of the latest run */
  uint32_t *stage_row;   /* of the call in progress */
  uint64_t stage_start_ns;

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
