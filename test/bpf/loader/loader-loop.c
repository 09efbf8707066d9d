// SPDX-License-Identifier: Apache-2.0
/*
 * The whole loader's life, again and again, as a program, so that it can be built with sanitizers: `loader-loop OBJECTS ROUNDS`
 * fails to open in several ways, then opens, drains, sweeps, counts, sets filters and budgets and closes, while two threads make
 * connections over loopback; at last it gives up its capabilities. Writes rows drained of each kind, and rows counted; ends with 2
 * where the loader says an error.
 */
#define _GNU_SOURCE
#include "../../../bpf/loader/row_size.h"
#include "../../../bpf/rows/filter.h"
#include "../../../bpf/rows/netns-holder.h"
#include "../../../bpf/rows/tally_program.h"
#include "load-all.h"
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OBJECTS ((int)(sizeof(objects_of_all) / sizeof(objects_of_all[0])))
#define RING_BYTES (1 << 20)
#define ROWS_BYTES (1 << 20)
#define DRAINS 10
#define PAUSE_US 300 /* so that both cores are not kept busy by traffic alone */
#define KEPT 8
#define NOBODY_PORT 1 /* a connection to it is refused, which is a reset row */

static unsigned char rows[ROWS_BYTES];
static unsigned long long drained[KIND_COUNT], counted;
static atomic_bool is_over;
static int server, port;

static int check(const char *what, int result)
{
	if (result >= 0)
		return result;
	fprintf(stderr, "%s: %s\n", what, strerror(-result));
	exit(2);
}

static int connect_to(int to)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)to) };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(client, (struct sockaddr *)&address, sizeof(address)) == 0)
		return client;
	close(client);
	return -1;
}

static void shut(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void *call(void *unused)
{
	int clients[KEPT] = { -1, -1, -1, -1, -1, -1, -1, -1 };
	char byte = 0;

	(void)unused;
	for (unsigned int n = 0; !is_over; n++) {
		int client = connect_to(port);

		if (client >= 0 && write(client, &byte, 1) == 1 && read(client, &byte, 1) < 0)
			perror("read");
		/* Closed at once, on a quiet machine no sweep would meet one. */
		shut(clients[n % KEPT]);
		clients[n % KEPT] = client;
		shut(connect_to(NOBODY_PORT));
		usleep(PAUSE_US);
	}
	return NULL; /* the process ends, and with it what is kept */
}

static void *answer(void *unused)
{
	char byte;
	int client;

	(void)unused;
	while ((client = accept(server, NULL, NULL)) >= 0) {
		if (read(client, &byte, 1) == 1 && write(client, &byte, 1) < 0)
			perror("write");
		close(client);
	}
	return NULL;
}

static void listen_somewhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server, (struct sockaddr *)&address, sizeof(address)) || listen(server, 64) ||
	    getsockname(server, (struct sockaddr *)&address, &length)) {
		perror("listen");
		exit(2);
	}
	port = ntohs(address.sin_port);
}

/* Asks for the answer in a buffer of exactly `size` bytes, whose ends the sanitizer guards. */
static int in_buffer(const char *what, int (*ask)(unsigned char *, int), int size)
{
	unsigned char *buffer = malloc((size_t)size);
	int result = check(what, ask(buffer, size));

	if (result > size) {
		fprintf(stderr, "%s says %d bytes, there is room for %d\n", what, result, size);
		exit(2);
	}
	free(buffer);
	return result;
}

static void drain_all(void)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		int got = check("drain", loader__drain(kind, rows, sizeof(rows)));

		drained[kind] += (unsigned long long)(got / row_size(kind));
	}
}

static void sweep(void)
{
	unsigned char seen[32768];

	check("sweep", loader__sweep("", 1, seen, sizeof(seen)) + loader__meet(""));
	if (loader__sweep("/nowhere", 0, seen, sizeof(seen)) >= 0)
		exit(2);
	for (int i = 0; i < 1000 && loader__sweeping(seen, sizeof(seen)); i++)
		drain_all();
	drain_all();
}

/* Accepts every row; its second step is never met. */
static void set_filters(int round)
{
	unsigned char counters[sizeof(struct filter_counters)];
	struct filter filter = { .id = 1, .end_ns = 1ULL << 62 };

	for (int i = 0; i < FILTER_STEPS_MAX; i++)
		filter.steps[i] = (struct filter_step){ .yes = FILTER_REJECT, .no = FILTER_REJECT };
	filter.steps[0].yes = filter.steps[0].no = FILTER_ACCEPT;
	for (int slot = 0; slot < FILTER_SLOTS; slot++)
		check("filter", loader__filter(slot, (unsigned char *)&filter, sizeof(filter), slot, slot, slot & 1));
	for (int slot = 0; slot < FILTER_SLOTS; slot++)
		check("filter_counters", loader__filter_counters(slot, counters, sizeof(counters)));
	check("filter_mode", loader__filter_mode(round & 1));
	for (int kind = 0; kind < KIND_COUNT; kind++)
		check("budget", loader__budget(kind, round & 1 ? 1000 : 0, 10));
	for (int slot = 0; slot < FILTER_SLOTS; slot += 2)
		check("filter_clear", loader__filter_clear(slot));
}

