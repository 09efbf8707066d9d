/*
 * Connections that stay: `hold CONNECTIONS` opens that many over loopback, spread over the addresses 127.1.0.1 on and
 * over as many processes as the limit of open files asks for; each process has both ends of its own. It prints a JSON
 * line when all are open. After that each line on standard input has every connection carry a byte there and one back,
 * so that both ends move, and is answered by another JSON line.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOLDERS_MAX 200
#define FILES_APART 64 /* that a process needs beside its connections */

struct ends {
	int client, server;
};

static int controls[HOLDERS_MAX]; /* one a holder: a byte each way is a command and its answer */

static void check(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static int listen_on(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(*at);

	at->sin_family = AF_INET;
	check(fd >= 0 && !bind(fd, (struct sockaddr *)at, length) && !listen(fd, 16), "listen");
	check(!getsockname(fd, (struct sockaddr *)at, &length), "address");
	return fd;
}

/* A holder has a peer address to itself, and with it all ports. */
static void open_all(struct ends *held, long count, int holder)
{
	struct sockaddr_in to = { 0 };
	int listener = listen_on(&to);

	to.sin_addr.s_addr = htonl((127u << 24) + (1u << 16) + 1u + (unsigned)holder);
	for (long i = 0; i < count; i++) {
		held[i].client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		check(held[i].client >= 0 && !connect(held[i].client, (struct sockaddr *)&to, sizeof(to)), "connect");
		held[i].server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		check(held[i].server >= 0, "accept");
	}
}

static void move_all(const struct ends *held, long count)
{
	char byte = 'x';

	for (long i = 0; i < count; i++) {
		check(send(held[i].client, &byte, 1, 0) == 1 && recv(held[i].server, &byte, 1, 0) == 1, "there");
		check(send(held[i].server, &byte, 1, 0) == 1 && recv(held[i].client, &byte, 1, 0) == 1, "back");
	}
}

static void hold(long count, int holder, int control)
{
	struct ends *held = calloc((size_t)count, sizeof(*held));
	char command;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	check(held != NULL, "memory");
	open_all(held, count, holder);
	do {
		check(write(control, "y", 1) == 1, "answer");
		if (read(control, &command, 1) != 1)
			exit(0);
		move_all(held, count);
	} while (1);
}

static void report(const char *what, int holders, long connections)
{
	char answer;

	for (int i = 0; i < holders; i++)
		check(read(controls[i], &answer, 1) == 1, "a holder has ended");
	printf("{\"%s\":%ld}\n", what, 2 * connections);
	fflush(stdout);
}

int main(int count, char **words)
{
	long connections = count > 1 ? strtol(words[1], NULL, 10) : 0, left = connections, each;
	struct rlimit files;
	int holders = 0, pair[2];
	char line[16];

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	check(!setrlimit(RLIMIT_NOFILE, &files), "open files");
	each = ((long)files.rlim_max - FILES_APART) / 2;
	each = each > 20000 ? 20000 : each; /* as many as an address has ports, roughly */
	for (; left > 0 && holders < HOLDERS_MAX; left -= each, holders++) {
		check(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
		if (fork() == 0)
			hold(left < each ? left : each, holders, pair[1]);
		close(pair[1]);
		controls[holders] = pair[0];
	}
	report("open_sockets", holders, connections);
	while (fgets(line, sizeof(line), stdin)) {
		for (int i = 0; i < holders; i++)
			check(write(controls[i], "m", 1) == 1, "a holder has ended");
		report("moved_sockets", holders, connections);
	}
	return 0;
}
