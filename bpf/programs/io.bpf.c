// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that run in every read and write, on the task that makes it. They find out who holds the socket, how long an accepted
 * connection waited for its process, how long one side of a conversation waits for the other, and how long a transfer stood still.
 * Since all reads and writes of the host run them, a socket that is not TCP's is left at once, and most other calls change only a
 * few words of one cache line. The time is the socket's own (tcp_mstamp): reading a clock would cost as much as all the rest.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "memory.bpf.h"
#include "owner.bpf.h"
#include "../rows/rows.h"
#include "sending.bpf.h"
#include "stall.bpf.h"

#define EAGAIN 11
#define MSG_PEEK 0x02
#define MSG_DONTWAIT 0x40
#define MSG_ERRQUEUE 0x2000

/* A time that is known is at least 1, since 0 means unknown. */
static __always_inline __u32 known_us(__u64 us)
{
	return us < 1 ? 1 : us > ~0U ? ~0U : us;
}

/*
 * How long the connection waited for its process: from ESTABLISHED to the first read or write. If a read found data that came more
 * than two ticks after ESTABLISHED, the process may have waited for the peer, so it counts from the last of that data. A read that
 * found the end of the stream, or failed after it may have slept, says nothing.
 */
static __always_inline void accept_wait(struct memory *memory, const struct tcp_sock *tp, int ret, int flags, enum direction direction)
{
	__u64 waited_us = (bpf_ktime_get_boot_ns() - memory->io.established_ns) / 1000;

	memory->io.established_ns = 0;
	if (direction == DIRECTION_RECEIVED && ret > 0) {
		__u64 unread_us = (__u64)((__u32)bpf_jiffies64() - tp->inet_conn.icsk_ack.lrcvtime) * jiffy_us;

		if (waited_us > unread_us + 2 * jiffy_us)
			waited_us = unread_us;
	} else if (direction == DIRECTION_RECEIVED && !(ret == -EAGAIN && (flags & MSG_DONTWAIT))) {
		return;
	}
	memory->waits.accept_us = known_us(waited_us);
}

static __always_inline void turn_ends(struct memory *memory, const struct tcp_sock *tp)
{
	struct io *io = &memory->io;
	__u64 turn_us = tp->tcp_mstamp - io->last_us;
	__u32 longest = turn_us < ~0U ? turn_us : ~0U;

	io->turns++;
	io->turn_us += turn_us;
	io->turn_rtt_us += tp->rack.rtt_us;
	if (longest <= io->recent_turn_us)
		return;
	io->recent_turn_us = longest;
	if (longest > memory->waits.turn_max_us)
		memory->waits.turn_max_us = longest;
}

/* A client's turn begins with its write and ends with its next read; a server's begins with a read and ends with a write. */
static __always_inline enum direction turn_begins(const struct memory *memory)
{
	return memory->role == ROLE_SERVER ? DIRECTION_RECEIVED : DIRECTION_SENT;
}

/*
 * The first read after writes, or the first write after reads. A connection older than the programs is left out: its role is often
 * unknown, so nobody can say whose turn it is.
 */
static __always_inline void turn_around(struct memory *memory, const struct tcp_sock *tp, enum direction direction)
{
	struct io *io = &memory->io;
	__u32 *first_us = direction == DIRECTION_SENT ? &memory->waits.first_send_us : &memory->waits.first_receive_us;

	if (!memory->preexisting) {
		if (!*first_us)
			*first_us = known_us(us_since(memory->born_ns, bpf_ktime_get_boot_ns()));
		if (memory->io.last_io && direction != turn_begins(memory))
			turn_ends(memory, tp);
	}
	io->last_io = direction;
	io->last_us = tp->tcp_mstamp;
}

/* A process has moved data: notes what that says about turns, stalls and slow starts. `bytes`: how many, 0 if that is unknown. */
static __always_inline void moved(struct memory *memory, struct tcp_sock *tp, __u32 bytes, enum direction direction)
{
	bool again = memory->io.last_io == direction;

	/* A read that follows another read need not look at what was sent: the first read after the write did so. */
	if (direction == DIRECTION_SENT) {
		sending_wrote(memory, tp);
	} else if (!again) {
		/* One look a jiffy is enough: an idle time that matters is longer. */
		if (memory->io.came != tp->inet_conn.icsk_ack.lrcvtime)
			sending_look(memory, tp);
		transfer_begins(&memory->io, tp, bytes);
	} else if (bytes) {
		transfer_read(memory, tp, bytes);
	}
	if (!again)
		turn_around(memory, tp, direction);
	else if (direction == turn_begins(memory))
		memory->io.last_us = tp->tcp_mstamp;
}

static __always_inline void use(struct sock *sk, int ret, int flags, __u32 bytes, enum direction direction)
{
	struct memory *memory;
	struct tcp_sock *tp;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	memory = bpf_sk_storage_get(&memories, sk, 0, 0);
	if (!memory || memory->connection_id != (__u64)sk->__sk_common.skc_cookie.counter)
		return;
	owner_uses(memory, sk);
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return;
	if (!memory->io.last_io && memory->io.established_ns)
		accept_wait(memory, tp, ret, flags, direction);
	if (ret > 0 && !(flags & MSG_ERRQUEUE))
		moved(memory, tp, bytes, direction);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(sock_send_length, struct sock *sk, int ret, int flags)
{
	use(sk, ret, flags, ret, DIRECTION_SENT);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(sock_recv_length, struct sock *sk, int ret, int flags)
{
	use(sk, ret, flags, flags & MSG_PEEK ? 0 : ret, DIRECTION_RECEIVED);
	return 0;
}

/*
 * Fires in every read that found data. For kernels before 6.3, which lack the two tracepoints above; on others it is not attached.
 * The kernel's own readers call it too, from interrupts, but only a process owns the socket's lock.
 */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(tcp_rcv_space_adjust, struct sock *sk)
{
	if (sk->sk_lock.owned)
		use(sk, 1, 0, 0, DIRECTION_RECEIVED);
	return 0;
}

char _license[] SEC("license") = "GPL";
