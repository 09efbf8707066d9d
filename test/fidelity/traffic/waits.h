/* The words of endpoint.c that wait for something and change nothing. */
#ifndef WAITS_H
#define WAITS_H

#include <errno.h>
#include <netinet/in.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STATE_CLOSE 7
#define CHUNK (256 * 1024)

static int sock = -1;
static char chunk[CHUNK];

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void print(const char *word, long long began_us, long long bytes, int err);

static void pause_ms(long ms)
{
	struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	while (nanosleep(&pause, &pause) < 0)
		;
}

/* Until all that was sent is acknowledged, or the connection is broken. */
static long long do_flush(const long *number)
{
	struct tcp_info info;
	int unacked;

	(void)number;
	for (;;) {
		socklen_t length = sizeof(info);

		if (ioctl(sock, SIOCOUTQ, &unacked) < 0 || getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
			return -1;
		if (unacked == 0 || info.tcpi_state == STATE_CLOSE)
			return 0;
		pause_ms(1);
	}
}

/* Until the connection is in a state, by the kernel's number for it. */
static long long do_state(const long *number)
{
	struct tcp_info info;

	for (;;) {
		socklen_t length = sizeof(info);

		if (getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
			return -1;
		if (info.tcpi_state == number[0])
			return 0;
		pause_ms(1);
	}
}

/* Until so much can be read, and leaves it there. */
static long long do_peek(const long *number)
{
	return recv(sock, chunk, number[0], MSG_PEEK | MSG_WAITALL);
}

/* Waits until the socket has something to say, and takes its error. */
static long long do_error(const long *number)
{
	struct pollfd wanted = { .fd = sock };
	socklen_t length = sizeof(int);
	int err = 0;

	(void)number;
	if (poll(&wanted, 1, -1) < 0 || getsockopt(sock, SOL_SOCKET, SO_ERROR, &err, &length) < 0)
		return -1;
	errno = err;
	return err ? -1 : 0;
}

static long long do_sleep(const long *number)
{
	pause_ms(number[0]);
	return 0;
}

static long long do_wait(const long *number)
{
	char byte;

	(void)number;
	/* Said before it waits: others wait for this line. */
	print("waiting", now_us(), 0, 0);
	while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
		;
	return 0;
}

#endif
