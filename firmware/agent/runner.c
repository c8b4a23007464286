/* SPDX-License-Identifier: Apache-2.0 */
/* RUN (audio from memory, unpaced or in real time) and STREAM (one live hop). */
#include "commands.h"
#include "crc32.h"
#include "stage_marks.h"

#define NS_PER_MS 1000000u

typedef struct pn_run_request {
  uint32_t frames;
  uint32_t input_crc;
  unsigned pace_ms; /* 0, 10 or 20 */
  unsigned progress_ms; /* 0: no progress notices */
} pn_run_request;

typedef struct pn_run_totals {
  uint32_t done_frames;
  uint32_t deadline_misses;
} pn_run_totals;

static uint64_t pn_agent_now(const pn_agent *agent) {
  return agent->platform->clock_ns(agent->platform->user);
}

static uint64_t pn_agent_cpu_now(const pn_agent *agent) {
  const pn_agent_platform *platform = agent->platform;
  return platform->cpu_clock_ns == NULL ? 0 : platform->cpu_clock_ns(platform->user);
}

static void pn_agent_sleep_until(const pn_agent *agent, uint64_t deadline_ns) {
  const pn_agent_platform *platform = agent->platform;
  if (platform->sleep_until_ns != NULL) platform->sleep_until_ns(platform->user, deadline_ns);
  while (pn_agent_now(agent) < deadline_ns) {
  }
}

