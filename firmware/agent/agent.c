/* SPDX-License-Identifier: Apache-2.0 */
#include "agent.h"

#include "commands.h"
#include "stage_marks.h"

#define BYTES_PER_FRAME (2u * PN_FRAME_SAMPLES * sizeof(int16_t) + (2u + PN_STAGE_COUNT) * 4u)
#define COUNTS_PER_FRAME ((1u + PN_STAGE_COUNT) * sizeof(pn_agent_counts))
#if defined(__clang__)
#define PN_COMPILER __VERSION__
#elif defined(__GNUC__)
#define PN_COMPILER "GCC " __VERSION__
#else
#define PN_COMPILER "unknown"
#endif

static uint32_t pn_agent_kernels_compiled(void) {
  uint32_t mask = 1u << PN_KERNEL_SCALAR;
#ifdef PN_HAVE_NEON
  mask |= 1u << PN_KERNEL_NEON;
#endif
#ifdef PN_HAVE_DOTPROD
  mask |= 1u << PN_KERNEL_DOTPROD;
#endif
#ifdef PN_HAVE_I8MM
  mask |= 1u << PN_KERNEL_I8MM;
#endif
#ifdef PN_HAVE_AVX2
  mask |= 1u << PN_KERNEL_AVX2;
#endif
#ifdef PN_HAVE_AVX512VNNI
  mask |= 1u << PN_KERNEL_AVX512VNNI;
#endif
  return mask;
}

/* The kernel is chosen before the model is looked at, so an empty image tells without the time
 * that checking a real one takes. */
static bool pn_agent_kernel_runs(pn_kernel kernel) {
  static const _Alignas(16) uint64_t no_image[2] = {0, 0};
  _Alignas(16) uint64_t memory[2] = {0, 0};
  pn_config config;
  pn_state *state = NULL;
  pn_config_init(&config);
  config.kernel = kernel;
  config.model_image = no_image;
  config.model_bytes = sizeof no_image;
  return pn_init(memory, sizeof memory, &config, &state) != PN_ERROR_KERNEL;
}

static void pn_agent_on_stage(void *user, pn_stage finished) {
  pn_agent *agent = user;
  pn_agent_mark_stage(finished);
  if (agent->settings.stage_times && agent->stage_row != NULL && finished < PN_STAGE_COUNT) {
    const uint64_t now = agent->platform->clock_ns(agent->platform->user);
    agent->stage_row[finished] += (uint32_t)(now - agent->stage_start_ns);
    agent->stage_start_ns = now;
  }
  if (agent->settings.stage_counters && agent->stage_counts_row != NULL &&
      finished < PN_STAGE_COUNT) {
    const pn_agent_counts now = pn_agent_counts_now(agent);
    pn_agent_counts *row = &agent->stage_counts_row[finished];
    row->instructions += now.instructions - agent->stage_start_counts.instructions;
    row->cycles += now.cycles - agent->stage_start_counts.cycles;
    agent->stage_start_counts = pn_agent_counts_now(agent);
  }
}

pn_agent_counts pn_agent_counts_now(const pn_agent *agent) {
  pn_agent_counts counts = {0, 0};
  const pn_agent_platform *platform = agent->platform;
  if (platform->read_counters != NULL) {
    platform->read_counters(platform->user, &counts.instructions, &counts.cycles);
  }
  return counts;
}

/* Share what the state leaves over among input, output and times. */
static void pn_agent_lay_out(pn_agent *agent) {
  const size_t left = agent->memory_bytes - agent->state_bytes;
  const bool counters = agent->platform->read_counters != NULL;
  size_t frames = left / (BYTES_PER_FRAME + (counters ? COUNTS_PER_FRAME : 0u));
  if (frames > UINT32_MAX / (PN_FRAME_SAMPLES * sizeof(int16_t))) {
    frames = UINT32_MAX / (PN_FRAME_SAMPLES * sizeof(int16_t));
  }
  frames -= frames % 2; /* whole packets, and every part stays 8-byte aligned */
  uint8_t *at = agent->memory + agent->state_bytes;
  agent->capacity_frames = (uint32_t)frames;
  agent->input = (int16_t *)(void *)at;
  agent->output = agent->input + frames * PN_FRAME_SAMPLES;
  agent->call_times = (uint32_t *)(void *)(agent->output + frames * PN_FRAME_SAMPLES);
  agent->wake_ups = agent->call_times + frames;
  agent->stage_times = agent->wake_ups + frames;
  if (counters) {
    agent->call_counts = (pn_agent_counts *)(void *)(agent->stage_times + frames * PN_STAGE_COUNT);
    agent->stage_counts = agent->call_counts + frames;
  }
  agent->calls = 0;
}

static void pn_agent_fill_config(const pn_agent *agent, pn_kernel kernel, pn_config *config) {
  pn_config_init(config);
  config->kernel = kernel;
  config->model_image = agent->platform->model_image;
  config->model_bytes = agent->platform->model_bytes;
}

