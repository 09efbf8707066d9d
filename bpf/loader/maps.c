// SPDX-License-Identifier: GPL-2.0-only
/* The maps that the objects share: the first object that has one makes it, the others reuse it by name. */
#include "../rows/rows.h"
#include "constants.h"
#include "loader.h"
#include "maps.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAPS_MAX 32

/* Each kind's ring and its size, 1 / 2^share of the largest ring: the busiest kind loses most while the reader pauses. */
static const struct {
	const char *map;
	int share;
} rings[KIND_COUNT] = {
	[KIND_RETRANSMIT] = { "ring_retransmit", 3 },
	[KIND_CONNECTION] = { "ring_connection", 0 },
	[KIND_STATE_CHANGE] = { "ring_state_change", 2 },
	[KIND_RESET] = { "ring_reset", 4 },
	[KIND_CONGESTION] = { "ring_congestion", 4 },
	[KIND_DROP] = { "ring_drop", 4 },
	[KIND_LISTENER] = { "ring_listener", 4 },
	[KIND_PROGRESS] = { "ring_progress", 2 },
	[KIND_PACKET] = { "ring_packet", 1 },
	[KIND_STACK] = { "ring_stack", 3 },
};

static struct {
	struct {
		char name[32];
		int fd;
	} maps[MAPS_MAX];
	int count;
} shared;

int shared_map(const char *name)
{
	for (int i = 0; i < shared.count; i++)
		if (!strcmp(shared.maps[i].name, name))
			return shared.maps[i].fd;
	return -1;
}

static __u32 ring_size_of(const char *map, int ring_bytes)
{
	int page = getpagesize(), size = page;

	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (rings[kind].map && !strcmp(rings[kind].map, map))
			size = ring_bytes >> rings[kind].share;
	return (__u32)(size > page ? size : page);
}

void maps__configure(struct bpf_object *object, const struct map_options *options)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		const char *name = bpf_map__name(map);

		if (bpf_map__is_internal(map)) {
			if (strstr(name, ".rodata"))
				constants__set(object, map, options->constants);
		} else if (shared_map(name) >= 0) {
			bpf_map__reuse_fd(map, shared_map(name));
		} else if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF) {
			bpf_map__set_max_entries(map, ring_size_of(name, options->ring_bytes));
		}
	}
}

void maps__remember(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		if (bpf_map__is_internal(map) || shared_map(bpf_map__name(map)) >= 0 || shared.count == MAPS_MAX)
			continue;
		snprintf(shared.maps[shared.count].name, sizeof(shared.maps[0].name), "%s", bpf_map__name(map));
		shared.maps[shared.count++].fd = bpf_map__fd(map);
	}
}

int maps__ring(int kind)
{
	return rings[kind].map ? shared_map(rings[kind].map) : -1;
}

int loader__map(const char *name, const unsigned char *key, unsigned char *value, int size)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);
	int fd = shared_map(name), bytes;

	if (fd < 0)
		return -ENOENT;
	if (bpf_obj_get_info_by_fd(fd, &info, &length))
		return -errno;
	bytes = (int)info.value_size;
	if (info.type == BPF_MAP_TYPE_PERCPU_ARRAY)
		bytes = (bytes + 7) / 8 * 8 * libbpf_num_possible_cpus();
	if (bytes > size)
		return -EINVAL;
	return bpf_map_lookup_elem(fd, key, value) ? -errno : bytes;
}

/* Closes none: the descriptors belong to the objects, whose owner closes them. */
void maps__forget(void)
{
	memset(&shared, 0, sizeof(shared));
}
