// What servers and clients of known holders have in common.
#ifndef HOLDERS_COMMON_H
#define HOLDERS_COMMON_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void check(int good, const char *what)
{
	if (good)
		return;
	dprintf(STDOUT_FILENO, "failed %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void sleep_ms(int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

static void until_stdin_ends(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

/* A child that ends with its parent. */
static pid_t child(void)
{
	pid_t pid = fork();

	check(pid >= 0, "fork");
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static int port_of(int fd, int (*name)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	check(name(fd, (struct sockaddr *)&address, &length) == 0, "name");
	return ntohs(address.sin_port);
}

static void say_holds(int port)
{
	dprintf(STDOUT_FILENO, "holds %d %d\n", getpid(), port);
}

#endif