static uint32_t pn_agent_saturate_ns(uint64_t ns) {
  return ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

/* One timed library call on 1 or 2 frames; *end_ns receives the clock after it, *counts the
 * counters' differences. */
static pn_status pn_agent_call(pn_agent *agent, const int16_t *in, int16_t *out, unsigned frames,
                               pn_frame_info *info, uint64_t *end_ns, uint32_t *time_ns,
                               pn_agent_counts *counts) {
  const uint64_t start_ns = pn_agent_now(agent);
  const pn_agent_counts start = pn_agent_counts_now(agent);
  agent->stage_start_ns = start_ns;
  agent->stage_start_counts = start;
  pn_mark_frame();
  const pn_status status = frames == 2 ? pn_process_packet(agent->state, in, out, info)
                                       : pn_process_frame(agent->state, in, out, info);
  const pn_agent_counts end = pn_agent_counts_now(agent);
  counts->instructions = end.instructions - start.instructions;
  counts->cycles = end.cycles - start.cycles;
  *end_ns = pn_agent_now(agent);
  *time_ns = pn_agent_saturate_ns(*end_ns - start_ns);
  return status;
}

static void pn_agent_report_progress(pn_agent *agent, uint16_t sequence, uint32_t done,
                                     uint32_t all) {
  uint8_t bytes[8];
  pn_writer payload = {bytes, sizeof bytes, 0, false};
  pn_put_u32(&payload, done);
  pn_put_u32(&payload, all);
  pn_agent_send(agent, PN_NOTICE_PROGRESS, sequence, PN_AGENT_OK, bytes, payload.used);
}

static void pn_agent_count_stages_of(pn_agent *agent, uint32_t call) {
  if (agent->stage_counts == NULL) return;
  agent->stage_counts_row = agent->stage_counts + (size_t)call * PN_STAGE_COUNT;
  memset(agent->stage_counts_row, 0, PN_STAGE_COUNT * sizeof(pn_agent_counts));
}

/* CRC-32 of so many counts; 0 without counters. */
static uint32_t pn_agent_counts_crc(const pn_agent_counts *counts, size_t count) {
  return counts == NULL ? 0 : pn_crc32(0, counts, count * sizeof *counts);
}

/* All frames of a run. Frame i of a paced run is handed out when it would have been recorded and
 * must be done before the next period begins. */
static pn_status pn_agent_run_frames(pn_agent *agent, const pn_run_request *run, uint16_t sequence,
                                     pn_run_totals *totals) {
  const uint64_t start_ns = pn_agent_now(agent);
  const uint64_t period_ns = (uint64_t)run->pace_ms * NS_PER_MS;
  const uint32_t frames_per_period = run->pace_ms / 10u;
  uint64_t reported_ns = start_ns;
  while (totals->done_frames < run->frames && !agent->link_lost) {
    const uint32_t frame = totals->done_frames;
    const unsigned step = agent->settings.packets && run->frames - frame >= 2 ? 2 : 1;
    const uint64_t period = period_ns == 0 ? 0 : frame / frames_per_period;
    agent->wake_ups[agent->calls] = 0;
    if (period_ns != 0) {
      const uint64_t due_ns = start_ns + period * period_ns;
      pn_agent_sleep_until(agent, due_ns);
      agent->wake_ups[agent->calls] = pn_agent_saturate_ns(pn_agent_now(agent) - due_ns);
    }

    const size_t at = (size_t)frame * PN_FRAME_SAMPLES;
    agent->stage_row = agent->stage_times + (size_t)agent->calls * PN_STAGE_COUNT;
    memset(agent->stage_row, 0, PN_STAGE_COUNT * sizeof(uint32_t));
    pn_agent_count_stages_of(agent, agent->calls);
    uint64_t end_ns = 0;
    pn_agent_counts counts = {0, 0};
    const pn_status status = pn_agent_call(agent, agent->input + at, agent->output + at, step, NULL,
                                           &end_ns, &agent->call_times[agent->calls], &counts);
    if (agent->call_counts != NULL) agent->call_counts[agent->calls] = counts;
    agent->stage_row = NULL;
    agent->stage_counts_row = NULL;
    if (status != PN_OK) return status;
    agent->calls += 1;
    totals->done_frames += step;
    if (period_ns != 0 && end_ns > start_ns + (period + 1) * period_ns) {
      totals->deadline_misses += 1;
    }
    if (run->progress_ms != 0 &&
        end_ns - reported_ns >= (uint64_t)run->progress_ms * NS_PER_MS) {
      pn_agent_report_progress(agent, sequence, totals->done_frames, run->frames);
      reported_ns = end_ns;
    }
  }
  return PN_OK;
}

pn_agent_status pn_agent_run(pn_agent *agent, uint16_t sequence, pn_reader *request,
                             pn_writer *answer) {
  pn_run_request run;
  run.frames = pn_take_u32(request);
  run.input_crc = pn_take_u32(request);
  run.pace_ms = pn_take_u16(request);
  run.progress_ms = pn_take_u16(request);
  if (request->underflow) return PN_AGENT_BAD_LENGTH;
  if (agent->state == NULL) return pn_agent_library_error(answer, agent->library_status);
  if (run.frames > agent->capacity_frames || run.pace_ms % 10u != 0 || run.pace_ms > 20 ||
      (run.pace_ms == 10 && agent->settings.packets)) {
    return PN_AGENT_OUT_OF_RANGE;
  }
  const size_t bytes = (size_t)run.frames * PN_FRAME_SAMPLES * sizeof(int16_t);
  if (pn_crc32(0, agent->input, bytes) != run.input_crc) return PN_AGENT_INPUT_DIFFERS;

  agent->calls = 0;
  pn_run_totals totals = {0, 0};
  const uint64_t wall_start = pn_agent_now(agent);
  const uint64_t cpu_start = pn_agent_cpu_now(agent);
  const pn_status status = pn_agent_run_frames(agent, &run, sequence, &totals);
  const uint64_t cpu_ns = pn_agent_cpu_now(agent) - cpu_start;
  const uint64_t wall_ns = pn_agent_now(agent) - wall_start;
  if (status != PN_OK) return pn_agent_library_error(answer, status);

  const size_t stage_bytes = (size_t)agent->calls * PN_STAGE_COUNT * sizeof(uint32_t);
  pn_put_u32(answer, totals.done_frames);
  pn_put_u32(answer, agent->calls);
  pn_put_u32(answer, totals.deadline_misses);
  pn_put_u32(answer, pn_crc32(0, agent->output, bytes));
  pn_put_u32(answer, pn_crc32(0, agent->call_times, (size_t)agent->calls * sizeof(uint32_t)));
  pn_put_u32(answer, pn_crc32(0, agent->stage_times, stage_bytes));
  pn_put_u64(answer, wall_ns);
  pn_put_u64(answer, cpu_ns);
  pn_put_u32(answer, pn_agent_counts_crc(agent->call_counts, agent->calls));
  pn_put_u32(answer, pn_agent_counts_crc(agent->stage_counts,
                                         (size_t)agent->calls * PN_STAGE_COUNT));
  pn_put_u32(answer, pn_crc32(0, agent->wake_ups, (size_t)agent->calls * sizeof(uint32_t)));
  return PN_AGENT_OK;
}

pn_agent_status pn_agent_stream(pn_agent *agent, pn_reader *request, pn_writer *answer) {
  const size_t samples = request->left / sizeof(int16_t);
  if (request->left % sizeof(int16_t) != 0 ||
      (samples != PN_FRAME_SAMPLES && samples != PN_PACKET_SAMPLES)) {
    return PN_AGENT_BAD_LENGTH;
  }
  if (agent->state == NULL) return pn_agent_library_error(answer, agent->library_status);
  int16_t pcm[PN_PACKET_SAMPLES];
  memcpy(pcm, request->bytes, request->left);
  pn_frame_info info[2];
  memset(info, 0, sizeof info);
  const unsigned frames = samples == PN_PACKET_SAMPLES ? 2 : 1;
  uint64_t end_ns = 0;
  uint32_t time_ns = 0;
  pn_agent_counts counts = {0, 0};
  agent->stage_row = NULL;
  agent->stage_counts_row = NULL;
  const pn_status status = pn_agent_call(agent, pcm, pcm, frames, info, &end_ns, &time_ns, &counts);
  if (status != PN_OK) return pn_agent_library_error(answer, status);
  const pn_frame_info *last = &info[frames - 1];
  pn_put_u32(answer, time_ns);
  pn_put_u32(answer, (uint32_t)last->voice_probability_q15);
  pn_put_u32(answer, (uint32_t)last->pitch_period_samples);
  pn_put_bytes(answer, pcm, samples * sizeof(int16_t));
  return PN_AGENT_OK;
}
