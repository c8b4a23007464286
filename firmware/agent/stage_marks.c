/* SPDX-License-Identifier: Apache-2.0 */
#include "stage_marks.h"

#if defined(__GNUC__) || defined(__clang__)
#define PN_KEEP __attribute__((noinline, used))
#else
#define PN_KEEP
#endif

/* Each mark stores another number: equal bodies would be folded into one address. */
static volatile int last_mark;

PN_KEEP void pn_mark_frame(void) { last_mark = 100; }
PN_KEEP void pn_mark_analysis(void) { last_mark = PN_STAGE_ANALYSIS; }
PN_KEEP void pn_mark_pitch(void) { last_mark = PN_STAGE_PITCH; }
PN_KEEP void pn_mark_comb(void) { last_mark = PN_STAGE_COMB; }
PN_KEEP void pn_mark_features(void) { last_mark = PN_STAGE_FEATURES; }
PN_KEEP void pn_mark_network(void) { last_mark = PN_STAGE_NETWORK; }
PN_KEEP void pn_mark_gains(void) { last_mark = PN_STAGE_GAINS; }
PN_KEEP void pn_mark_synthesis(void) { last_mark = PN_STAGE_SYNTHESIS; }

void pn_agent_mark_stage(pn_stage finished) {
  switch (finished) {
    case PN_STAGE_ANALYSIS: pn_mark_analysis(); break;
    case PN_STAGE_PITCH: pn_mark_pitch(); break;
    case PN_STAGE_COMB: pn_mark_comb(); break;
    case PN_STAGE_FEATURES: pn_mark_features(); break;
    case PN_STAGE_NETWORK: pn_mark_network(); break;
    case PN_STAGE_GAINS: pn_mark_gains(); break;
    case PN_STAGE_SYNTHESIS: pn_mark_synthesis(); break;
    case PN_STAGE_COUNT: break;
  }
}
