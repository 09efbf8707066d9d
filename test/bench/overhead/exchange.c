/*
 * Kept connections that carry requests and answers: `exchange CONNECTIONS BYTES` opens that many over loopback, the clients
 * in one process and the servers in another, a thread for each end. Every connection has one request of BYTES under way
 * at a time, and its answer is as long. It prints a JSON line when all are open. After that each line on standard input,
 * a number of seconds, has them exchange for so long, and is answered by another JSON line. The processor time is that of both
 * processes, what the kernel does for them included.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define BYTES_MAX (1 << 20)
#define SAMPLES 4096 /* times of exchanges that a connection keeps: each replaces an older one */

static struct client {
	int fd;
	pthread_t thread;
	unsigned long made;
	unsigned took_ns[SAMPLES];
} clients[CONNECTIONS_MAX];
static long connections, bytes;
static long long deadline_ns;
static clockid_t server_clock; /* the server's processor time */

static void check(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static long long ns_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long now_ns(void)
{
	return ns_of(CLOCK_MONOTONIC);
}

static long long cpu_ns(void)
{
	return ns_of(CLOCK_PROCESS_CPUTIME_ID) + ns_of(server_clock);
}

static void no_delay(int fd)
{
	int on = 1;

	check(!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "nodelay");
}

/* False where the peer has closed. */
static int take(int fd, char *into)
{
	ssize_t got;

	for (long left = bytes; left > 0; left -= got) {
		got = recv(fd, into, (size_t)left, 0);
		if (got <= 0)
			return 0;
	}
	return 1;
}

static void *serve(void *context)
{
	int fd = (int)(long)context;
	char *buffer = malloc(BYTES_MAX);

	check(buffer != NULL, "memory");
	while (take(fd, buffer))
		check(send(fd, buffer, (size_t)bytes, MSG_NOSIGNAL) == bytes, "answer");
	return NULL;
}

static void serve_all(int listener)
{
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (long i = 0; i < connections; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		check(fd >= 0, "accept");
		no_delay(fd);
		check(!pthread_create(&thread, NULL, serve, (void *)(long)fd), "thread");
	}
	pthread_exit(NULL);
}

static void *ask(void *context)
{
	struct client *client = context;
	char *buffer = calloc(1, BYTES_MAX);
	long long began_ns = now_ns(), ended_ns;

	check(buffer != NULL, "memory");
	client->made = 0;
	/* One at least: on a busy machine the time may be over before it begins. */
	do {
		check(send(client->fd, buffer, (size_t)bytes, MSG_NOSIGNAL) == bytes && take(client->fd, buffer), "exchange");
		ended_ns = now_ns();
		client->took_ns[client->made++ % SAMPLES] = (unsigned)(ended_ns - began_ns);
		began_ns = ended_ns;
	} while (began_ns < deadline_ns);
	free(buffer);
	return NULL;
}

static int by_value(const void *one, const void *other)
{
	unsigned a = *(const unsigned *)one, b = *(const unsigned *)other;

	return (a > b) - (a < b);
}

static void report(double seconds, long long cpu)
{
	static unsigned all[CONNECTIONS_MAX * SAMPLES];
	unsigned long made = 0, kept = 0;

	for (long i = 0; i < connections; i++) {
		unsigned long here = clients[i].made < SAMPLES ? clients[i].made : SAMPLES;

		memcpy(all + kept, clients[i].took_ns, here * sizeof(*all));
		kept += here;
		made += clients[i].made;
	}
	qsort(all, kept, sizeof(*all), by_value);
	printf("{\"exchanges\":%lu,\"exchanges_per_s\":%.1f,\"cpu_ns\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", made,
	       (double)made / seconds, (double)cpu / (double)made, all[kept / 2] / 1000.0, all[kept * 99 / 100] / 1000.0);
	fflush(stdout);
}

static void exchange_for(double seconds)
{
	long long began_ns = now_ns(), cpu = cpu_ns();

	deadline_ns = began_ns + (long long)(seconds * 1e9);
	for (long i = 0; i < connections; i++)
		check(!pthread_create(&clients[i].thread, NULL, ask, &clients[i]), "thread");
	for (long i = 0; i < connections; i++)
		pthread_join(clients[i].thread, NULL);
	report((double)(now_ns() - began_ns) / 1e9, cpu_ns() - cpu);
}

int main(int count, char **words)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(to);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char line[32];
	pid_t server;

	connections = count > 1 ? strtol(words[1], NULL, 10) : 0;
	bytes = count > 2 ? strtol(words[2], NULL, 10) : 0;
	if (connections < 1 || connections > CONNECTIONS_MAX || bytes < 1 || bytes > BYTES_MAX) {
		fprintf(stderr, "exchange: 1 to %d connections, 1 to %d bytes\n", CONNECTIONS_MAX, BYTES_MAX);
		return 2;
	}
	check(listener >= 0 && !bind(listener, (struct sockaddr *)&to, length) && !listen(listener, CONNECTIONS_MAX), "listen");
	check(!getsockname(listener, (struct sockaddr *)&to, &length), "address");
	server = fork();
	if (server == 0)
		serve_all(listener);
	check(server > 0 && !clock_getcpuclockid(server, &server_clock), "server");
	for (long i = 0; i < connections; i++) {
		clients[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		check(clients[i].fd >= 0 && !connect(clients[i].fd, (struct sockaddr *)&to, length), "connect");
		no_delay(clients[i].fd);
	}
	printf("{\"connections\":%ld}\n", connections);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		exchange_for(strtod(line, NULL));
	return 0;
}
