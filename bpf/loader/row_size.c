// SPDX-License-Identifier: GPL-2.0-only
#include "../rows/rows.h"
#include "row_size.h"
#include <errno.h>

int row_size(int kind)
{
	switch (kind) {
	case KIND_RETRANSMIT:
		return sizeof(struct retransmit_row);
	case KIND_CONNECTION:
		return sizeof(struct connection_row);
	case KIND_STATE_CHANGE:
		return sizeof(struct state_change_row);
	case KIND_SAMPLE:
		return sizeof(struct sample_row);
	case KIND_RESET:
		return sizeof(struct reset_row);
	case KIND_CONGESTION:
		return sizeof(struct congestion_row);
	case KIND_DROP:
		return sizeof(struct drop_row);
	case KIND_LISTENER:
		return sizeof(struct listener_row);
	case KIND_NAMESPACE:
		return sizeof(struct namespace_row);
	case KIND_PROGRESS:
		return sizeof(struct progress_row);
	case KIND_PACKET:
		return sizeof(struct packet_row);
	case KIND_STACK:
		return sizeof(struct stack_row);
	default:
		return -EINVAL;
	}
}
