/*
 * The path between two hosts: carries packets from the TUN device eth0 of one network namespace to that of another
 * and back, and does to them what its rules say.
 *
 *   relay CLIENT_NETNS SERVER_NETNS CAPTURE RULE…
 *
 *   RULE = WAY:ACTION:WHAT[:WHICH]
 *   WAY     out (client to server) or back
 *   ACTION  drop, dup, delay=MS, tsecr (spoils the timestamp's echo), reply=FLAGS,SEQ,ACK (see forge()),
 *           pause=EVERY,STILL (at the end of every so many ms since the first data nothing is taken for so many ms)
 *   WHAT    any, syn, synack, data, new (data for the first time), ack (nothing but), fin, rst
 *   WHICH   of these packets: N, N-M or N- (from 1), p=SHARE (of all), ms=FROM-TO (since the first data), idle=MS (all,
 *           once nothing has passed for so long, until the next SYN); else all
 *
 * Every rule counts its packets; what it does is done in the rules' order, and nothing after a drop. With CAPTURE, not "-", what each side sees is written to
 * CAPTURE.client and CAPTURE.server as pcap. When its standard input ends, it prints what it counted as a JSON line.
 */
#define _GNU_SOURCE
#include "rules.h"
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define PENDING_MAX 8192

static struct rule rules[RULES_MAX];
static int rule_count;

/* The device that packets of one way come from, and what was seen of them. */
static struct side {
	int tun;
	FILE *capture;
	struct stream stream;
	long packets, dropped, data, data_dropped, acks, acks_dropped;
} sides[2];
static long long last_us, first_data_us;

/* Packets that wait until they are due: a heap by that time, then by arrival. */
static struct pending {
	long long due_us;
	long arrival;
	enum way way;
	struct packet packet;
} *heap[PENDING_MAX];
static int pending_count;
static long arrivals;

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int open_tun(const char *netns)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "eth0" };
	char path[128];
	int there, tun;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	there = open(path, O_RDONLY | O_CLOEXEC);
	if (there < 0 || setns(there, CLONE_NEWNET) < 0)
		die(path);
	close(there);
	tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0)
		die("tun");
	return tun;
}

static FILE *open_capture(const char *prefix, const char *side)
{
	const uint32_t header[] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, PACKET_MAX, 101 /* IP without a link's header */ };
	char path[512];
	FILE *capture;

	if (strcmp(prefix, "-") == 0)
		return NULL;
	snprintf(path, sizeof(path), "%s.%s", prefix, side);
	capture = fopen(path, "w");
	if (!capture || fwrite(header, sizeof(header), 1, capture) != 1)
		die(path);
	return capture;
}

static void write_capture(FILE *capture, const struct packet *packet)
{
	struct timespec now;
	uint32_t header[4];

	if (!capture)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	header[0] = now.tv_sec;
	header[1] = now.tv_nsec / 1000;
	header[2] = header[3] = packet->length;
	if (fwrite(header, sizeof(header), 1, capture) != 1 || fwrite(packet->bytes, packet->length, 1, capture) != 1)
		die("capture");
}

static bool before(const struct pending *a, const struct pending *b)
{
	return a->due_us < b->due_us || (a->due_us == b->due_us && a->arrival < b->arrival);
}

