/* What the words of endpoint.c do to its socket. Each returns the bytes it moved, or -1 with errno. */
#ifndef WORDS_H
#define WORDS_H

#include "waits.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51 /* Linux 6.3 */
#endif

static struct sockaddr_storage address;
static int protocol = IPPROTO_TCP;
static char congestion_control[16];
static int listener_of[65536]; /* by port; 0: none */
static int last_port;

static void die(const char *what)
{
	fprintf(stderr, "endpoint: %s: %s\n", what, strerror(errno));
	exit(1);
}

static socklen_t address_with(int port, struct sockaddr_storage *to)
{
	*to = address;
	if (address.ss_family == AF_INET6) {
		((struct sockaddr_in6 *)to)->sin6_port = htons(port);
		return sizeof(struct sockaddr_in6);
	}
	((struct sockaddr_in *)to)->sin_port = htons(port);
	return sizeof(struct sockaddr_in);
}

static void make_socket(void)
{
	if (sock >= 0)
		return;
	sock = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	if (sock < 0 || (congestion_control[0] && setsockopt(sock, IPPROTO_TCP, TCP_CONGESTION, congestion_control,
							     sizeof(congestion_control)) < 0))
		die("socket");
}

static int set(int level, int option, int value)
{
	make_socket();
	return setsockopt(sock, level, option, &value, sizeof(value));
}

/* Several sockets may have this port, if they go to different destinations. */
static long long do_bind(const long *number)
{
	struct sockaddr_storage to = { .ss_family = address.ss_family };

	((struct sockaddr_in *)&to)->sin_port = htons(number[0]); /* sin6_port is there too */
	set(SOL_SOCKET, SO_REUSEADDR, 1);
	return bind(sock, (struct sockaddr *)&to, sizeof(to));
}

static long long do_listen(const long *number)
{
	struct sockaddr_storage to;
	socklen_t length = address_with(number[0], &to);

	set(SOL_SOCKET, SO_REUSEADDR, 1);
	last_port = number[0];
	listener_of[last_port] = sock;
	return bind(sock, (struct sockaddr *)&to, length) < 0 ? -1 : listen(sock, number[1] ? number[1] : 128);
}

static long long do_accept(const long *number)
{
	sock = accept4(listener_of[number[0] ? number[0] : last_port], NULL, NULL, SOCK_CLOEXEC);
	return sock < 0 ? -1 : 0;
}

static long long do_connect(const long *number)
{
	struct sockaddr_storage to;
	socklen_t length = address_with(number[0], &to);

	make_socket();
	return connect(sock, (struct sockaddr *)&to, length);
}

static long long do_send(const long *number)
{
	long long done = 0;

	while (done < number[0]) {
		ssize_t sent = send(sock, chunk, number[0] - done < CHUNK ? number[0] - done : CHUNK, MSG_NOSIGNAL);

		if (sent < 0)
			return -1;
		done += sent;
	}
	return done;
}

static long long do_recv(const long *number)
{
	long long done = 0;

	while (done < number[0]) {
		ssize_t got = recv(sock, chunk, number[0] - done < CHUNK ? number[0] - done : CHUNK, 0);

		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += got;
	}
	return done;
}

static long long do_drain(const long *number)
{
	const long all = 1L << 62;

	(void)number;
	return do_recv(&all);
}

static long long do_shutdown(const long *number)
{
	(void)number;
	return shutdown(sock, SHUT_WR);
}

static long long do_close(const long *number)
{
	int fd = sock;

	(void)number;
	sock = -1;
	return close(fd);
}

static long long do_close_listener(const long *number)
{
	(void)number;
	return close(listener_of[last_port]);
}

static long long do_keep(const long *number)
{
	(void)number;
	sock = -1;
	return 0;
}

static long long do_linger0(const long *number)
{
	struct linger linger = { .l_onoff = 1 };

	(void)number;
	return setsockopt(sock, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static long long do_disconnect(const long *number)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	(void)number;
	return connect(sock, &nowhere, sizeof(nowhere));
}

static long long do_nonblock(const long *number)
{
	(void)number;
	make_socket();
	return fcntl(sock, F_SETFL, O_NONBLOCK);
}

static long long do_keepalive(const long *number)
{
	if (set(IPPROTO_TCP, TCP_KEEPIDLE, number[0]) < 0 || set(IPPROTO_TCP, TCP_KEEPINTVL, number[1]) < 0 ||
	    set(IPPROTO_TCP, TCP_KEEPCNT, number[2]) < 0)
		return -1;
	return set(SOL_SOCKET, SO_KEEPALIVE, 1);
}

static long long do_mptcp(const long *number)
{
	(void)number;
	protocol = IPPROTO_MPTCP;
	return 0;
}

/* The ports of which connect() chooses one, in place of the network namespace's. */
static long long do_port_range(const long *number)
{
	return set(IPPROTO_IP, IP_LOCAL_PORT_RANGE, number[1] << 16 | number[0]);
}

static long long do_rename(const long *number)
{
	char name[16];

	snprintf(name, sizeof(name), "renamed-%ld", number[0]);
	return prctl(PR_SET_NAME, name);
}

static const struct word {
	const char *name;
	long long (*run)(const long *number);
} words[] = {
	{ "accept", do_accept },
	{ "bind", do_bind },
	{ "close", do_close },
	{ "close_listener", do_close_listener },
	{ "connect", do_connect },
	{ "disconnect", do_disconnect },
	{ "drain", do_drain },
	{ "error", do_error },
	{ "flush", do_flush },
	{ "keep", do_keep },
	{ "keepalive", do_keepalive },
	{ "linger0", do_linger0 },
	{ "listen", do_listen },
	{ "mptcp", do_mptcp },
	{ "nonblock", do_nonblock },
	{ "peek", do_peek },
	{ "port_range", do_port_range },
	{ "recv", do_recv },
	{ "rename", do_rename },
	{ "send", do_send },
	{ "shutdown", do_shutdown },
	{ "sleep", do_sleep },
	{ "state", do_state },
	{ "wait", do_wait },
};

/* Words that only set an option: to the number that they come with, or to 1. */
static const struct option_word {
	const char *name;
	int level, option;
} option_words[] = {
	{ "defer_accept", IPPROTO_TCP, TCP_DEFER_ACCEPT },
	{ "linger2", IPPROTO_TCP, TCP_LINGER2 },
	{ "nodelay", IPPROTO_TCP, TCP_NODELAY },
	{ "rcvbuf", SOL_SOCKET, SO_RCVBUF },
	{ "sndbuf", SOL_SOCKET, SO_SNDBUF },
	{ "user_timeout", IPPROTO_TCP, TCP_USER_TIMEOUT },
};

#endif