static pn_status pn_agent_build_state(pn_agent *agent, pn_kernel kernel) {
  pn_config config;
  pn_agent_fill_config(agent, kernel, &config);
  agent->state = NULL;
  return pn_init(agent->memory, agent->state_bytes, &config, &agent->state);
}

pn_status pn_agent_apply(pn_agent *agent, const pn_agent_settings *settings) {
  pn_status status = PN_OK;
  if (agent->state == NULL || settings->kernel != agent->settings.kernel) {
    status = pn_agent_build_state(agent, settings->kernel);
  }
  agent->settings = *settings;
  const bool hook = settings->stage_times || settings->stage_marks || settings->stage_counters;
  if (status == PN_OK) status = pn_reset(agent->state);
  if (status == PN_OK) {
    status = pn_set_attenuation_limit_db(agent->state, settings->attenuation_limit_db);
  }
  if (status == PN_OK) status = pn_set_bypass(agent->state, settings->bypass ? 1 : 0);
  if (status == PN_OK) {
    status = pn_set_stage_hook(agent->state, hook ? pn_agent_on_stage : NULL, agent);
  }
  if (status != PN_OK) agent->state = NULL;
  agent->library_status = status;
  return status;
}

pn_status pn_agent_init(pn_agent *agent, const pn_agent_platform *platform, void *memory,
                        size_t memory_bytes, pn_kernel kernel) {
  memset(agent, 0, sizeof *agent);
  agent->platform = platform;
  agent->memory = memory;
  agent->memory_bytes = memory_bytes;
  pn_config config;
  pn_agent_fill_config(agent, PN_KERNEL_AUTO, &config);
  const size_t state_bytes = (pn_state_size(&config) + 15u) & ~(size_t)15u;
  if (state_bytes <= memory_bytes) agent->state_bytes = state_bytes;
  pn_agent_lay_out(agent);

  for (int k = PN_KERNEL_SCALAR; k <= PN_KERNEL_AVX512VNNI; ++k) {
    if (pn_agent_kernel_runs((pn_kernel)k)) agent->kernels_available |= 1u << k;
  }
  const pn_agent_settings settings = {.kernel = kernel, .attenuation_limit_db = 100};
  return pn_agent_apply(agent, &settings);
}

pn_agent_status pn_agent_library_error(pn_writer *answer, pn_status status) {
  pn_put_u32(answer, (uint32_t)status);
  pn_put_string(answer, pn_error_string(status));
  return PN_AGENT_LIBRARY;
}

static pn_agent_status pn_agent_identify(const pn_agent *agent, pn_writer *answer) {
  const pn_agent_platform *platform = agent->platform;
  unsigned abilities = PN_ABILITY_PACING;
  if (platform->cpu_clock_ns != NULL) abilities |= PN_ABILITY_CPU_CLOCK;
  if (platform->read_counters != NULL) abilities |= PN_ABILITY_COUNTERS;
  if (platform->image_begin != NULL) abilities |= PN_ABILITY_FLASH;
  if (platform->read_file != NULL) abilities |= PN_ABILITY_READINGS;
  pn_put_u32(answer, PN_FRAME_PAYLOAD_MAX);
  pn_put_u32(answer, platform->receive_buffer_bytes);
  pn_put_u32(answer, agent->capacity_frames);
  pn_put_u32(answer, (uint32_t)agent->state_bytes);
  pn_put_u32(answer, platform->clock_resolution_ns);
  pn_put_u32(answer, abilities);
  pn_put_u32(answer, (uint32_t)pn_sample_rate());
  pn_put_u16(answer, (unsigned)pn_frame_samples());
  pn_put_u16(answer, (unsigned)pn_delay_samples());
  pn_put_u32(answer, pn_agent_kernels_compiled());
  pn_put_u32(answer, agent->kernels_available);
  pn_put_u32(answer, (uint32_t)agent->library_status);
  pn_put_string(answer, pn_version());
  pn_put_string(answer, pn_kernel_name(agent->state));
  pn_put_string(answer, pn_model_digest(agent->state));
  pn_put_string(answer, platform->cpu_arch);
  pn_put_string(answer, platform->cpu_name);
  pn_put_string(answer, PN_COMPILER);
  pn_put_string(answer, pn_error_string(agent->library_status));
  pn_put_string(answer, platform->build_id);
  pn_put_string(answer, platform->name);
  return PN_AGENT_OK;
}

static pn_agent_status pn_agent_configure(pn_agent *agent, pn_reader *request, pn_writer *answer) {
  pn_agent_settings settings = {.kernel = PN_KERNEL_AUTO};
  settings.kernel = (pn_kernel)pn_take_u8(request);
  settings.attenuation_limit_db = pn_take_u8(request);
  const unsigned flags = pn_take_u8(request);
  if (request->underflow) return PN_AGENT_BAD_LENGTH;
  settings.bypass = (flags & PN_SETTING_BYPASS) != 0;
  settings.packets = (flags & PN_SETTING_PACKETS) != 0;
  settings.stage_times = (flags & PN_SETTING_STAGE_TIMES) != 0;
  settings.stage_marks = (flags & PN_SETTING_STAGE_MARKS) != 0;
  settings.stage_counters = (flags & PN_SETTING_STAGE_COUNTERS) != 0;
  const pn_status status = pn_agent_apply(agent, &settings);
  if (status != PN_OK) return pn_agent_library_error(answer, status);
  pn_put_string(answer, pn_kernel_name(agent->state));
  pn_put_string(answer, pn_model_digest(agent->state));
  return PN_AGENT_OK;
}

