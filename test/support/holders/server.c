// Servers that differ in which process holds a connection. Each says so itself when it begins to use one:
//   server HOW ACCEPT_DELAY_MS THINK_MS SERVICE    prints "port P", then "holds PID PEER_PORT" a connection
// and serves until its standard input ends. SERVICE is this program under another name, which HOW `activated` starts.
#include "common.h"
#include "pass-fd.h"
#include "uring.h"
#include <poll.h>
#include <pthread.h>

#define WORKERS 2

static int accept_delay_ms, think_ms;
static const char *service;

static int bound(int port, int reuse_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	check(fd >= 0, "socket");
	if (reuse_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	check(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
	return fd;
}

static int listening(int port, int reuse_port)
{
	int fd = bound(port, reuse_port);

	check(listen(fd, 16) == 0, "listen");
	return fd;
}

static void say_port(int listener)
{
	dprintf(STDOUT_FILENO, "port %d\n", port_of(listener, getsockname));
}

static void serve(int connection)
{
	char byte;

	say_holds(port_of(connection, getpeername));
	while (read(connection, &byte, 1) == 1) {
		sleep_ms(think_ms);
		check(write(connection, &byte, 1) == 1, "write");
	}
	close(connection);
}

static int accepted(int listener)
{
	struct pollfd ready = { .fd = listener, .events = POLLIN };
	int connection;

	if (accept_delay_ms) {
		check(poll(&ready, 1, -1) == 1, "poll");
		sleep_ms(accept_delay_ms);
	}
	connection = accept(listener, NULL, NULL);
	check(connection >= 0, "accept");
	return connection;
}

static void serve_all(int listener)
{
	for (;;)
		serve(accepted(listener));
}

/* Accepts and neither reads nor writes. */
static void ignore_all(int listener)
{
	for (;;) {
		int connection = accepted(listener);
		struct pollfd end = { .fd = connection, .events = POLLRDHUP };

		say_holds(port_of(connection, getpeername));
		check(poll(&end, 1, -1) == 1, "poll");
		close(connection);
	}
}

static void fork_each(int listener)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int connection = accepted(listener);

		if (child() == 0) {
			close(listener);
			serve(connection);
			_exit(0);
		}
		close(connection);
	}
}

static void prefork(int listener, void (*work)(int))
{
	for (int i = 0; i < WORKERS; i++)
		if (child() == 0)
			work(listener);
	pause();
}

static void reuse_port(void)
{
	int first = bound(0, 1), port = port_of(first, getsockname), ready[2];
	char byte = 0;

	check(pipe(ready) == 0, "pipe");
	for (int i = 0; i < WORKERS; i++) {
		if (child() == 0) {
			int listener = listening(port, 1);

			check(write(ready[1], &byte, 1) == 1, "write");
			serve_all(listener);
		}
	}
	for (int i = 0; i < WORKERS; i++)
		check(read(ready[0], &byte, 1) == 1, "read");
	say_port(first);
	pause();
}

/* As systemd does it: another program finds the listener as its descriptor 3. */
static void activate(int listener)
{
	char think[16];

	snprintf(think, sizeof(think), "%d", think_ms);
	if (child() == 0) {
		check(dup2(listener, 3) == 3, "dup2");
		setenv("LISTEN_FDS", "1", 1);
		execl(service, service, "activated", think, NULL);
		check(0, "exec");
	}
	pause();
}

/* One process accepts and hands every connection over to another, which runs already. */
static void pass(int listener)
{
	int channel[2];

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, channel) == 0, "socketpair");
	if (child() == 0) {
		close(listener);
		close(channel[0]);
		for (;;)
			serve(receive_fd(channel[1]));
	}
	for (;;) {
		int connection = accepted(listener);

		send_fd(channel[0], connection);
		close(connection);
	}
}

static void *serve_in_thread(void *connection)
{
	pthread_setname_np(pthread_self(), "some-thread");
	serve((int)(long)connection);
	return NULL;
}

static void thread_each(int listener)
{
	for (;;) {
		pthread_t thread;

		check(pthread_create(&thread, NULL, serve_in_thread, (void *)(long)accepted(listener)) == 0, "thread");
		pthread_detach(thread);
	}
}

static void uring(int listener)
{
	char byte;

	for (;;) {
		int connection = operate(IORING_OP_ACCEPT, listener, NULL, 0);

		check(connection >= 0, "io_uring accept");
		say_holds(port_of(connection, getpeername));
		while (operate(IORING_OP_RECV, connection, &byte, 1) == 1)
			check(operate(IORING_OP_SEND, connection, &byte, 1) == 1, "io_uring send");
		close(connection);
	}
}

static void server(const char *how)
{
	int listener;

	if (!strcmp(how, "reuse_port"))
		return reuse_port();
	if (!strcmp(how, "uring"))
		open_ring();
	listener = listening(0, 0);
	say_port(listener);
	if (!strcmp(how, "single"))
		serve_all(listener);
	else if (!strcmp(how, "fork"))
		fork_each(listener);
	else if (!strcmp(how, "prefork"))
		prefork(listener, serve_all);
	else if (!strcmp(how, "silent"))
		prefork(listener, ignore_all);
	else if (!strcmp(how, "activated"))
		activate(listener);
	else if (!strcmp(how, "passed"))
		pass(listener);
	else if (!strcmp(how, "thread"))
		thread_each(listener);
	else if (!strcmp(how, "uring"))
		uring(listener);
	else
		check(0, how);
}

static void *end_with_stdin(void *nothing)
{
	until_stdin_ends();
	_exit(0);
	return nothing;
}

int main(int count, char **arguments)
{
	pthread_t thread;

	signal(SIGPIPE, SIG_IGN);
	if (count == 3 && !strcmp(arguments[1], "activated")) {
		think_ms = atoi(arguments[2]);
		serve_all(3);
	} else if (count == 5) {
		accept_delay_ms = atoi(arguments[2]);
		think_ms = atoi(arguments[3]);
		service = arguments[4];
		check(pthread_create(&thread, NULL, end_with_stdin, NULL) == 0, "thread");
		server(arguments[1]);
	}
	return 2;
}
