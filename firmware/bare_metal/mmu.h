/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_MMU_H
#define PN_MMU_H

/* Map the lower 4 GiB one to one, RAM cached and registers not, and turn MMU and caches on. */
void pn_mmu_enable(void);

#endif
