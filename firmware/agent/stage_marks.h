/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that do nothing but have an address each: an instruction counter outside the
 * program (an emulator plugin, a trace, a debugger) watches them to split a frame into stages.
 * Each is called when its stage has ended; pn_mark_frame before a call into the library. */
#ifndef PN_AGENT_STAGE_MARKS_H
#define PN_AGENT_STAGE_MARKS_H

#include "percepnet/percepnet.h"

void pn_mark_frame(void);
void pn_mark_analysis(void);
void pn_mark_pitch(void);
void pn_mark_comb(void);
void pn_mark_features(void);
void pn_mark_network(void);
void pn_mark_gains(void);
void pn_mark_synthesis(void);

/* Call the mark of a stage; a value out of range is ignored. */
void pn_agent_mark_stage(pn_stage finished);

#endif
