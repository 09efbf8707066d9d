/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a connection ended, by the states that it went through, by resets and by the socket's error. */
#ifndef TCPLENS_END_REASON_BPF_H
#define TCPLENS_END_REASON_BPF_H

#include "kernel.h"
#include "memory.bpf.h"
#include "../rows/rows.h"

/*
 * The socket's error. If a process has read and so cleared it, the error is the one that was remembered when the kernel reported
 * it. After an orderly close that one did not end the connection.
 */
static __always_inline int error_of(struct tcp_sock *tp, const struct memory *memory, int old_state)
{
	int err = tp->inet_conn.icsk_inet.sk.sk_err;
	bool orderly = old_state != STATE_SYN_SENT && old_state != STATE_ESTABLISHED && old_state != STATE_CLOSE_WAIT;

	return err || !memory || orderly ? err : memory->reported_err;
}

/*
 * Why a connection failed to open, by the socket's error. `old_state` is unknown if no program saw it fail; its error may then be
 * gone.
 */
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
		/* Two processors may each make a socket from one handshake. One of them is closed at once, and nobody gave up. */
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
	/* No program saw who closed first, since the connection is older than they are. The state in which it ends tells. */
	if (old_state == STATE_LAST_ACK)
		return END_REASON_FIN_PEER;
	if (old_state == STATE_FIN_WAIT1 || old_state == STATE_FIN_WAIT2)
		return END_REASON_FIN_LOCAL;
	return END_REASON_UNKNOWN;
}

#endif
