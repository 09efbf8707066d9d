/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What it means that a packet was freed. TCP frees a packet that is lost and one that has done its work through the same event: a
 * FIN that a TIME_WAIT answered, a keepalive probe, a duplicate. The reason alone does not tell them apart, so the packet and its
 * receiver are looked at too. A packet counts as lost unless it is known to be harmless.
 */
#ifndef TCPLENS_MEANING_BPF_H
#define TCPLENS_MEANING_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "packet.bpf.h"
#include "../rows/rows.h"

#define AF_PACKET 17

/* The socket that TCP had found for the packet. */
struct receiver {
	__u32 rcv_nxt;
	enum state state;  /* unknown: the packet has no receiver, or this kernel does not tell it */
	bool has_closed_window;
	bool is_half_closed; /* a TIME_WAIT that still waits for the peer's FIN */
	bool is_untold; /* this kernel names no receivers, and the packet was routed to this host */
};

#define REASON_IS(reason, name)                                                              \
	(bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_##name) &&         \
	 (reason) == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_##name))

/* Sequence numbers wrap around. */
static __always_inline bool is_after(__u32 seq, __u32 other)
{
	return (__s32)(other - seq) < 0;
}

/*
 * Whether the packet is a copy: a packet socket's, or one for another host that a switch sent everywhere. The packet itself was not
 * dropped.
 */
static __always_inline bool is_copy(__u32 reason, const struct sock *receiver)
{
	return REASON_IS(reason, OTHERHOST) || REASON_IS(reason, PACKET_SOCK_ERROR) ||
	       (receiver && receiver->__sk_common.skc_family == AF_PACKET);
}

/*
 * The reasons with which the kernel frees what a closing socket still has in its queues. The connection's close row says how much
 * of it nobody read.
 */
static __always_inline bool is_purge(__u32 reason)
{
	return !reason || REASON_IS(reason, NOT_SPECIFIED) || REASON_IS(reason, QUEUE_PURGE);
}

static __always_inline bool has_come_before(__u32 reason)
{
	return REASON_IS(reason, TCP_OLD_DATA) || REASON_IS(reason, TCP_OFOMERGE) || REASON_IS(reason, TCP_OFO_DROP);
}

/* Whether TCP answers the packet with a RST. A RST itself gets no answer. */
static __always_inline bool is_refused(__u32 reason, const struct packet *packet, const struct receiver *receiver)
{
	if (packet->tcp_flags & TCPHDR_RST)
		return false;
	/* If there is a receiver, "no socket" is the reason of a handshake's last ACK for which there was no room. */
	if (REASON_IS(reason, NO_SOCKET))
		return receiver->state == STATE_UNKNOWN;
	if (REASON_IS(reason, TCP_FLAGS))
		return receiver->state == STATE_LISTEN && packet->tcp_flags & TCPHDR_ACK;
	if (REASON_IS(reason, TCP_RFC7323_PAWS) || REASON_IS(reason, TCP_INVALID_ACK_SEQUENCE))
		return receiver->state == STATE_SYN_SENT;
	if (REASON_IS(reason, TCP_TOO_OLD_ACK) || REASON_IS(reason, TCP_ACK_UNSENT_DATA) || REASON_IS(reason, TCP_OLD_ACK))
		return receiver->state == STATE_SYN_RECV;
	return REASON_IS(reason, TCP_ABORT_ON_DATA);
}

/* Whether TCP has handled the packet as one of a connection: it has acted on what the packet says, or answered it. */
static __always_inline bool is_looked_at(__u32 reason, const struct receiver *receiver)
{
	if (REASON_IS(reason, NOT_SPECIFIED))
		return receiver->state != STATE_UNKNOWN || receiver->is_untold;
	return REASON_IS(reason, TCP_OLD_SEQUENCE) || REASON_IS(reason, TCP_INVALID_SEQUENCE) ||
	       REASON_IS(reason, TCP_INVALID_END_SEQUENCE) || REASON_IS(reason, TCP_OVERWINDOW) ||
	       REASON_IS(reason, TCP_ZEROWINDOW) || REASON_IS(reason, TCP_RFC7323_PAWS) ||
	       REASON_IS(reason, TCP_RFC7323_PAWS_ACK) || REASON_IS(reason, TCP_RFC7323_TW_PAWS) ||
	       REASON_IS(reason, TCP_TOO_OLD_ACK) || REASON_IS(reason, TCP_INVALID_SYN) || REASON_IS(reason, TCP_RESET) ||
	       REASON_IS(reason, TCP_FASTOPEN) || REASON_IS(reason, TCP_FLAGS) || REASON_IS(reason, TCP_CLOSE) ||
	       REASON_IS(reason, NO_SOCKET);
}

static __always_inline enum meaning meaning_in_time_wait(__u32 reason, const struct packet *packet, const struct receiver *receiver)
{
	/* PAWS may leave a SYN without an answer, and the client has to send it again. */
	if (packet->tcp_flags & TCPHDR_SYN)
		return REASON_IS(reason, TCP_RFC7323_TW_PAWS) ? MEANING_LOST : MEANING_ANSWERED;
	if (packet->length == 0)
		return MEANING_ANSWERED;
	if (!is_after(packet->seq + packet->length, receiver->rcv_nxt))
		return MEANING_DUPLICATE;
	return receiver->is_half_closed ? MEANING_REFUSED : MEANING_LOST;
}

/* A global function, so that the verifier checks it once. */
__attribute__((noinline)) __u32 meaning_of(__u32 reason, const struct packet *packet, const struct receiver *receiver)
{
	__u8 flags;
	__u32 end;

	if (!packet || !receiver)
		return MEANING_LOST;
	flags = packet->tcp_flags;
	if (has_come_before(reason))
		return MEANING_DUPLICATE;
	if (is_refused(reason, packet, receiver))
		return MEANING_REFUSED;
	if (!is_looked_at(reason, receiver))
		return MEANING_LOST;
	/* A RST and a pure ACK need no answer. TCP has used what they say, or knew better. */
	if (flags & TCPHDR_RST || (packet->length == 0 && !(flags & (TCPHDR_SYN | TCPHDR_FIN))))
		return MEANING_ANSWERED;
	if (receiver->state == STATE_TIME_WAIT)
		return meaning_in_time_wait(reason, packet, receiver);
	/* A SYN that came again: the kernel sends its SYN-ACK again. */
	if (receiver->state == STATE_LISTEN)
		return flags & TCPHDR_SYN && REASON_IS(reason, NOT_SPECIFIED) ? MEANING_DUPLICATE : MEANING_LOST;
	if (REASON_IS(reason, TCP_OLD_SEQUENCE))
		return MEANING_DUPLICATE;
	/* This kernel names no receiver. A FIN without data that TCP freed without a reason was one that a TIME_WAIT answered. */
	if (receiver->state == STATE_UNKNOWN)
		return receiver->is_untold && packet->length == 0 && !(flags & TCPHDR_SYN) ? MEANING_ANSWERED : MEANING_LOST;
	/*
	 * A SYN in an open connection. With ACK it is a SYN-ACK whose answer was lost; without ACK its sender does not know the
	 * connection, and TCP answers.
	 */
	if (flags & TCPHDR_SYN)
		return flags & TCPHDR_ACK ? MEANING_DUPLICATE : MEANING_ANSWERED;
	end = packet->seq + packet->length + !!(flags & TCPHDR_FIN);
	if (!is_after(end, receiver->rcv_nxt))
		return MEANING_DUPLICATE;
	/* Some systems probe a closed window with one byte of data, which TCP answers. */
	return packet->length == 1 && receiver->has_closed_window ? MEANING_ANSWERED : MEANING_LOST;
}

#endif
