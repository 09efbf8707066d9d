/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of kind `namespace`: begun with every round, entered namespace by namespace, drained as other rows are. */
#ifndef TCPLENS_LOADER_LEDGER_H
#define TCPLENS_LOADER_LEDGER_H

#include "../rows/rows.h"
#include <stdbool.h>

#define NAMESPACES_MAX 4096 /* in one round */

void ledger__open(__u64 host_id);
void ledger__begin(void);
/* Returns whether the namespace is met for the first time. */
bool ledger__enter(__u64 cookie);
int ledger__drain(unsigned char *rows, int size);
const struct kind_counters *ledger__counters(void);
void ledger__close(void);

#endif
