/*
 * Short connections as fast as the machine makes them, or long ones with much to send.
 *
 *   storm serve   address=A port=P threads=T
 *   storm connect address=A port=P threads=T peers=N seconds=S|connections=N bytes=N answer=N
 *
 * A connection: the client connects, sends `bytes` (the first eight say how many, and how many it wants back), reads
 * the answer and closes; then the server closes. With `peers` the client takes turns over that many addresses from A
 * on, each of which has all its ports.
 *
 * The server prints its port, and at SIGTERM what it served; the client prints what it did. Both as one JSON line.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 256
#define CHUNK 65536
#define HEADER 8
/* Latencies in ns, counted in 64 steps a power of two: 1.6 % wide. */
#define STEPS 64
#define BUCKETS (STEPS * STEPS)

static const char *address = "127.0.0.1";
static long port, threads = 4, peers = 1, seconds, connections, bytes = 64, answer = 64;

/* What one thread did: connections made, connects that failed, exchanges that broke off. */
struct tally {
	unsigned long made, failed, broken;
	int first_errno;
	unsigned latencies[BUCKETS];
};

static int listener;
static long long deadline_ns;
static atomic_long budget;
static struct tally tallies[THREADS_MAX];

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "storm: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int bucket_of(unsigned long long ns)
{
	int power = 63 - __builtin_clzll(ns | STEPS);
	int scale = power - 6;

	return scale * STEPS + (int)(ns >> scale);
}

/* The upper end of the bucket that holds the given share of all latencies. */
static double percentile_us(const unsigned *latencies, unsigned long all, double share)
{
	unsigned long seen = 0;

	for (int i = 0; i < BUCKETS; i++) {
		int scale = i < 2 * STEPS ? 0 : i / STEPS - 1;

		seen += latencies[i];
		if (seen && seen >= share * all)
			return ((unsigned long long)(i - scale * STEPS + 1) << scale) / 1000.0;
	}
	return 0;
}

/* The address of the n-th peer; returns its length. */
static socklen_t peer_at(unsigned long n, struct sockaddr_storage *to)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
	struct sockaddr_in *four = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((unsigned short)port);
		six->sin6_addr.s6_addr[15] += n;
		return sizeof(*six);
	}
	if (inet_pton(AF_INET, address, &four->sin_addr) != 1)
		die(address);
	four->sin_family = AF_INET;
	four->sin_port = htons((unsigned short)port);
	four->sin_addr.s_addr = htonl(ntohl(four->sin_addr.s_addr) + (unsigned)n);
	return sizeof(*four);
}

static int send_all(int fd, const char *from, long length)
{
	for (ssize_t sent; length > 0; length -= sent) {
		sent = send(fd, from, length > CHUNK ? CHUNK : (size_t)length, MSG_NOSIGNAL);
		if (sent < 0)
			return -1;
	}
	return 0;
}

static int receive_all(int fd, char *into, long length)
{
	for (ssize_t got; length > 0; length -= got) {
		got = recv(fd, into, length > CHUNK ? CHUNK : (size_t)length, 0);
		if (got <= 0)
			return -1;
	}
	return 0;
}

static int serve_one(int fd, char *buffer)
{
	unsigned wanted[2];

	if (recv(fd, wanted, HEADER, MSG_WAITALL) != HEADER)
		return -1;
	if (receive_all(fd, buffer, (long)wanted[0] - HEADER) || send_all(fd, buffer, wanted[1]))
		return -1;
	return recv(fd, buffer, 1, 0) == 0 ? 0 : -1;
}

static void *serve(void *context)
{
	struct tally *tally = context;
	static __thread char buffer[CHUNK];

	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue; /* the client gave up, or the file table is full for a moment */
		tally->made++;
		if (serve_one(fd, buffer))
			tally->broken++;
		close(fd);
	}
	return NULL;
}

static int exchange(int fd, char *buffer)
{
	unsigned wanted[2] = { (unsigned)bytes, (unsigned)answer };

	memcpy(buffer, wanted, HEADER);
	/* One buffer over and over: what lies behind the header does not matter. */
	return send_all(fd, buffer, bytes) || receive_all(fd, buffer, answer);
}

