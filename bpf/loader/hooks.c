// SPDX-License-Identifier: GPL-2.0-only
/* Loads the programs and attaches them: each object by itself, and where the kernel refuses one, each hook by itself. */
#define _GNU_SOURCE
#include "constants.h"
#include "hooks.h"
#include "maps.h"
#include "object.h"
#include "warning.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define HOOKS_MAX 24

static const struct hook {
	const char *object;
	const char *program;
} hooks[] = {
	{ "connection", "inet_sock_set_state" },
	{ "connection", "tcp_destroy_sock" },
	{ "connection", "inet_sk_error_report" },
	{ "retransmit", "tcp_retransmit_skb" },
	{ "retransmit", "tcp_retransmit_synack" },
	{ "reset", "tcp_send_reset" },
	{ "reset", "tcp_receive_reset" },
	{ "congestion", "tcp_cong_state_set" },
	{ "drop", "kfree_skb" },
	{ "sample", "sample" },
	{ "preexisting", "preexisting" },
	{ "owner", "owner" },
	{ "owner", "task_rename" },
	{ "netns", "netns" },
	{ "io", "sock_send_length" },
	{ "io", "sock_recv_length" },
	{ "io", "tcp_rcv_space_adjust" },
};
#define HOOK_COUNT ((int)(sizeof(hooks) / sizeof(hooks[0])))

static struct {
	struct bpf_object *objects[HOOKS_MAX];
	int object_count;
	struct bpf_link *links[HOOKS_MAX];
	int programs[HOOKS_MAX]; /* descriptors, of those that are attached */
	bool absent[HOOKS_MAX]; /* the running kernel has no such tracepoint */
	bool refused[HOOKS_MAX]; /* by option */
	char reason[HOOKS_MAX][WARNING_BYTES];
} state;

/* The hook that makes this one needless. */
static const char *instead_of(int hook)
{
	return strcmp(hooks[hook].program, "tcp_rcv_space_adjust") ? NULL : "sock_recv_length";
}

static int hook_of(const char *program)
{
	for (int i = 0; program && i < HOOK_COUNT; i++)
		if (!strcmp(hooks[i].program, program))
			return i;
	return -1;
}

struct bpf_link *hooks__link(const char *program)
{
	int hook = hook_of(program);

	return hook < 0 ? NULL : state.links[hook];
}

/* Iterators have their object's name, tracing programs that of their tracepoint. */
void hooks__probe(const struct btf *btf)
{
	for (int i = 0; i < HOOK_COUNT; i++)
		state.absent[i] = strcmp(hooks[i].program, hooks[i].object) && !constants__arguments(btf, hooks[i].program);
}

static bool names(const char *list, const char *program)
{
	size_t length = strlen(program);

	for (const char *at = list; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (!strncmp(at, program, length) && (at[length] == ',' || at[length] == 0))
			return true;
	return false;
}

static bool is_wanted(int hook)
{
	return !state.absent[hook] && !state.refused[hook];
}

static void say_why(int hook, const char *stage, int error)
{
	const char *warning = warning__text();

	snprintf(state.reason[hook], sizeof(state.reason[0]), "%s: %s%s%.160s", stage, strerror(error), warning[0] ? "; " : "", warning);
}

void hooks__blame(const char *program, const char *stage, int error)
{
	warning__clear();
	say_why(hook_of(program), stage, error);
}

/* An iterator over a map is told which. */
static struct bpf_link *attach_one(const struct bpf_program *program)
{
	union bpf_iter_link_info info = { .map.map_fd = (__u32)shared_map("memories") };
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof(info));

	if (strcmp(bpf_program__section_name(program), "iter/bpf_sk_storage_map"))
		return bpf_program__attach(program);
	return bpf_program__attach_iter(program, &options);
}

/* Attaches the hooks [from, to) of a loaded object. */
static int attach(struct bpf_object *object, int from, int to)
{
	int attached = 0;

	for (int i = from; i < to; i++) {
		struct bpf_program *program = bpf_object__find_program_by_name(object, hooks[i].program);

		if (!is_wanted(i) || !program || bpf_program__fd(program) < 0)
			continue;
		warning__clear();
		state.links[i] = attach_one(program);
		state.programs[i] = bpf_program__fd(program);
		if (state.links[i])
			attached++;
		else
			say_why(i, "attach", errno);
	}
	return attached;
}

