// Clients that differ in which process holds their connection:
//   client HOW PORT TURNS IDLE_MS OTHER    prints "holds PID LOCAL_PORT", then "done" after its turns
// and keeps the connection until its standard input ends. OTHER is this program under another name, for HOW `exec`.
#include "common.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>

static int turns, idle_ms;
static const char *other_program;

static void use(int connection)
{
	char byte = 'x';

	say_holds(port_of(connection, getsockname));
	sleep_ms(idle_ms);
	for (int i = 0; i < turns; i++) {
		check(write(connection, &byte, 1) == 1, "write");
		check(read(connection, &byte, 1) == 1, "read");
	}
	dprintf(STDOUT_FILENO, "done\n");
	until_stdin_ends();
	close(connection);
}

static int connected(int port, int flags)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	check(fd >= 0, "socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	check(errno == EINPROGRESS && poll(&ready, 1, -1) == 1, "connect");
	check(fcntl(fd, F_SETFL, 0) == 0, "fcntl");
	return fd;
}

static void *connect_in_thread(void *port)
{
	pthread_setname_np(pthread_self(), "some-thread");
	use(connected((int)(long)port, 0));
	return NULL;
}

static void client(const char *how, int port)
{
	pthread_t thread;
	char fd[16], turns_text[16];
	int connection;

	if (!strcmp(how, "thread")) {
		check(pthread_create(&thread, NULL, connect_in_thread, (void *)(long)port) == 0, "thread");
		pthread_join(thread, NULL);
		return;
	}
	connection = connected(port, strcmp(how, "nonblocking") ? 0 : SOCK_NONBLOCK);
	if (!strcmp(how, "exec")) {
		snprintf(fd, sizeof(fd), "%d", connection);
		snprintf(turns_text, sizeof(turns_text), "%d", turns);
		execl(other_program, other_program, "use", fd, turns_text, NULL);
		check(0, "exec");
	} else if (!strncmp(how, "forked", 6)) {
		pid_t user = child();

		if (user == 0) {
			use(connection);
			_exit(0);
		}
		if (!strcmp(how, "forked"))
			close(connection);
		waitpid(user, NULL, 0);
	} else {
		use(connection);
	}
}

int main(int count, char **arguments)
{
	signal(SIGPIPE, SIG_IGN);
	if (count == 4 && !strcmp(arguments[1], "use")) {
		turns = atoi(arguments[3]);
		use(atoi(arguments[2]));
	} else if (count == 6) {
		turns = atoi(arguments[3]);
		idle_ms = atoi(arguments[4]);
		other_program = arguments[5];
		client(arguments[1], atoi(arguments[2]));
	} else {
		return 2;
	}
	return 0;
}
