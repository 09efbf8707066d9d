// SPDX-License-Identifier: GPL-2.0-only
/* Loads objects and attaches their programs. The caller says which, and decides what to do if the kernel refuses one. */
#define _GNU_SOURCE
#include "constants.h"
#include "hooks.h"
#include "maps.h"
#include "warning.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HOOKS_MAX 32

static struct {
	struct bpf_object *objects[HOOKS_MAX];
	int object_count;
	struct hook {
		char program[32];
		const struct bpf_program *attached;
		struct bpf_link *link; /* NULL while it is detached */
		int fd;
	} hooks[HOOKS_MAX];
	int hook_count;
} state;

struct bpf_link *hooks__link(const char *program)
{
	for (int i = 0; i < state.hook_count; i++)
		if (!strcmp(state.hooks[i].program, program))
			return state.hooks[i].link;
	return NULL;
}

static bool is_in(const char *list, const char *program)
{
	size_t length = strlen(program);

	for (const char *at = list; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (!strncmp(at, program, length) && (at[length] == ',' || at[length] == 0))
			return true;
	return false;
}

/* Appends a line "program\treason\n" to the text. */
static void say_why(char *reasons, int size, const char *program, const char *stage, int error)
{
	size_t used = strlen(reasons);
	const char *warning = warning__text();

	snprintf(reasons + used, (size_t)size - used, "%s\t%s: %s%s%.160s\n", program, stage, strerror(error), warning[0] ? "; " : "", warning);
}

/* An iterator over a map has to be told which map. */
static struct bpf_link *attach_one(const struct bpf_program *program)
{
	union bpf_iter_link_info info = { .map.map_fd = (__u32)shared_map("memories") };
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof(info));

	if (strcmp(bpf_program__section_name(program), "iter/bpf_sk_storage_map"))
		return bpf_program__attach(program);
	return bpf_program__attach_iter(program, &options);
}

static int attach(struct bpf_object *object, char *reasons, int size)
{
	struct bpf_program *program;
	int attached = 0;

	bpf_object__for_each_program(program, object) {
		struct hook *hook = &state.hooks[state.hook_count];

		if (!bpf_program__autoload(program) || state.hook_count == HOOKS_MAX)
			continue;
		warning__clear();
		snprintf(hook->program, sizeof(hook->program), "%s", bpf_program__name(program));
		hook->link = attach_one(program);
		hook->attached = program;
		hook->fd = bpf_program__fd(program);
		if (hook->link) {
			state.hook_count++;
			attached++;
		} else {
			say_why(reasons, size, hook->program, "attach", errno);
		}
	}
	return attached;
}

int hooks__load(struct bpf_object *object, const char *programs, const struct map_options *options, char *reasons, int size)
{
	struct bpf_program *program;
	int error;

	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, is_in(programs, bpf_program__name(program)));
	maps__configure(object, options);
	error = state.object_count == HOOKS_MAX ? -E2BIG : bpf_object__load(object);
	if (error) {
		say_why(reasons, size, "", "load", -error);
		bpf_object__close(object);
		return error;
	}
	maps__remember(object);
	state.objects[state.object_count++] = object;
	return attach(object, reasons, size);
}

int hooks__switch(const char *program, bool on)
{
	for (int i = 0; i < state.hook_count; i++) {
		struct hook *hook = &state.hooks[i];

		if (strcmp(hook->program, program))
			continue;
		if (!on && hook->link) {
			bpf_link__destroy(hook->link);
			hook->link = NULL;
		} else if (on && !hook->link) {
			hook->link = bpf_program__attach(hook->attached);
		}
		return on && !hook->link ? -errno : 0;
	}
	return -ENOENT;
}

/* Writes lines "name\tcount\n": how often each program was not run because its processor was in it already. Returns the bytes used. */
int hooks__misses(char *to, int size)
{
	int used = 0;

	for (int i = 0; i < state.hook_count && used < size; i++) {
		struct bpf_prog_info info = {};
		__u32 length = sizeof(info);

		if (!bpf_obj_get_info_by_fd(state.hooks[i].fd, &info, &length))
			used += snprintf(to + used, (size_t)(size - used), "%s\t%llu\n", state.hooks[i].program, info.recursion_misses);
	}
	return used < size ? used : size;
}

void hooks__close(void)
{
	for (int i = 0; i < state.hook_count; i++)
		bpf_link__destroy(state.hooks[i].link);
	for (int i = 0; i < state.object_count; i++)
		bpf_object__close(state.objects[i]);
	memset(&state, 0, sizeof(state));
	maps__forget();
}