static pn_agent_status pn_agent_reset(const pn_agent *agent, pn_writer *answer) {
  if (agent->state == NULL) return pn_agent_library_error(answer, agent->library_status);
  const pn_status status = pn_reset(agent->state);
  return status == PN_OK ? PN_AGENT_OK : pn_agent_library_error(answer, status);
}

static pn_agent_status pn_agent_upload(const pn_agent *agent, pn_reader *request) {
  const uint32_t offset = pn_take_u32(request);
  if (request->underflow) return PN_AGENT_BAD_LENGTH;
  const size_t room = (size_t)agent->capacity_frames * PN_FRAME_SAMPLES * sizeof(int16_t);
  if (offset > room || request->left > room - offset) return PN_AGENT_OUT_OF_RANGE;
  if (request->left > 0) memcpy((uint8_t *)agent->input + offset, request->bytes, request->left);
  return PN_AGENT_OK;
}

static pn_agent_status pn_agent_download(const pn_agent *agent, pn_reader *request,
                                         pn_writer *answer) {
  const unsigned region = pn_take_u8(request);
  const uint32_t offset = pn_take_u32(request);
  const size_t count = pn_take_u16(request);
  if (request->underflow) return PN_AGENT_BAD_LENGTH;
  const uint8_t *source = NULL;
  size_t size = 0;
  if (region == PN_REGION_OUTPUT) {
    source = (const uint8_t *)agent->output;
    size = (size_t)agent->capacity_frames * PN_FRAME_SAMPLES * sizeof(int16_t);
  } else if (region == PN_REGION_CALL_TIMES) {
    source = (const uint8_t *)agent->call_times;
    size = (size_t)agent->calls * sizeof(uint32_t);
  } else if (region == PN_REGION_WAKE_UPS) {
    source = (const uint8_t *)agent->wake_ups;
    size = (size_t)agent->calls * sizeof(uint32_t);
  } else if (region == PN_REGION_STAGE_TIMES) {
    source = (const uint8_t *)agent->stage_times;
    size = (size_t)agent->calls * PN_STAGE_COUNT * sizeof(uint32_t);
  } else if (region == PN_REGION_CALL_COUNTS && agent->call_counts != NULL) {
    source = (const uint8_t *)agent->call_counts;
    size = (size_t)agent->calls * sizeof(pn_agent_counts);
  } else if (region == PN_REGION_STAGE_COUNTS && agent->stage_counts != NULL) {
    source = (const uint8_t *)agent->stage_counts;
    size = (size_t)agent->calls * PN_STAGE_COUNT * sizeof(pn_agent_counts);
  }
  if (offset > size || count > size - offset) return PN_AGENT_OUT_OF_RANGE;
  if (count > PN_FRAME_PAYLOAD_MAX - 8u) return PN_AGENT_OUT_OF_RANGE;
  pn_put_u8(answer, region);
  pn_put_u8(answer, 0);
  pn_put_u16(answer, (unsigned)count);
  pn_put_u32(answer, offset);
  if (count > 0) pn_put_bytes(answer, source + offset, count);
  return PN_AGENT_OK;
}

pn_agent_status pn_agent_execute(pn_agent *agent, const pn_frame *frame, pn_writer *answer) {
  pn_reader request = {frame->payload, frame->payload_bytes, false};
  switch (frame->type) {
    case PN_COMMAND_IDENTIFY: return pn_agent_identify(agent, answer);
    case PN_COMMAND_CONFIGURE: return pn_agent_configure(agent, &request, answer);
    case PN_COMMAND_RESET: return pn_agent_reset(agent, answer);
    case PN_COMMAND_UPLOAD: return pn_agent_upload(agent, &request);
    case PN_COMMAND_RUN: return pn_agent_run(agent, frame->sequence, &request, answer);
    case PN_COMMAND_DOWNLOAD: return pn_agent_download(agent, &request, answer);
    case PN_COMMAND_STREAM: return pn_agent_stream(agent, &request, answer);
    case PN_COMMAND_GOODBYE: agent->finished = true; return PN_AGENT_OK;
    case PN_COMMAND_FLASH_BEGIN:
    case PN_COMMAND_FLASH_BLOCKS:
    case PN_COMMAND_FLASH_WRITE:
    case PN_COMMAND_FLASH_COMMIT:
      return pn_agent_flash_command(agent, frame->type, &request, answer);
    case PN_COMMAND_READ_FILE:
    case PN_COMMAND_LIST_FOLDER:
    case PN_COMMAND_FIRMWARE_QUERY:
      return pn_agent_readings(agent, frame->type, &request, answer);
    default: return PN_AGENT_UNKNOWN_COMMAND;
  }
}
