// SPDX-License-Identifier: GPL-2.0-only
/* Compiled only for its BTF, which gen-rows.ts reads; never loaded. */
#include "rows.h"

struct retransmit_row retransmit;
struct connection_row connection;
struct state_change_row state_change;
struct sample_row sample;
struct kind_counters kind_counters;

enum kind kind;
