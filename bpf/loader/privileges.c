// SPDX-License-Identifier: GPL-2.0-only
/* Gives up, in every thread, all rights that the process does not need any more, in a way that nothing can undo. */
#define _GNU_SOURCE
#include "details.h"
#include "hooks.h"
#include "loader.h"
#include "maps.h"
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * Capabilities belong to threads, and only a thread itself can drop its own; so each thread is interrupted by a signal. Some
 * threads block every signal, as Node's SignalInspector does. But glibc lets none block the signal with which it makes setuid()
 * hold for all threads. Nothing here calls setuid(), so its signal is borrowed.
 */
#define SIGNAL_SETXID 33
#define SIGSET_BYTES 8 /* the kernel's */
#define ROUNDS_MAX 1000
#define ROUND_NS 5000000

typedef struct __user_cap_data_struct capability_sets[2];

/* The kernel's struct sigaction. It is only handed on here, so its members do not matter; they differ between machines. */
struct kernel_action {
	unsigned long words[8];
};

static __u64 kept;

static int get(capability_sets sets)
{
	struct __user_cap_header_struct self = { _LINUX_CAPABILITY_VERSION_3, 0 };

	return (int)syscall(SYS_capget, &self, sets);
}

static int set(const capability_sets sets)
{
	struct __user_cap_header_struct self = { _LINUX_CAPABILITY_VERSION_3, 0 };

	return (int)syscall(SYS_capset, &self, sets);
}

/* Runs as a signal handler in the thread to restrict. If it fails at something, the thread's status shows it. */
static void restrict_thread(int signal)
{
	int error = errno;
	capability_sets sets;

	(void)signal;
	/*
	 * Without CAP_SETPCAP the bounding set stays. That does no harm: under no_new_privs no program that is started gains from
	 * it.
	 */
	for (unsigned long one = 0; prctl(PR_CAPBSET_DROP, one, 0, 0, 0) == 0;)
		one++;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (get(sets) == 0) {
		for (int word = 0; word < 2; word++) {
			sets[word].permitted &= (__u32)(kept >> 32 * word);
			sets[word].effective = sets[word].permitted;
			sets[word].inheritable = 0;
		}
		set(sets);
	}
	errno = error;
}

static __u64 field(const char *status, const char *name, int base)
{
	const char *at = strstr(status, name);

	return at ? strtoull(at + strlen(name), NULL, base) : ~0ULL;
}

enum progress { RESTRICTED, PENDING, UNTOUCHED };

/* How far a thread is restricted, by the kernel's own account of it. A thread that has ended counts as restricted. */
static enum progress progress_of(const char *thread)
{
	char path[64], status[8192];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%.16s/status", thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return RESTRICTED;
	length = read(fd, status, sizeof(status) - 1);
	close(fd);
	if (length <= 0)
		return RESTRICTED;
	status[length] = 0;
	/* A signal that is still pending must arrive before the end, when glibc's own handler is put back. */
	if (field(status, "SigPnd:", 16) >> (SIGNAL_SETXID - 1) & 1)
		return PENDING;
	if (field(status, "CapInh:", 16) || field(status, "CapAmb:", 16) || field(status, "NoNewPrivs:", 10) != 1)
		return UNTOUCHED;
	return (field(status, "CapPrm:", 16) | field(status, "CapEff:", 16)) & ~kept ? UNTOUCHED : RESTRICTED;
}

/* Signals the threads that are not restricted yet. Returns how many there are; `all` receives the number of all threads. */
static int signal_rest(DIR *threads, int *all)
{
	struct dirent *thread;
	int rest = 0;

	*all = 0;
	rewinddir(threads);
	while ((thread = readdir(threads))) {
		enum progress progress;

		if (thread->d_name[0] == '.')
			continue;
		progress = progress_of(thread->d_name);
		if (progress == UNTOUCHED)
			syscall(SYS_tgkill, getpid(), atoi(thread->d_name), SIGNAL_SETXID);
		rest += progress != RESTRICTED;
		++*all;
	}
	return rest;
}

/*
 * Puts this file's handler in place of glibc's. sigaction() refuses the signal, but a handler needs what glibc adds to an action.
 * So glibc completes an action for another signal, and that one is used.
 */
static int borrow_signal(struct kernel_action *before)
{
	struct sigaction ours = { .sa_handler = restrict_thread, .sa_flags = SA_RESTART }, other;
	struct kernel_action action;

	sigfillset(&ours.sa_mask);
	if (sigaction(SIGRTMAX, &ours, &other) || syscall(SYS_rt_sigaction, SIGRTMAX, NULL, &action, SIGSET_BYTES) ||
	    sigaction(SIGRTMAX, &other, NULL))
		return -1;
	return (int)syscall(SYS_rt_sigaction, SIGNAL_SETXID, &action, before, SIGSET_BYTES);
}

int loader__restrict(const char *keep)
{
	const struct timespec pause = { 0, ROUND_NS };
	struct kernel_action before;
	DIR *threads = opendir("/proc/self/task");
	int all = 0, rest = 1;

	if (!threads)
		return -errno;
	kept = strtoull(keep, NULL, 16);
	if (borrow_signal(&before)) {
		closedir(threads);
		return -EINVAL;
	}
	/* A thread that is not yet restricted may start another one. So it is repeated until a look at all threads finds none left. */
	for (int round = 0; round < ROUNDS_MAX && (rest = signal_rest(threads, &all)) > 0; round++)
		nanosleep(&pause, NULL);
	closedir(threads);
	if (rest > 0)
		return -EPERM;
	syscall(SYS_rt_sigaction, SIGNAL_SETXID, &before, NULL, SIGSET_BYTES);
	return all;
}

/* Reads a map, opens an iterator and attaches what is attached on demand. Before Linux 5.19, unprivileged_bpf_disabled may forbid even that. */
static int try_reads(void)
{
	struct bpf_link *link = hooks__link("sample") ? hooks__link("sample") : hooks__link("sample_netns");
	int iterator;
	__u32 first;

	if (bpf_map_get_next_key(shared_map("counters"), NULL, &first))
		return -errno;
	if (!link)
		return 0;
	iterator = bpf_iter_create(bpf_link__fd(link));
	if (iterator < 0)
		return -errno;
	close(iterator);
	return details__try();
}

int loader__suffices(const char *capabilities)
{
	__u64 allowed = strtoull(capabilities, NULL, 16);
	capability_sets before, less;
	int result;

	if (get(before))
		return -errno;
	memcpy(less, before, sizeof(less));
	for (int word = 0; word < 2; word++)
		less[word].effective &= (__u32)(allowed >> 32 * word);
	if (set(less))
		return -errno;
	result = try_reads();
	return set(before) ? -errno : result;
}
