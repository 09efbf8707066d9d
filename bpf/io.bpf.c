// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads and writes, each on the task that makes it: who holds the socket, how long an accepted connection waited for
 * its process, and how long one side of a conversation waits for the other. These run in every read and write of the
 * host, so what is no TCP leaves at once, and a clock is read only where a turn may begin or end.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "memory.bpf.h"
#include "owner.bpf.h"
#include "rows.h"
#include "sending.bpf.h"

#define EAGAIN 11
#define MSG_DONTWAIT 0x40
#define MSG_ERRQUEUE 0x2000

/*
 * From ESTABLISHED to the first read or write, without the time that the process can have spent waiting for the peer:
 * where the read found data that came in later than a tick after ESTABLISHED, it counts from the last of that data.
 * A read that found the end, or failed after it may have slept, says nothing.
 */
static __always_inline void accept_wait(struct io *io, struct sock *sk, int ret, int flags, enum direction direction)
{
	__u64 waited_us = (bpf_ktime_get_boot_ns() - io->established_ns) / 1000;

	io->established_ns = 0;
	if (direction == DIRECTION_RECEIVED && ret > 0) {
		struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
		__u64 unread_us;

		if (!tp)
			return;
		unread_us = (__u64)((__u32)bpf_jiffies64() - tp->inet_conn.icsk_ack.lrcvtime) * jiffy_us;
		if (waited_us > unread_us + 2 * jiffy_us)
			waited_us = unread_us;
	} else if (direction == DIRECTION_RECEIVED && !(ret == -EAGAIN && (flags & MSG_DONTWAIT))) {
		return;
	}
	io->accept_us = waited_us < 1 ? 1 : waited_us > ~0U ? ~0U : waited_us;
}

/* A client's turn begins with its write and ends with its next read, a server's the other way round. */
static __always_inline void take_turn(struct memory *memory, enum direction direction)
{
	enum direction begins = memory->role == ROLE_SERVER ? DIRECTION_RECEIVED : DIRECTION_SENT;
	struct io *io = &memory->io;
	__u64 *first_ns = direction == DIRECTION_SENT ? &io->first_send_ns : &io->first_receive_ns;
	__u64 now_ns;

	if (direction != begins && memory->last_io == direction)
		return;
	now_ns = bpf_ktime_get_boot_ns();
	if (!*first_ns)
		*first_ns = now_ns;
	if (direction != begins && memory->last_io == begins) {
		io->turns++;
		io->turn_us += (now_ns - io->last_ns) / 1000;
	}
	memory->last_io = direction;
	io->last_ns = now_ns;
}

/* Most reads follow another read: what was sent last was looked at then. */
static __always_inline void look_at_sending(struct memory *memory, struct sock *sk, enum direction direction)
{
	struct tcp_sock *tp;

	if (direction == DIRECTION_RECEIVED && memory->last_io != DIRECTION_SENT)
		return;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp && direction == DIRECTION_SENT)
		sending_wrote(memory, tp);
	else if (tp)
		sending_look(memory, tp);
}

static __always_inline void use(struct sock *sk, int ret, int flags, enum direction direction)
{
	struct memory *memory;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	memory = bpf_sk_storage_get(&memories, sk, 0, 0);
	if (!memory || memory->connection_id != (__u64)sk->__sk_common.skc_cookie.counter)
		return;
	owner_uses(memory, sk);
	if (memory->io.established_ns)
		accept_wait(&memory->io, sk, ret, flags, direction);
	if (ret > 0)
		look_at_sending(memory, sk, direction);
	/* Of a connection older than the programs the first reads and writes, and often the role, are not known. */
	if (ret > 0 && !memory->preexisting && !(flags & MSG_ERRQUEUE))
		take_turn(memory, direction);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(sock_send_length, struct sock *sk, int ret, int flags)
{
	use(sk, ret, flags, DIRECTION_SENT);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(sock_recv_length, struct sock *sk, int ret, int flags)
{
	use(sk, ret, flags, DIRECTION_RECEIVED);
	return 0;
}

/*
 * Every read that found data, for kernels before 6.3, which have not the two above: elsewhere it is not attached. The
 * kernel's own readers also call it from interrupts, but only processes take the socket's lock.
 */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(tcp_rcv_space_adjust, struct sock *sk)
{
	if (sk->sk_lock.owned)
		use(sk, 1, 0, DIRECTION_RECEIVED);
	return 0;
}

char _license[] SEC("license") = "GPL";
