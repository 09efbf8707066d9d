// Loads the programs of the witness and says what they have seen so far:
//   witness OBJECT    prints a line of JSON at the start and for every byte that comes in; ends with its input
#include "witness.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TRIES 100000

static int map_of(struct bpf_object *object, const char *name)
{
	return bpf_object__find_map_fd_by_name(object, name);
}

/* Softirqs that have run, by the kernel's own count, over all processors. */
static unsigned long long softirqs_run(void)
{
	static const char *const names[] = {"TIMER:", "NET_TX:", "NET_RX:", "TASKLET:", "HRTIMER:"};
	FILE *file = fopen("/proc/softirqs", "r");
	unsigned long long sum = 0, count;
	char line[65536], *at;
	int length;

	while (file && fgets(line, sizeof(line), file))
		for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			at = strstr(line, names[i]);
			/* "TIMER:" is the end of "HRTIMER:" too. */
			if (!at || strspn(line, " ") != (size_t)(at - line))
				continue;
			for (at += strlen(names[i]); sscanf(at, "%llu%n", &count, &length) == 1; at += length)
				sum += count;
		}
	if (file)
		fclose(file);
	return sum;
}

/* Prints counts of one moment: reads again if a program saw a softirq while the kernel's count was read. */
static int print_softirqs(struct bpf_object *object)
{
	struct softirqs before, after;
	unsigned long long ran;
	unsigned int only = 0;

	for (int i = 0; i < TRIES; i++) {
		if (bpf_map_lookup_elem(map_of(object, "softirqs"), &only, &before))
			return -1;
		ran = softirqs_run();
		if (bpf_map_lookup_elem(map_of(object, "softirqs"), &only, &after))
			return -1;
		if (before.seen != after.seen)
			continue;
		printf("{\"softirqs_run\":%llu,\"softirqs_seen\":%llu,\"burst\":%llu", ran, (unsigned long long)after.seen,
		       (unsigned long long)after.burst);
		return 0;
	}
	return -1;
}

/* Events that found their own program running on their processor, by the kernel's count. */
static unsigned long long missed(struct bpf_object *object)
{
	struct bpf_program *program;
	unsigned long long sum = 0;

	bpf_object__for_each_program(program, object) {
		struct bpf_prog_info info = {0};
		__u32 size = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			sum += info.recursion_misses;
	}
	return sum;
}

static void print_namespaces(int map)
{
	unsigned long long cookie, previous;
	struct witnessed count;
	const char *comma = "";

	printf(",\"netns\":{");
	for (void *from = NULL; !bpf_map_get_next_key(map, from, &cookie); previous = cookie, from = &previous) {
		if (bpf_map_lookup_elem(map, &cookie, &count))
			continue;
		printf("%s\"%llu\":{\"retransmits\":%llu,\"segments\":%llu,\"state_changes\":%llu,\"opens\":%llu,\"ends\":%llu,\"inode\":%llu}",
		       comma, cookie, (unsigned long long)count.retransmits, (unsigned long long)count.segments,
		       (unsigned long long)count.state_changes, (unsigned long long)count.opens, (unsigned long long)count.ends,
		       (unsigned long long)count.inode);
		comma = ",";
	}
	printf("}}\n");
}

int main(int count, char **arguments)
{
	struct bpf_object *object = count == 2 ? bpf_object__open(arguments[1]) : NULL;
	struct bpf_program *program;
	char byte;

	if (!object || bpf_object__load(object))
		return 1;
	bpf_object__for_each_program(program, object) {
		if (!bpf_program__attach(program))
			return 1;
	}
	do {
		if (print_softirqs(object))
			return 1;
		printf(",\"missed\":%llu", missed(object));
		print_namespaces(map_of(object, "witnessed"));
		fflush(stdout);
	} while (read(STDIN_FILENO, &byte, 1) > 0);
	return 0;
}