/* Those of an object's programs that are hooks in [from, to). Returns how many. */
static int choose(struct bpf_object *object, int from, int to)
{
	struct bpf_program *program;
	int chosen = 0;

	bpf_object__for_each_program(program, object) {
		bool wanted = false;

		for (int i = from; i < to; i++)
			wanted |= is_wanted(i) && !strcmp(hooks[i].program, bpf_program__name(program));
		bpf_program__set_autoload(program, wanted);
		chosen += wanted;
	}
	return chosen;
}

static int fail(int from, int to, const char *stage, int error)
{
	for (int i = from; i < to; i++)
		say_why(i, stage, error);
	return -error;
}

/* Loads one object with the hooks [from, to) only. Returns how many it attached, or -errno with nothing kept. */
static int load(const struct load_options *options, int from, int to)
{
	struct bpf_object *object;
	char path[PATH_MAX];
	int error;

	warning__clear();
	snprintf(path, sizeof(path), "%s/%s.bpf.o", options->directory, hooks[from].object);
	object = object__open(path, hooks[from].object);
	if (!object)
		return fail(from, to, "open", errno);
	if (!choose(object, from, to)) {
		bpf_object__close(object);
		return 0;
	}
	maps__configure(object, options);
	error = -bpf_object__load(object);
	if (error) {
		bpf_object__close(object);
		return fail(from, to, "load", error);
	}
	maps__remember(object);
	state.objects[state.object_count++] = object;
	return attach(object, from, to);
}

/* Returns how many hooks are attached. */
int hooks__load(const struct load_options *options)
{
	int attached = 0;

	for (int i = 0; i < HOOK_COUNT; i++)
		state.refused[i] = names(options->refuse, hooks[i].program);

	for (int from = 0, to; from < HOOK_COUNT; from = to) {
		int result;

		for (to = from + 1; to < HOOK_COUNT && !strcmp(hooks[to].object, hooks[from].object) && !instead_of(to);)
			to++;
		if (hooks__link(instead_of(from)))
			continue;
		result = load(options, from, to);
		/* One refused program refuses its whole object: try them one by one. */
		for (int i = from; result < 0 && to - from > 1 && i < to; i++) {
			int alone = load(options, i, i + 1);

			attached += alone > 0 ? alone : 0;
		}
		attached += result > 0 ? result : 0;
	}
	return attached;
}

bool hooks__are_loaded(void)
{
	return state.object_count > 0;
}

/* Lines "name\tattached\treason\n"; returns the bytes used. */
int hooks__report(char *to, int size)
{
	int used = 0;

	for (int i = 0; i < HOOK_COUNT && used < size; i++) {
		const char *reason = state.reason[i];

		if (hooks__link(instead_of(i)))
			continue;
		if (state.links[i])
			reason = "";
		else if (state.refused[i])
			reason = "refused by option";
		else if (state.absent[i])
			reason = "this kernel has no such tracepoint";
		used += snprintf(to + used, (size_t)(size - used), "%s\t%d\t%s\n", hooks[i].program, state.links[i] != NULL, reason);
	}
	return used < size ? used : size;
}

/*
 * Lines "name\tcount\n": how often each program was not run because the same CPU was in it already. Returns the bytes used.
 */
int hooks__misses(char *to, int size)
{
	int used = 0;

	for (int i = 0; i < HOOK_COUNT && used < size; i++) {
		struct bpf_prog_info info = {};
		__u32 length = sizeof(info);

		if (state.links[i] && !bpf_obj_get_info_by_fd(state.programs[i], &info, &length))
			used += snprintf(to + used, (size_t)(size - used), "%s\t%llu\n", hooks[i].program, info.recursion_misses);
	}
	return used < size ? used : size;
}

void hooks__close(void)
{
	for (int i = 0; i < HOOKS_MAX; i++)
		bpf_link__destroy(state.links[i]);
	for (int i = 0; i < state.object_count; i++)
		bpf_object__close(state.objects[i]);
	memset(&state, 0, sizeof(state));
	maps__forget();
}