/* A group a kind. */
static void start_tally(void)
{
	static struct tally_program program = { .plans = KIND_COUNT, .bounds = 2, .groups_max = 16, .bound = { 10, 1000 } };

	for (int kind = 0; kind < KIND_COUNT; kind++)
		program.plan[kind] = (struct tally_plan){
			.kind = (enum kind)kind, .values = 1, .value = { { .from = 0, .size = 8, .most = TALLY_NONE, .less = TALLY_NONE } }
		};
	check("tally", loader__tally((unsigned char *)&program, sizeof(program)));
}

static int counters(unsigned char *bytes, int size)
{
	static const unsigned char first[8];

	return loader__map("counters", first, bytes, size);
}

static void tell(void)
{
	int bytes = check("tallied", loader__tallied(0, rows, sizeof(rows)));

	for (int at = 0; at < bytes;) {
		struct tally_group group;

		memcpy(&group, rows + at, sizeof(group));
		counted += group.rows;
		at += (int)group.size;
	}
	for (int size = 16; size <= 65536; size *= 4) {
		in_buffer("misses", loader__misses, size);
		in_buffer("walk", loader__walk, size);
		in_buffer("namespaces", loader__namespaces, size);
	}
	in_buffer("map", counters, 1 << 16);
}

static void wake(int reader)
{
	char byte = 1;

	if (write(reader, &byte, 1) != 1 || read(reader, &byte, 1) != 1) {
		perror("waker");
		exit(2);
	}
}

/* What fails leaves nothing behind, and writes no further than it may. */
static void fail(const char *objects)
{
	static const int sizes[] = { 1, 2, 30, 31, 100, 700 };
	unsigned char seen[64];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (load_first("/nowhere", OBJECTS, RING_BYTES, sizes[i]) != 0)
			exit(2);
	/* Those before the iterators. */
	if (load_first(objects, 6, 4096, 8192) == 0)
		exit(2);
	check("start", loader__start());
	if (loader__load(rows, 1, "sample", "", "", 4096, rows, 64) != -EBUSY || loader__sweep("", 1, seen, sizeof(seen)) != -ENOSYS ||
	    loader__walk(NULL, 0) != -ENOSYS || loader__drain(-1, rows, sizeof(rows)) != -EINVAL ||
	    loader__drain(KIND_COUNT, rows, sizeof(rows)) != -EINVAL || loader__filter_clear(FILTER_SLOTS) != -ENOENT ||
	    loader__tally(rows, 3) != -EINVAL)
		exit(2);
	check("close", loader__close());
}

/* Every other time a thread counts what the first half of a life drains. */
static void live(const char *objects, int round, bool is_last)
{
	int reader = -1;

	if (load_first(objects, OBJECTS, RING_BYTES, 8192) == 0) {
		fprintf(stderr, "nothing is attached\n");
		exit(2);
	}
	check("start", loader__start());
	check("walk", loader__walk(NULL, 0));
	start_tally();
	reader = check("waker", loader__waker());
	wake(reader);
	if (round & 1)
		check("count", loader__count(1));
	for (int i = 0; i < DRAINS; i++) {
		drain_all();
		sweep();
		if (i % 5 == 0) {
			set_filters(i / 5);
			check("detail", loader__detail(i % 2 ? KIND_PACKET : KIND_PROGRESS, i / 5 & 2 ? 0xff : 0));
			tell();
		}
		usleep(2000);
	}
	tell();
	check("suffices", loader__suffices("ffffffffffffffff"));
#ifdef __SANITIZE_THREAD__
	(void)is_last; /* ThreadSanitizer holds signals back, and one in each thread is what restricts it */
#else
	if (is_last)
		check("restrict", loader__restrict("0000000000000000"));
#endif
	if (round & 2)
		close(reader);
	check("close", loader__close());
	if (!(round & 2))
		close(reader);
}

int main(int count, char **arguments)
{
	pthread_t caller, answerer;
	int rounds = count == 3 ? atoi(arguments[2]) : 0;

	if (rounds < 1)
		return 1;
	listen_somewhere();
	pthread_create(&answerer, NULL, answer, NULL);
	pthread_create(&caller, NULL, call, NULL);
	fail(arguments[1]);
	for (int round = 0; round < rounds; round++)
		live(arguments[1], round, round == rounds - 1);
	is_over = true;
	pthread_join(caller, NULL);
	shutdown(server, SHUT_RDWR);
	pthread_join(answerer, NULL);
	close(server);
	for (int kind = 0; kind < KIND_COUNT; kind++)
		printf("%llu ", drained[kind]);
	printf("%llu\n", counted);
	return 0;
}
