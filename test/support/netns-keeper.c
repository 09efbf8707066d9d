// Keeps a network namespace alive in one way, with a listener in it:
//   netns-keeper HOW [HOST_NAME]    prints "ready COOKIE INODE PORT PID" and stays until its standard input ends
// HOW is `process` (it lives where it was started), `thread` (only one thread lives in a new one), `file` (a new one,
// kept by an open file and the listener alone), `host` (a new one with a host name of its own).
#define _GNU_SOURCE
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static char ready[128];

static void listen_here(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address), cookie_size;
	unsigned long long cookie = 0;
	struct stat status;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	check(fd >= 0, "socket");
	check(ioctl(fd, SIOCSIFFLAGS, &loopback) == 0, "lo");
	check(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
	check(listen(fd, 4) == 0, "listen");
	check(getsockname(fd, (struct sockaddr *)&address, &length) == 0, "getsockname");
	cookie_size = sizeof(cookie);
	check(getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &cookie_size) == 0, "SO_NETNS_COOKIE");
	check(stat("/proc/thread-self/ns/net", &status) == 0, "stat");
	snprintf(ready, sizeof(ready), "ready %llu %lu %d %d\n", cookie, (unsigned long)status.st_ino, ntohs(address.sin_port), getpid());
}

static void stay(void)
{
	char byte;

	check(write(STDOUT_FILENO, ready, strlen(ready)) > 0, "write");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static void *live_elsewhere(void *nothing)
{
	check(unshare(CLONE_NEWNET) == 0, "unshare");
	listen_here();
	stay();
	return nothing;
}

int main(int count, char **arguments)
{
	const char *how = count > 1 ? arguments[1] : "";
	pthread_t thread;
	int home;

	if (!strcmp(how, "process")) {
		listen_here();
	} else if (!strcmp(how, "thread")) {
		check(pthread_create(&thread, NULL, live_elsewhere, NULL) == 0, "thread");
		pthread_join(thread, NULL);
		return 0;
	} else if (!strcmp(how, "file")) {
		home = open("/proc/self/ns/net", O_RDONLY);
		check(unshare(CLONE_NEWNET) == 0, "unshare");
		listen_here();
		check(open("/proc/self/ns/net", O_RDONLY) >= 0, "open");
		check(setns(home, CLONE_NEWNET) == 0, "setns");
	} else if (!strcmp(how, "host") && count == 3) {
		check(unshare(CLONE_NEWNET | CLONE_NEWUTS) == 0, "unshare");
		check(sethostname(arguments[2], strlen(arguments[2])) == 0, "sethostname");
		listen_here();
	} else {
		return 2;
	}
	stay();
	return 0;
}
