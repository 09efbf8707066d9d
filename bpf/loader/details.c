// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaches the programs of detail rows while filters ask for such rows, and tells the programs which filters do. Of stacks only those
 * of zero windows need one: the programs that write rows of events write theirs too.
 */
#include "../rows/detail.h"
#include "../rows/rows.h"
#include "details.h"
#include "hooks.h"
#include "loader.h"
#include "maps.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>

static const struct {
	enum kind kind;
	const char *program;
} on_demand[] = {
	{ KIND_PROGRESS, "tcp_probe" },
	{ KIND_PACKET, "net_dev_start_xmit" },
	{ KIND_PACKET, "netif_receive_skb" },
	{ KIND_STACK, "net_dev_queue" },
};

#define ON_DEMAND (sizeof(on_demand) / sizeof(on_demand[0]))

static struct detail details[KIND_COUNT];

static int tell(int kind)
{
	__u32 key = (__u32)kind;

	details[kind].generation++;
	return bpf_map_update_elem(shared_map("details"), &key, &details[kind], BPF_ANY) < 0 ? -errno : 0;
}

/* Returns -errno if the kernel refuses all programs of the kind, -ENOENT if it has none. */
static int switch_kind(int kind, bool on)
{
	int result = -ENOENT;

	for (unsigned one = 0; one < ON_DEMAND; one++) {
		int error;

		if ((int)on_demand[one].kind != kind)
			continue;
		error = hooks__switch(on_demand[one].program, on);
		if (result && error != -ENOENT)
			result = error;
	}
	return result;
}

void details__open(void)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		switch_kind(kind, false);
		details[kind].slots = 0;
		details[kind].user_slots = 0;
	}
}

void details__filters_changed(void)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (details[kind].slots)
			tell(kind);
}

int details__try(void)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		int error = details[kind].slots ? -ENOENT : switch_kind(kind, true);

		if (error == -ENOENT)
			continue;
		switch_kind(kind, false);
		if (error)
			return error;
	}
	return 0;
}

static bool has_programs(int kind)
{
	for (unsigned one = 0; one < ON_DEMAND; one++)
		if ((int)on_demand[one].kind == kind)
			return true;
	return false;
}

int loader__detail(int kind, int slots)
{
	int error;

	if (!has_programs(kind))
		return -EINVAL;
	if (shared_map("details") < 0)
		return -ENOENT;
	details[kind].slots = (__u32)slots;
	error = tell(kind);
	if (error || !slots) {
		switch_kind(kind, false);
		return error;
	}
	error = switch_kind(kind, true);
	/* Without it the stacks of events come all the same. */
	return kind == KIND_STACK && error == -ENOENT ? 0 : error;
}

int loader__user_stacks(int slots)
{
	if (shared_map("details") < 0)
		return -ENOENT;
	details[KIND_STACK].user_slots = (__u32)slots;
	return tell(KIND_STACK);
}
