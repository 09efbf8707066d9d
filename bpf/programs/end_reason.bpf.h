/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a connection ended: from the states it went through, resets, and the socket's error. */
#ifndef TCPLENS_END_REASON_BPF_H
#define TCPLENS_END_REASON_BPF_H

#include "kernel.h"
#include "memory.bpf.h"
#include "../rows/rows.h"

/*
 * The socket's error. One that the process has read and so cleared is remembered from when it was reported; after an
 * orderly close it is no reason.
 */
static __always_inline int error_of(struct tcp_sock *tp, const struct memory *memory, int old_state)
{
	int err = tp->inet_conn.icsk_inet.sk.sk_err;
	bool orderly = old_state != STATE_SYN_SENT && old_state != STATE_ESTABLISHED && old_state != STATE_CLOSE_WAIT;

	return err || !memory || orderly ? err : memory->reported_err;
}

/* A connect that failed, by the error the socket got. `old_state` is unknown where nobody saw it fail: then its error may be gone. */
static __always_inline enum end_reason failed_reason(const struct memory *memory, int old_state, int err)
{
	switch (err) {
	case ECONNREFUSED:
		return END_REASON_REFUSED;
	case ETIMEDOUT:
		return END_REASON_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EACCES: /* prohibited by a router or a policy */
	case ENOPROTOOPT:
	case EPROTO:
		return END_REASON_UNREACHABLE;
	case ECONNRESET:
	case EPIPE:
		return END_REASON_RST_RECEIVED;
	case EADDRNOTAVAIL:
		return END_REASON_NO_PORT;
	default:
		/* Two CPUs may answer one handshake: of their two sockets one is closed at once, and nobody gave up. */
		if (old_state == STATE_UNKNOWN || (memory && memory->role == ROLE_SERVER))
			return END_REASON_UNKNOWN;
		return END_REASON_ABORT;
	}
}

/*
 * The end of an open connection. A received RST leaves its error (EPIPE in CLOSE_WAIT). An abort by this side
 * (unread data, SO_LINGER 0) sets CLOSE before it sends its RST, without an error, from a state in which no
 * orderly close ends.
 */
static __always_inline enum end_reason closed_reason(struct tcp_sock *tp, const struct memory *memory, int old_state, int err)
{
	if (memory && is_abort_on_data(tp, memory, old_state))
		return END_REASON_RST_SENT;
	if (err == ECONNRESET || err == EPIPE)
		return END_REASON_RST_RECEIVED;
	if (err == ETIMEDOUT)
		return END_REASON_TIMEOUT;
	if (err == ECONNABORTED)
		return END_REASON_RST_SENT;
	if (err)
		return failed_reason(memory, old_state, err);
	if (old_state == STATE_ESTABLISHED || old_state == STATE_CLOSE_WAIT || old_state == STATE_SYN_RECV)
		return END_REASON_RST_SENT;
	if (memory && memory->first_fin)
		return memory->first_fin;
	/* Of an older connection, the state it ends in tells who closed first. */
	if (old_state == STATE_LAST_ACK)
		return END_REASON_FIN_PEER;
	if (old_state == STATE_FIN_WAIT1 || old_state == STATE_FIN_WAIT2)
		return END_REASON_FIN_LOCAL;
	return END_REASON_UNKNOWN;
}

#endif
