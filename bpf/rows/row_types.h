/* SPDX-License-Identifier: GPL-2.0-only */
/* The types of the members of rows. gen-rows.ts gives each a ClickHouse type and a TypeScript one. */
#ifndef TCPLENS_ROW_TYPES_H
#define TCPLENS_ROW_TYPES_H

#ifndef TCPLENS_KERNEL_H /* which defines the same types */
#include <linux/types.h>
#endif

typedef __u64 row_time;     /* ns since the epoch: DateTime64(9) */
typedef __u64 row_id;       /* an identity, never added up: a string in JSON */
typedef __u8 row_addr[16];  /* IPv6, or IPv4 as ::ffff/96 */
typedef __u8 row_text[16];  /* zero-filled: FixedString(16) */
typedef __u8 row_name[32];  /* a name from the kernel's own tables, zero-filled: FixedString(32) */
typedef __u8 row_stack[256]; /* functions, the innermost first, with a space between; zero-filled: FixedString(256), the most that ClickHouse takes */
typedef __u8 row_flag;      /* 0 or 1: Bool */

#define ROW_ENUM __attribute__((packed)) /* one byte */

/* Each kind has a table. The value is the index of its ring and its counters, and the `kind` of a head. */
enum kind {
	KIND_RETRANSMIT = 0,
	KIND_CONNECTION = 1,
	KIND_STATE_CHANGE = 2,
	KIND_SAMPLE = 3,
	KIND_RESET = 4,
	KIND_CONGESTION = 5,
	KIND_DROP = 6,
	KIND_LISTENER = 7,
	KIND_NAMESPACE = 8,
	KIND_PROGRESS = 9,
	KIND_PACKET = 10,
	KIND_STACK = 11,
} ROW_ENUM;

#define KIND_COUNT 12

/* Which side opened the connection. */
enum role {
	ROLE_UNKNOWN = 0,
	ROLE_CLIENT = 1,
	ROLE_SERVER = 2,
} ROW_ENUM;

/* The kernel's TCP states (include/net/tcp_states.h), by the kernel's numbers. */
enum state {
	STATE_UNKNOWN = 0,
	STATE_ESTABLISHED = 1,
	STATE_SYN_SENT = 2,
	STATE_SYN_RECV = 3,
	STATE_FIN_WAIT1 = 4,
	STATE_FIN_WAIT2 = 5,
	STATE_TIME_WAIT = 6,
	STATE_CLOSE = 7,
	STATE_CLOSE_WAIT = 8,
	STATE_LAST_ACK = 9,
	STATE_LISTEN = 10,
	STATE_CLOSING = 11,
	STATE_NEW_SYN_RECV = 12,
} ROW_ENUM;

/* How pid and comm are known (programs/owner.bpf.h). */
enum owner {
	OWNER_UNKNOWN = 0,
	OWNER_CONNECT = 1,   /* the task that called connect() or listen() */
	OWNER_LISTENER = 2,  /* inherited from the listening socket */
	OWNER_FILE_TABLE = 3, /* found in a task's file table */
	OWNER_IO = 4,        /* the task that last read from it or wrote to it */
} ROW_ENUM;

/* Why a segment was sent again; the rules are in programs/retransmit.bpf.c. */
enum class {
	CLASS_UNKNOWN = 0,
	CLASS_FAST = 1,
	CLASS_SLOW_START = 2,
	CLASS_RTO = 3,
	CLASS_TLP = 4,
	CLASS_SYN = 5,
	CLASS_SYN_ACK = 6,
} ROW_ENUM;

/* What became of an attempt to send again. A refused one never left TCP, and the kernel counts it nowhere. */
enum outcome {
	OUTCOME_SENT = 0,
	OUTCOME_FAILED = 1,
	OUTCOME_REFUSED = 2,
} ROW_ENUM;

/* The congestion control's view of the path (enum tcp_ca_state). */
enum ca_state {
	CA_STATE_OPEN = 0,
	CA_STATE_DISORDER = 1,
	CA_STATE_CWR = 2,
	CA_STATE_RECOVERY = 3,
	CA_STATE_LOSS = 4,
} ROW_ENUM;

/* What shows that earlier retransmissions were not needed. */
enum evidence {
	EVIDENCE_NONE = 0,
	EVIDENCE_DSACK = 1, /* the peer reported segments that it had twice */
	EVIDENCE_UNDO = 2,  /* timestamps, F-RTO or DSACKs made the kernel take its congestion response back */
	EVIDENCE_BOTH = 3,
} ROW_ENUM;

/* Who sent a reset, or which way a dropped packet went. */
enum direction {
	DIRECTION_UNKNOWN = 0,
	DIRECTION_SENT = 1,
	DIRECTION_RECEIVED = 2,
} ROW_ENUM;

/* Where in this host a packet was seen. */
enum place {
	PLACE_DEVICE_OUT = 0, /* handed to a network device, past queue and netfilter */
	PLACE_DEVICE_IN = 1,  /* come from a network device, before netfilter */
} ROW_ENUM;

/* What it means that this host freed a packet (programs/meaning.bpf.h). */
enum meaning {
	MEANING_LOST = 0,      /* it is missing, and somebody has to send it again or gives up */
	MEANING_ANSWERED = 1,  /* it did its work: it was taken in or answered, and then freed */
	MEANING_DUPLICATE = 2, /* its data had come before: the peer's retransmission was not needed */
	MEANING_REFUSED = 3,   /* this host did not want it, and a RST answers it: nobody listens there, or the socket is closed */
} ROW_ENUM;

/* What a connection row reports. */
enum event {
	EVENT_OPEN = 0,
	EVENT_CLOSE = 1,
	EVENT_FAILED = 2, /* never reached ESTABLISHED */
} ROW_ENUM;

/* Why a connection ended, from the states it went through, resets and the socket's error. */
enum end_reason {
	END_REASON_NONE = 0,         /* it has not */
	END_REASON_FIN_LOCAL = 1,    /* this side closed first */
	END_REASON_FIN_PEER = 2,     /* the peer closed first */
	END_REASON_RST_SENT = 3,
	END_REASON_RST_RECEIVED = 4,
	END_REASON_TIMEOUT = 5,      /* ETIMEDOUT: retransmissions or keepalive gave up */
	END_REASON_REFUSED = 6,      /* a SYN was answered by RST */
	END_REASON_UNREACHABLE = 7,  /* ICMP or no route */
	END_REASON_ABORT = 8,        /* this side gave up before it was open: close during connect */
	END_REASON_UNKNOWN = 9,
	END_REASON_NO_PORT = 10,     /* EADDRNOTAVAIL: no local port was left toward that destination */
} ROW_ENUM;

#endif