static void connect_one(struct tally *tally, unsigned long n, char *buffer)
{
	struct sockaddr_storage to;
	socklen_t length = peer_at(n % (unsigned long)peers, &to);
	long long began_ns = now_ns();
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&to, length)) {
		if (!tally->failed++)
			tally->first_errno = errno;
	} else {
		tally->made++;
		if (exchange(fd, buffer))
			tally->broken++;
	}
	close(fd);
	tally->latencies[bucket_of((unsigned long long)(now_ns() - began_ns))]++;
}

static void *connect_many(void *context)
{
	struct tally *tally = context;
	unsigned long n = (unsigned long)(tally - tallies);
	char *buffer = calloc(1, CHUNK);

	if (!buffer)
		die("memory");
	for (; seconds ? now_ns() < deadline_ns : atomic_fetch_sub(&budget, 1) > 0; n++)
		connect_one(tally, n, buffer);
	return NULL;
}

static void start(pthread_t *ids, void *(*body)(void *))
{
	for (long i = 0; i < threads; i++)
		if ((errno = pthread_create(&ids[i], NULL, body, &tallies[i])))
			die("thread");
}

static struct tally sum(void)
{
	static struct tally all;

	for (long i = 0; i < threads; i++) {
		all.made += tallies[i].made;
		all.failed += tallies[i].failed;
		all.broken += tallies[i].broken;
		all.first_errno = all.first_errno ? all.first_errno : tallies[i].first_errno;
		for (int bucket = 0; bucket < BUCKETS; bucket++)
			all.latencies[bucket] += tallies[i].latencies[bucket];
	}
	return all;
}

static void run_server(pthread_t *ids)
{
	struct sockaddr_storage at;
	socklen_t length = peer_at(0, &at);
	sigset_t end;
	int on = 1, signal;

	listener = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&at, length) || listen(listener, 4096))
		die("listen");
	getsockname(listener, (struct sockaddr *)&at, &length);
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &end, NULL);
	start(ids, serve);
	printf("{\"port\":%d}\n", ntohs(((struct sockaddr_in *)&at)->sin_port));
	fflush(stdout);
	sigwait(&end, &signal);
	struct tally all = sum();
	printf("{\"accepted\":%lu,\"broken\":%lu}\n", all.made, all.broken);
}

static void run_clients(pthread_t *ids)
{
	long long began_ns = now_ns();

	deadline_ns = began_ns + seconds * 1000000000LL;
	budget = connections;
	start(ids, connect_many);
	for (long i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	double took_s = (double)(now_ns() - began_ns) / 1e9;
	struct tally all = sum();
	unsigned long attempts = all.made + all.failed;
	printf("{\"connections\":%lu,\"failed\":%lu,\"broken\":%lu,\"first_errno\":%d,\"seconds\":%.3f,"
	       "\"connections_per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
	       all.made, all.failed, all.broken, all.first_errno, took_s, all.made / took_s,
	       percentile_us(all.latencies, attempts, 0.5), percentile_us(all.latencies, attempts, 0.99));
}

int main(int count, char **words)
{
	const struct { const char *name; long *value; } numbers[] = {
		{ "port", &port }, { "threads", &threads }, { "peers", &peers }, { "seconds", &seconds },
		{ "connections", &connections }, { "bytes", &bytes }, { "answer", &answer },
	};
	pthread_t ids[THREADS_MAX];

	for (int i = 2; i < count; i++) {
		char *value = strchr(words[i], '=');

		if (value)
			*value++ = 0;
		for (size_t n = 0; value && n < sizeof(numbers) / sizeof(*numbers); n++)
			if (!strcmp(words[i], numbers[n].name))
				*numbers[n].value = strtol(value, NULL, 10);
		if (value && !strcmp(words[i], "address"))
			address = value;
	}
	if (threads < 1 || threads > THREADS_MAX || bytes < HEADER || peers < 1) {
		fprintf(stderr, "storm: at most %d threads, at least %d bytes\n", THREADS_MAX, HEADER);
		return 2;
	}
	if (count > 1 && !strcmp(words[1], "serve"))
		run_server(ids);
	else
		run_clients(ids);
	return 0;
}
