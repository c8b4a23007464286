/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CPU_FEATURES_H
#define PN_CPU_FEATURES_H

#include "percepnet/percepnet.h"

/* 1 when the CPU and operating system can run this kernel family, else 0. Asked anew at each
 * call, so nothing is cached in writable memory. */
int pn_cpu_supports(pn_kernel family);

#endif
