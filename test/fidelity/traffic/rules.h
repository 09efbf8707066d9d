/* What a relay does to which packets: the rules of relay.c, read and tried. */
#ifndef RULES_H
#define RULES_H

#include "packet.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define RULES_MAX 16

static const char *const way_names[] = { "out", "back" };
enum way { OUT, BACK };

static const char *const action_names[] = { "drop", "dup", "delay", "tsecr", "reply", "pause" };
enum action { DROP, DUP, DELAY, TSECR, REPLY, PAUSE };

static const char *const what_names[] = { "any", "syn", "synack", "data", "new", "ack", "fin", "rst" };
enum what { ANY, SYN, SYNACK, DATA, NEW, ACK, FIN, RST };

struct rule {
	enum way way;
	enum action action;
	enum what what;
	char flags[8]; /* of a reply, with its numbers relative to what the packet says */
	int seq, ack;
	double delay_ms, share;
	long every_us, still_us;
	long from, to, seen;
	long idle_us; /* 0: does not matter */
	long from_us, to_us; /* since the first data */
	bool idled;
};

/* The data that has come one way. */
struct stream {
	uint32_t end;
	bool any;
};

static inline void die(const char *what)
{
	fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline int index_of(const char *name, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	die(name);
	return -1;
}

#define INDEX_OF(name, names) index_of(name, names, sizeof(names) / sizeof(*(names)))

static inline void parse_which(struct rule *rule, const char *which)
{
	char *rest;
	long idle_ms;

	rule->share = 1;
	rule->from = 1;
	rule->to = LONG_MAX;
	rule->to_us = LONG_MAX;
	if (sscanf(which, "p=%lf", &rule->share) == 1)
		return;
	if (sscanf(which, "ms=%ld-%ld", &rule->from_us, &rule->to_us) == 2) {
		rule->from_us *= 1000;
		rule->to_us *= 1000;
		return;
	}
	if (sscanf(which, "idle=%ld", &idle_ms) == 1) {
		rule->idle_us = idle_ms * 1000;
		return;
	}
	rule->from = strtol(which, &rest, 10);
	if (*rest == 0)
		rule->to = rule->from;
	else if (rest[1])
		rule->to = strtol(rest + 1, NULL, 10);
}

static inline struct rule parse_rule(const char *text)
{
	struct rule rule = {};
	char way[8], action[32], what[8], which[32] = "1-", *argument;

	errno = EINVAL;
	if (sscanf(text, "%7[^:]:%31[^:]:%7[^:]:%31s", way, action, what, which) < 3)
		die(text);
	argument = strchr(action, '=');
	if (argument)
		*argument++ = 0;
	rule.way = INDEX_OF(way, way_names);
	rule.action = INDEX_OF(action, action_names);
	rule.what = INDEX_OF(what, what_names);
	if (rule.action == DELAY)
		rule.delay_ms = argument ? atof(argument) : 0;
	if (rule.action == REPLY && (!argument || sscanf(argument, "%7[^,],%d,%d", rule.flags, &rule.seq, &rule.ack) != 3))
		die(text);
	if (rule.action == PAUSE) {
		if (!argument || sscanf(argument, "%ld,%ld", &rule.every_us, &rule.still_us) != 2 || rule.every_us < 1)
			die(text);
		rule.every_us *= 1000;
		rule.still_us *= 1000;
	}
	parse_which(&rule, which);
	return rule;
}

/* How long the way still stands still at this time after the first data. */
static inline long long pause_us(const struct rule *rule, long long age_us)
{
	long long left_us = rule->every_us - age_us % rule->every_us;

	return left_us <= rule->still_us ? left_us : 0;
}

static inline bool is_new(const struct stream *stream, const struct packet *packet, const struct tcphdr *tcp)
{
	int payload = payload_of(packet, tcp);

	return payload > 0 && (!stream->any || (int32_t)(ntohl(tcp->seq) + payload - stream->end) > 0);
}

static inline bool is_what(enum what what, const struct stream *stream, const struct packet *packet, const struct tcphdr *tcp)
{
	int payload = payload_of(packet, tcp);

	switch (what) {
	case SYN:
		return tcp->syn && !tcp->ack;
	case SYNACK:
		return tcp->syn && tcp->ack;
	case DATA:
		return payload > 0;
	case NEW:
		return is_new(stream, packet, tcp);
	case ACK:
		return payload == 0 && tcp->ack && !tcp->syn && !tcp->fin && !tcp->rst;
	case FIN:
		return tcp->fin;
	case RST:
		return tcp->rst;
	default:
		return true;
	}
}

/* Whether the rule is about this packet, which came `idle_us` after the last one and `age_us` after the first data, either way. */
static inline bool applies(struct rule *rule, const struct stream *stream, const struct packet *packet, long long idle_us,
			   long long age_us)
{
	const struct tcphdr *tcp = tcp_of(packet);

	if (!is_what(rule->what, stream, packet, tcp))
		return false;
	if (rule->idle_us) {
		rule->idled = !tcp->syn && (rule->idled || idle_us >= rule->idle_us);
		return rule->idled;
	}
	rule->seen++;
	return age_us >= rule->from_us && age_us <= rule->to_us && rule->seen >= rule->from && rule->seen <= rule->to && (rule->share >= 1 || drand48() < rule->share);
}

#endif
