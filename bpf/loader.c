// SPDX-License-Identifier: GPL-2.0-only
/* Loads the programs and attaches them: each object by itself, and where the kernel refuses one, each hook by itself. */
#define _GNU_SOURCE
#include "loader.h"
#include "loader-state.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOOKS_MAX 16
#define MAPS_MAX 16

static const struct hook {
	const char *object;
	const char *program;
} hooks[] = {
	{ "connection", "inet_sock_set_state" },
	{ "connection", "tcp_destroy_sock" },
	{ "retransmit", "tcp_retransmit_skb" },
	{ "retransmit", "tcp_retransmit_synack" },
	{ "sample", "sample" },
	{ "owner", "owner" },
};
#define HOOK_COUNT (sizeof(hooks) / sizeof(hooks[0]))

static const char *const ring_maps[KIND_COUNT] = {
	[KIND_RETRANSMIT] = "ring_retransmit",
	[KIND_CONNECTION] = "ring_connection",
	[KIND_STATE_CHANGE] = "ring_state_change",
};

static struct {
	struct bpf_object *objects[HOOKS_MAX];
	int object_count;
	struct bpf_link *links[HOOKS_MAX];
	struct {
		char name[32];
		int fd;
	} maps[MAPS_MAX]; /* the first object to have a map makes it, the others reuse it by name */
	int map_count;
	char reason[HOOKS_MAX][256];
} state;

static const char *directory, *refused;
static unsigned long long host_id;
static int ring_bytes;
static char last_warning[256];

int loader__row_size(int kind)
{
	return row_size(kind);
}

/* libbpf says why only in its log; the first warning of an attempt names the cause, the later ones follow from it. */
static int keep_warning(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[sizeof(last_warning)];

	if (level != LIBBPF_WARN || last_warning[0])
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = 0;
	snprintf(last_warning, sizeof(last_warning), "%s", strncmp(line, "libbpf: ", 8) ? line : line + 8);
	return 0;
}

static int shared_map(const char *name)
{
	for (int i = 0; i < state.map_count; i++)
		if (!strcmp(state.maps[i].name, name))
			return state.maps[i].fd;
	return -1;
}

static void configure(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		const char *name = bpf_map__name(map);

		if (bpf_map__is_internal(map)) {
			if (strstr(name, ".rodata"))
				constants__set(object, map, host_id);
		} else if (shared_map(name) >= 0) {
			bpf_map__reuse_fd(map, shared_map(name));
		} else if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF) {
			bpf_map__set_max_entries(map, (__u32)ring_bytes);
		}
	}
}

static void remember_maps(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		if (bpf_map__is_internal(map) || shared_map(bpf_map__name(map)) >= 0 || state.map_count == MAPS_MAX)
			continue;
		snprintf(state.maps[state.map_count].name, sizeof(state.maps[0].name), "%s", bpf_map__name(map));
		state.maps[state.map_count++].fd = bpf_map__fd(map);
	}
}

