/*
 * Asks a server for an answer, does not read it, and closes: the kernel resets the connection in close(). Then it waits to be killed. With a
 * port alone it is the server too, as another process with the same code at the same addresses.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define APART __attribute__((noinline, noipa))

/*
 * libc makes the system call without a frame of its own. That hides the function that called libc: a stack has only
 * that function's caller. So the test does not look for this one.
 */
APART int end_connection(int fd)
{
	int error = close(fd);

	__asm__ volatile("" ::: "memory");
	return error;
}

APART int reset_peer(int fd)
{
	int error = end_connection(fd);

	__asm__ volatile("" ::: "memory");
	return error;
}

APART int send_request(int fd)
{
	const uint32_t request[2] = { 100, sizeof(request) };
	struct pollfd answer = { .fd = fd, .events = POLLIN };
	int error;

	if (write(fd, request, sizeof(request)) != sizeof(request) || poll(&answer, 1, -1) != 1)
		return -1;
	error = reset_peer(fd);
	__asm__ volatile("" ::: "memory");
	return error;
}

/* Answers one connection, and stays until the parent has gone. */
static void serve(int listener)
{
	char request[8];
	int fd = accept(listener, NULL, NULL);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(fd, request, sizeof(request)) == sizeof(request) && write(fd, request, sizeof(request)) == sizeof(request))
		pause();
	_exit(1);
}

int main(int argc, char **argv)
{
	struct sockaddr_in server = { .sin_family = AF_INET };
	int fd;

	if (argc < 2 || argc > 3 || inet_pton(AF_INET, argc == 3 ? argv[1] : "127.0.0.1", &server.sin_addr) != 1)
		return 2;
	server.sin_port = htons((uint16_t)atoi(argv[argc - 1]));
	if (argc == 2) {
		int listener = socket(AF_INET, SOCK_STREAM, 0);

		if (bind(listener, (struct sockaddr *)&server, sizeof(server)) || listen(listener, 1))
			return 1;
		if (fork() == 0)
			serve(listener);
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) || send_request(fd)) {
		perror("no reset");
		return 1;
	}
	puts("reset");
	fflush(stdout);
	pause();
	return 0;
}
