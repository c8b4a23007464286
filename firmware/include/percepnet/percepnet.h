/* SPDX-License-Identifier: Apache-2.0 */
/* PercepNet: real-time suppression of noise and reverberation in speech, integers only.
 *
 * One pn_state is one channel and may be used by one thread at a time; different states are
 * independent. After pn_create/pn_init nothing allocates, locks, does I/O or reads a clock.
 * Audio is 48 kHz mono signed 16-bit; the output is the input delayed by pn_delay_samples()
 * (1440 samples, 30 ms), cleaned. Every function accepts NULL where it says so and reports
 * an error instead of crashing. */
#ifndef PERCEPNET_PERCEPNET_H
#define PERCEPNET_PERCEPNET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(PN_BUILD_SHARED) && (defined(__GNUC__) || defined(__clang__))
#define PN_API __attribute__((visibility("default")))
#else
#define PN_API
#endif

#define PN_VERSION_MAJOR 0
#define PN_VERSION_MINOR 1
#define PN_VERSION_PATCH 0

#define PN_SAMPLE_RATE 48000
#define PN_FRAME_SAMPLES 480  /* 10 ms */
#define PN_PACKET_SAMPLES 960 /* 20 ms: two frames, as in an Opus packet */
#define PN_DELAY_SAMPLES 1440 /* 10 ms of overlap and 20 ms of network look-ahead */
#define PN_BANDS 34

typedef struct pn_state pn_state;

typedef enum pn_status {
  PN_OK = 0,
  PN_ERROR_NULL = -1,               /* a required pointer was NULL */
  PN_ERROR_SIZE = -2,               /* memory block too small or struct_size unknown */
  PN_ERROR_ALIGNMENT = -3,          /* memory block not aligned to 16 bytes */
  PN_ERROR_NO_MEMORY = -4,          /* pn_create could not allocate */
  PN_ERROR_RANGE = -5,              /* argument outside its documented range */
  PN_ERROR_KERNEL = -6,             /* forced kernel not built in or not supported by this CPU */
  PN_ERROR_NO_MODEL = -7,           /* no image given and none embedded in this build */
  PN_ERROR_MODEL_TRUNCATED = -8,    /* image shorter than its header says */
  PN_ERROR_MODEL_MAGIC = -9,        /* not a model image */
  PN_ERROR_MODEL_VERSION = -10,     /* image of another format version */
  PN_ERROR_MODEL_TOPOLOGY = -11,    /* sizes that this library cannot run */
  PN_ERROR_MODEL_CHECKSUM = -12,    /* image damaged: CRC-32 differs */
  PN_ERROR_MODEL_ALIGNMENT = -13    /* image not aligned to 16 bytes */
} pn_status;

typedef enum pn_kernel {
  PN_KERNEL_AUTO = 0, /* the fastest that this CPU runs */
  PN_KERNEL_SCALAR = 1,
  PN_KERNEL_NEON = 2,    /* ARMv7 with NEON, or ARMv8.0 */
  PN_KERNEL_DOTPROD = 3, /* ARMv8.2 SDOT */
  PN_KERNEL_I8MM = 4,    /* ARMv8.6 SMMLA */
  PN_KERNEL_AVX2 = 5,
  PN_KERNEL_AVX512VNNI = 6
} pn_kernel;

/* Processing stages, in the order in which a frame passes through them. */
typedef enum pn_stage {
  PN_STAGE_ANALYSIS = 0,  /* window, FFT, band energies */
  PN_STAGE_PITCH = 1,     /* correlation, Viterbi search, refinement */
  PN_STAGE_COMB = 2,      /* comb filter, its window and FFT, coherence */
  PN_STAGE_FEATURES = 3,  /* the 70 network inputs */
  PN_STAGE_NETWORK = 4,   /* convolution and GRU layers */
  PN_STAGE_GAINS = 5,     /* post-filter, pitch filter, band rescale */
  PN_STAGE_SYNTHESIS = 6, /* inverse FFT, window, overlap-add */
  PN_STAGE_COUNT = 7
} pn_stage;