static void push(enum way way, const struct packet *packet, long long due_us)
{
	struct pending *item = malloc(sizeof(*item));
	int at = pending_count++;

	errno = ENOBUFS;
	if (!item || pending_count > PENDING_MAX)
		die("packets under way");
	*item = (struct pending){ .due_us = due_us, .arrival = arrivals++, .way = way, .packet = *packet };
	for (; at > 0 && before(item, heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = item;
}

static struct pending *pop(void)
{
	struct pending *first = heap[0], *last = heap[--pending_count];
	int at = 0, child;

	while ((child = 2 * at + 1) < pending_count) {
		if (child + 1 < pending_count && before(heap[child + 1], heap[child]))
			child++;
		if (!before(heap[child], last))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = last;
	return first;
}

static void count(struct side *side, const struct packet *packet, bool dropped)
{
	const struct tcphdr *tcp = tcp_of(packet);
	bool data = is_what(DATA, &side->stream, packet, tcp), ack = is_what(ACK, &side->stream, packet, tcp);

	side->packets++;
	side->dropped += dropped;
	side->data += data;
	side->data_dropped += data && dropped;
	side->acks += ack;
	side->acks_dropped += ack && dropped;
	if (is_new(&side->stream, packet, tcp)) {
		side->stream.end = ntohl(tcp->seq) + payload_of(packet, tcp);
		side->stream.any = true;
	}
}

/* Applies the rules to a packet, and queues it unless one drops it. */
static void take(enum way way, struct packet *packet)
{
	struct side *side = &sides[way];
	long long now = now_us(), due = now;
	struct packet forged;
	bool dropped = false, twice = false;

	write_capture(side->capture, packet);
	if (!first_data_us && is_what(DATA, &side->stream, packet, tcp_of(packet)))
		first_data_us = now;
	for (struct rule *rule = rules; rule < rules + rule_count; rule++) {
		uint8_t *echo;

		if (rule->way != way || !applies(rule, &side->stream, packet, now - last_us, first_data_us ? now - first_data_us : 0) ||
		    dropped)
			continue;
		dropped = rule->action == DROP;
		twice = twice || rule->action == DUP;
		if (rule->action == DELAY)
			due += (long long)(rule->delay_ms * 1000);
		if (rule->action == PAUSE)
			due += pause_us(rule, first_data_us ? now - first_data_us : 0);
		if (rule->action == TSECR && (echo = timestamp_echo(tcp_of(packet)))) {
			echo[0] ^= 0x40;
			checksum(packet);
		}
		if (rule->action == REPLY) {
			forge(&forged, packet, rule->flags, rule->seq, rule->ack);
			push(!way, &forged, now);
		}
	}
	last_us = now;
	count(side, packet, dropped);
	if (!dropped)
		push(way, packet, due);
	if (!dropped && twice)
		push(way, packet, due);
}

static void deliver(long long now)
{
	while (pending_count > 0 && heap[0]->due_us <= now) {
		struct pending *item = pop();
		struct side *to = &sides[!item->way];

		write_capture(to->capture, &item->packet);
		/* A device that is down or gone loses packets as a cable would. */
		if (write(to->tun, item->packet.bytes, item->packet.length) < 0 && errno != EIO && errno != EBADFD)
			die("write");
		free(item);
	}
}

static void print_counts(void)
{
	for (enum way way = OUT; way <= BACK; way++) {
		const struct side *side = &sides[way];

		if (side->capture)
			fclose(side->capture);
		printf("%s\"%s\":{\"packets\":%ld,\"dropped\":%ld,\"data\":%ld,\"data_dropped\":%ld,\"acks\":%ld,\"acks_dropped\":%ld}%s",
		       way == OUT ? "{" : ",", way_names[way], side->packets, side->dropped, side->data, side->data_dropped,
		       side->acks, side->acks_dropped, way == BACK ? "}\n" : "");
	}
}

int main(int argc, char **argv)
{
	struct pollfd polled[3];
	struct packet packet;

	errno = EINVAL;
	if (argc < 4 || argc - 4 > RULES_MAX)
		die("arguments");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Real-time priority: a path does not wait for a processor. Without the right to set it, the relay goes on as it is. */
	sched_setscheduler(0, SCHED_RR, &(struct sched_param){ .sched_priority = 1 });
	for (int i = 4; i < argc; i++)
		rules[rule_count++] = parse_rule(argv[i]);
	for (enum way way = OUT; way <= BACK; way++) {
		sides[way].tun = open_tun(argv[1 + way]);
		sides[way].capture = open_capture(argv[3], way == OUT ? "client" : "server");
		polled[way] = (struct pollfd){ .fd = sides[way].tun, .events = POLLIN };
	}
	polled[2] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		long long wait_us = pending_count > 0 ? heap[0]->due_us - now_us() : -1;
		struct timespec timeout = { .tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000 };

		if (pending_count > 0 && wait_us < 0)
			timeout = (struct timespec){};
		ppoll(polled, 3, pending_count > 0 ? &timeout : NULL, NULL);
		if (polled[2].revents && read(STDIN_FILENO, packet.bytes, sizeof(packet.bytes)) <= 0)
			break;
		for (enum way way = OUT; way <= BACK; way++)
			while ((packet.length = read(sides[way].tun, packet.bytes, PACKET_MAX)) > 0)
				if (tcp_of(&packet))
					take(way, &packet);
		deliver(now_us());
	}
	print_counts();
	return 0;
}
