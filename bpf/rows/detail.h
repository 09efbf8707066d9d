/* SPDX-License-Identifier: GPL-2.0-only */
/* Which filters ask for a kind of row that is written only where one does. */
#ifndef TCPLENS_DETAIL_H
#define TCPLENS_DETAIL_H

#include "row_types.h"

struct detail {
	__u32 slots;      /* bit n: the filter in slot n */
	__u32 user_slots; /* of stacks: those that ask for the stack of the process too */
	__u32 generation; /* another one after each change of a filter: what was found out about connections before is then old */
};

#endif