static int is_refused(const char *program)
{
	size_t length = strlen(program);

	for (const char *at = refused; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (!strncmp(at, program, length) && (at[length] == ',' || at[length] == 0))
			return 1;
	return 0;
}

static void say_why(int hook, const char *stage, int error)
{
	snprintf(state.reason[hook], sizeof(state.reason[0]), "%s: %s%s%.160s", stage, strerror(error), last_warning[0] ? "; " : "",
		 last_warning);
	last_warning[0] = 0;
}

/* Attaches the hooks [from, to) of a loaded object. */
static int attach(struct bpf_object *object, int from, int to)
{
	int attached = 0;

	for (int i = from; i < to; i++) {
		struct bpf_program *program = bpf_object__find_program_by_name(object, hooks[i].program);

		if (is_refused(hooks[i].program) || !program || bpf_program__fd(program) < 0)
			continue;
		state.links[i] = bpf_program__attach(program);
		if (state.links[i])
			attached++;
		else
			say_why(i, "attach", errno);
	}
	return attached;
}

/* Loads one object with the hooks [from, to) only. Returns how many it attached, or -errno with nothing kept. */
static int load(int from, int to)
{
	char path[PATH_MAX];
	struct bpf_object *object;
	struct bpf_program *program;
	int error, attached;

	last_warning[0] = 0;
	snprintf(path, sizeof(path), "%s/%s.bpf.o", directory, hooks[from].object);
	object = bpf_object__open_file(path, NULL);
	if (!object) {
		error = errno;
		for (int i = from; i < to; i++)
			say_why(i, "open", error);
		return -error;
	}
	bpf_object__for_each_program(program, object) {
		bool wanted = false;

		for (int i = from; i < to; i++)
			wanted |= !strcmp(hooks[i].program, bpf_program__name(program)) && !is_refused(hooks[i].program);
		bpf_program__set_autoload(program, wanted);
	}
	configure(object);
	error = -bpf_object__load(object);
	if (error) {
		for (int i = from; i < to; i++)
			say_why(i, "load", error);
		bpf_object__close(object);
		return -error;
	}
	remember_maps(object);
	attached = attach(object, from, to);
	state.objects[state.object_count++] = object;
	return attached;
}

static int load_all(void)
{
	int attached = 0;

	for (int from = 0, to; from < (int)HOOK_COUNT; from = to) {
		int result;

		for (to = from + 1; to < (int)HOOK_COUNT && !strcmp(hooks[to].object, hooks[from].object);)
			to++;
		result = load(from, to);
		/* One refused program refuses its whole object: try them one by one. */
		for (int i = from; result < 0 && to - from > 1 && i < to; i++) {
			int alone = load(i, i + 1);

			attached += alone > 0 ? alone : 0;
		}
		attached += result > 0 ? result : 0;
	}
	return attached;
}

static void write_report(unsigned char *report, int size)
{
	int used = 0;

	for (int i = 0; i < (int)HOOK_COUNT && used < size; i++) {
		const char *reason = state.links[i] ? "" : is_refused(hooks[i].program) ? "refused by option" : state.reason[i];

		used += snprintf((char *)report + used, (size_t)(size - used), "%s\t%d\t%s\n", hooks[i].program, state.links[i] != NULL,
				 reason);
	}
}

static struct bpf_link *link_of(const char *program)
{
	for (int i = 0; i < (int)HOOK_COUNT; i++)
		if (!strcmp(hooks[i].program, program))
			return state.links[i];
	return NULL;
}

int loader__open(const char *object_directory, const char *host_id_hex, int ring_size, const char *refuse, unsigned char *report,
		 int report_size)
{
	int ring_fds[KIND_COUNT], attached, error;

	if (state.object_count)
		return -EBUSY;
	directory = object_directory;
	refused = refuse;
	host_id = strtoull(host_id_hex, NULL, 16);
	ring_bytes = ring_size;
	libbpf_set_print(keep_warning);
	attached = load_all();
	for (int kind = 0; kind < KIND_COUNT; kind++)
		ring_fds[kind] = ring_maps[kind] ? shared_map(ring_maps[kind]) : -1;
	the_reader.counters_fd = shared_map("counters");
	the_reader.sample_link = link_of("sample");
	the_reader.owner_link = link_of("owner");
	error = attached ? reader__open_rings(&the_reader, ring_fds) : 0;
	/* Without the walk only the owners of older connections stay unknown. */
	if (error == 0 && the_reader.owner_link && reader__walk_owners(&the_reader) < 0)
		say_why(HOOK_COUNT - 1, "walk", errno);
	write_report(report, report_size);
	if (error || !attached)
		loader__close();
	return error ? error : attached;
}

int loader__close(void)
{
	reader__close(&the_reader);
	for (int i = 0; i < HOOKS_MAX; i++)
		bpf_link__destroy(state.links[i]);
	for (int i = 0; i < state.object_count; i++)
		bpf_object__close(state.objects[i]);
	memset(&state, 0, sizeof(state));
	return 0;
}