/* Called at the end of each stage when set; lets a program time stages with its own clock. */
typedef void (*pn_stage_hook)(void *user, pn_stage finished);

typedef struct pn_config {
  size_t struct_size;      /* sizeof(pn_config), so that the struct can grow */
  const void *model_image; /* NULL: the model embedded at build time; must outlive the state */
  size_t model_bytes;      /* size of model_image; 0 with NULL */
  pn_kernel kernel;        /* PN_KERNEL_AUTO or one to force */
} pn_config;

/* What the library found in one 10 ms frame; describes the frame that leaves the library. */
typedef struct pn_frame_info {
  int32_t voice_probability_q15;  /* 0..32768 */
  int32_t pitch_period_samples;   /* 96..768 at 48 kHz */
  int32_t pitch_correlation_q15;  /* 0..32767 */
  uint16_t gain_q15[PN_BANDS];    /* 0..32768, as the network gave them */
  uint16_t strength_q15[PN_BANDS];/* 0..32768, comb-filter strength */
} pn_frame_info;

/* Fill a config with defaults (embedded model, automatic kernel). NULL is ignored. */
PN_API void pn_config_init(pn_config *config);

/* Bytes that pn_init needs for this config (NULL: defaults); 0 when the config or model is bad. */
PN_API size_t pn_state_size(const pn_config *config);

/* Build a state in the caller's memory (16-byte aligned, >= pn_state_size bytes).
 * *state points into memory; no destroy call is needed. */
PN_API pn_status pn_init(void *memory, size_t memory_bytes, const pn_config *config,
                         pn_state **state);

/* Allocate and build a state; config may be NULL. On error *state is NULL. */
PN_API pn_status pn_create(const pn_config *config, pn_state **state);

/* Free a state made by pn_create; NULL is allowed. */
PN_API void pn_destroy(pn_state *state);

/* Back to the moment after pn_create; settings (attenuation limit, bypass, hook) are kept. */
PN_API pn_status pn_reset(pn_state *state);

/* Clean 480 samples. in and out may be the same buffer; info may be NULL. */
PN_API pn_status pn_process_frame(pn_state *state, const int16_t *in, int16_t *out,
                                  pn_frame_info *info);

/* Clean 960 samples: the bits of two pn_process_frame calls, reading each weight once.
 * in and out may be the same buffer; info is NULL or an array of two. */
PN_API pn_status pn_process_packet(pn_state *state, const int16_t *in, int16_t *out,
                                   pn_frame_info *info);

/* Clean any number of samples (0 allowed) through an internal FIFO that adds 480 samples of
 * delay (pn_process_delay_samples). Do not mix with the frame and packet calls without pn_reset. */
PN_API pn_status pn_process(pn_state *state, const int16_t *in, int16_t *out, size_t samples);

/* Never attenuate by more than limit_db (0..100, 100 = no limit, the default). */
PN_API pn_status pn_set_attenuation_limit_db(pn_state *state, int limit_db);

/* bypass != 0: the output is the input with the same delay, bit for bit; the network keeps
 * running so that switching back is seamless. */
PN_API pn_status pn_set_bypass(pn_state *state, int bypass);

/* Set or (NULL) remove the stage hook. */
PN_API pn_status pn_set_stage_hook(pn_state *state, pn_stage_hook hook, void *user);

PN_API int pn_delay_samples(void);         /* 1440: delay of pn_process_frame and _packet */
PN_API int pn_process_delay_samples(void); /* 1920: delay of pn_process */
PN_API int pn_frame_samples(void);         /* 480 */
PN_API int pn_sample_rate(void);           /* 48000 */
PN_API const char *pn_version(void);       /* "0.1.0" */

/* "scalar", "neon", "dotprod", "i8mm", "avx2", "avx512vnni"; "none" for NULL. */
PN_API const char *pn_kernel_name(const pn_state *state);

/* SHA-256 of the model image in use as 64 hex digits; "" for NULL. */
PN_API const char *pn_model_digest(const pn_state *state);

/* One English line for a status; never NULL. */
PN_API const char *pn_error_string(pn_status status);

#ifdef __cplusplus
}
#endif
#endif
