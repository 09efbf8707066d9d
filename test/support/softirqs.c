// Counts softirqs of the network and of timers with a BPF program:
//   softirqs OBJECT    prints the count so far as a line, once at the start and for every byte that comes in; ends with its input
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char **arguments)
{
	struct bpf_object *object = count == 2 ? bpf_object__open(arguments[1]) : NULL;
	struct bpf_program *program;
	unsigned long long seen;
	unsigned int only = 0;
	char byte;

	if (!object || bpf_object__load(object))
		return 1;
	program = bpf_object__find_program_by_name(object, "softirq_entry");
	if (!program || !bpf_program__attach(program))
		return 1;
	do {
		if (bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object, "seen"), &only, &seen))
			return 1;
		printf("%llu\n", seen);
		fflush(stdout);
	} while (read(STDIN_FILENO, &byte, 1) > 0);
	return 0;
}
