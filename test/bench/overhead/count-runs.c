/*
 * Has the kernel count how often and how long BPF programs run, until standard input ends: it does so while a descriptor of
 * BPF_ENABLE_STATS is open. However the bench ends, this process and so the counting end with it, and kernel.bpf_stats_enabled
 * stays what it was. It prints a line once the kernel counts.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	union bpf_attr attr = { .enable_stats.type = BPF_STATS_RUN_TIME };
	char byte;

	if (syscall(SYS_bpf, BPF_ENABLE_STATS, &attr, sizeof(attr)) < 0) {
		perror("BPF_ENABLE_STATS");
		return 1;
	}
	if (write(STDOUT_FILENO, "counting\n", 9) != 9)
		return 1;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
