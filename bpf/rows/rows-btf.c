// SPDX-License-Identifier: GPL-2.0-only
/* Compiled only for its BTF, which gen-rows.ts reads; never loaded. */
#include "filter.h"
#include "rows.h"
#include "tally_program.h"

struct retransmit_row retransmit;
struct connection_row connection;
struct state_change_row state_change;
struct sample_row sample;
struct reset_row reset;
struct congestion_row congestion;
struct drop_row drop;
struct listener_row listener;
struct namespace_row namespace;
struct progress_row progress;
struct packet_row packet;
struct stack_row stack;
struct kind_counters kind_counters;
struct filter filter;
struct filter_words filter_words;
struct tally_program tally_program;
struct tally_group tally_group;

enum kind kind;
