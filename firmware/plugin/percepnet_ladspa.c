/* SPDX-License-Identifier: Apache-2.0 */
/* LADSPA plugin percepnet_mono: the denoiser as live effect, one channel an instance. */
#include <ladspa.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "hop_fifo.h"
#include "percepnet/percepnet.h"
#include "voice_gate.h"

/* Hosts want it to be below 0x1000000 and the only one; no registry gives numbers any more. */
#define UNIQUE_ID 4834480
#define LATENCY_SAMPLES (PN_HOP_FIFO_DELAY_SAMPLES + PN_DELAY_SAMPLES)

enum {
  PORT_INPUT,
  PORT_OUTPUT,
  PORT_LIMIT,
  PORT_GATE,
  PORT_LATENCY,
  PORT_VOICE,
  PORT_COUNT
};

typedef struct plugin {
  LADSPA_Data *ports[PORT_COUNT];
  pn_state *state;
  int32_t voice_q15;
  pn_hop_fifo fifo;
  pn_voice_gate gate;
} plugin;

/* Value of a control input within 0..most; the default when unconnected or no number. */
static float control(const plugin *self, int port, float most, float standard) {
  const LADSPA_Data *value = self->ports[port];
  if (value == NULL || isnan(*value)) return standard;
  return *value < 0.0f ? 0.0f : *value > most ? most : *value;
}

static void clean_hop(plugin *self) {
  const int limit_db = (int)lrintf(control(self, PORT_LIMIT, 100.0f, 100.0f));
  const int32_t threshold_q15 = (int32_t)lrintf(control(self, PORT_GATE, 1.0f, 0.0f) * 32768.0f);
  pn_frame_info info;
  pn_set_attenuation_limit_db(self->state, limit_db);
  pn_process_frame(self->state, self->fifo.in, self->fifo.out, &info);
  self->voice_q15 = info.voice_probability_q15;
  pn_voice_gate_process(&self->gate, self->fifo.in, self->fifo.out, self->voice_q15, threshold_q15,
                        limit_db);
}

static void run(LADSPA_Handle handle, unsigned long samples) {
  plugin *self = handle;
  const LADSPA_Data *in = self->ports[PORT_INPUT];
  LADSPA_Data *out = self->ports[PORT_OUTPUT];
  if (in == NULL || out == NULL) return;
  while (samples > 0) {
    const size_t part = pn_hop_fifo_pass(&self->fifo, in, out, samples);
    in += part;
    out += part;
    samples -= part;
    if (pn_hop_fifo_is_complete(&self->fifo)) {
      clean_hop(self);
      pn_hop_fifo_next(&self->fifo);
    }
  }
  if (self->ports[PORT_LATENCY] != NULL) *self->ports[PORT_LATENCY] = LATENCY_SAMPLES;
  if (self->ports[PORT_VOICE] != NULL) {
    *self->ports[PORT_VOICE] = (LADSPA_Data)self->voice_q15 / 32768.0f;
  }
}

static void connect_port(LADSPA_Handle handle, unsigned long port, LADSPA_Data *data) {
  plugin *self = handle;
  if (port < PORT_COUNT) self->ports[port] = data;
}

static void activate(LADSPA_Handle handle) {
  plugin *self = handle;
  pn_reset(self->state);
  pn_hop_fifo_reset(&self->fifo);
  pn_voice_gate_reset(&self->gate);
  self->voice_q15 = 0;
}

static LADSPA_Handle instantiate(const LADSPA_Descriptor *descriptor, unsigned long rate_hz) {
  (void)descriptor;
  if (rate_hz != PN_SAMPLE_RATE) {
    fprintf(stderr,
            "percepnet_ladspa: the host runs at %lu Hz, this plugin at 48000 Hz only: set the host"
            " to 48000 Hz (PipeWire: audio.rate = 48000)\n",
            rate_hz);
    return NULL;
  }
  plugin *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  const pn_status status = pn_create(NULL, &self->state);
  if (status != PN_OK) {
    fprintf(stderr, "percepnet_ladspa: %s\n", pn_error_string(status));
    free(self);
    return NULL;
  }
  activate(self);
  return self;
}

static void cleanup(LADSPA_Handle handle) {
  plugin *self = handle;
  pn_destroy(self->state);
  free(self);
}

static const LADSPA_PortDescriptor port_descriptors[PORT_COUNT] = {
    [PORT_INPUT] = LADSPA_PORT_INPUT | LADSPA_PORT_AUDIO,
    [PORT_OUTPUT] = LADSPA_PORT_OUTPUT | LADSPA_PORT_AUDIO,
    [PORT_LIMIT] = LADSPA_PORT_INPUT | LADSPA_PORT_CONTROL,
    [PORT_GATE] = LADSPA_PORT_INPUT | LADSPA_PORT_CONTROL,
    [PORT_LATENCY] = LADSPA_PORT_OUTPUT | LADSPA_PORT_CONTROL,
    [PORT_VOICE] = LADSPA_PORT_OUTPUT | LADSPA_PORT_CONTROL,
};

/* Hosts know the latency by its name. */
static const char *const port_names[PORT_COUNT] = {
    [PORT_INPUT] = "Input",
    [PORT_OUTPUT] = "Output",
    [PORT_LIMIT] = "Attenuation limit (dB)",
    [PORT_GATE] = "Voice gate",
    [PORT_LATENCY] = "latency",
    [PORT_VOICE] = "Voice probability",
};

#define BOUNDED (LADSPA_HINT_BOUNDED_BELOW | LADSPA_HINT_BOUNDED_ABOVE)

static const LADSPA_PortRangeHint port_hints[PORT_COUNT] = {
    [PORT_LIMIT] = {BOUNDED | LADSPA_HINT_INTEGER | LADSPA_HINT_DEFAULT_MAXIMUM, 0.0f, 100.0f},
    [PORT_GATE] = {BOUNDED | LADSPA_HINT_DEFAULT_MINIMUM, 0.0f, 1.0f},
    [PORT_LATENCY] = {BOUNDED | LADSPA_HINT_INTEGER, 0.0f, LATENCY_SAMPLES},
    [PORT_VOICE] = {BOUNDED, 0.0f, 1.0f},
};

static const LADSPA_Descriptor mono = {
    .UniqueID = UNIQUE_ID,
    .Label = "percepnet_mono",
    .Properties = LADSPA_PROPERTY_HARD_RT_CAPABLE,
    .Name = "PercepNet speech denoiser",
    .Maker = "PercepNet kit",
    .Copyright = "Apache-2.0",
    .PortCount = PORT_COUNT,
    .PortDescriptors = port_descriptors,
    .PortNames = port_names,
    .PortRangeHints = port_hints,
    .instantiate = instantiate,
    .connect_port = connect_port,
    .activate = activate,
    .run = run,
    .cleanup = cleanup,
};

__attribute__((visibility("default"))) const LADSPA_Descriptor *ladspa_descriptor(
    unsigned long index) {
  return index == 0 ? &mono : NULL;
}
