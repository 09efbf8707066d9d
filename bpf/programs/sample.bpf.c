// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sweep: it runs for the memory of every socket of the host, in all network namespaces, or where the kernel allows no such
 * iterator, for every socket of one namespace after the other. It writes a row for each connection whose counters have moved since
 * its last row, and for each listener.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "connection_row.bpf.h"
#include "ending.bpf.h"
#include "flow.bpf.h"
#include "kernel_iterators.h"
#include "listener_row.bpf.h"
#include "memory.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "sample_row.bpf.h"
#include "sending.bpf.h"
#include "../rows/sweep-slice.h"
#include "sweep_fetch.bpf.h"

/* Mapped by the loader. One entry is enough: the loader reads a sweep slice by slice. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sweep_slice);
} sweep_slice SEC(".maps");

/*
 * A connection that stays in a state other than ESTABLISHED moves no counter. It gets a row after so many ticks (glance_ticks())
 * all the same, which says that it is still there.
 */
#define LINGER_TICKS 28

/*
 * Whether a socket has something to report. Most sockets stand still, and what these cost is cache misses; so of the socket itself
 * only two members are read here. Whatever type the socket has, these reads do no harm: they give a number or fail. A
 * retransmission need not be read: a program saw it, or it moved segs_out too.
 */
static __always_inline bool is_due(const struct sock *sk, const struct memory *memory, __u64 now_ns)
{
	const struct tcp_sock *tp = (const struct tcp_sock *)sk;
	const struct glance *last = &memory->glance;

	return memory->edition & EDITION_WAITS || BPF_CORE_READ(tp, segs_out) != last->segs_out || BPF_CORE_READ(tp, segs_in) != last->segs_in ||
	       memory->total_retrans != last->total_retrans ||
	       (memory->state != STATE_ESTABLISHED && (memory->state != memory->sampled_state || (__s32)(glance_ticks(now_ns) - last->ticks) >= LINGER_TICKS));
}

/*
 * Where the slice's next row goes; NULL if the slice is full. The pointer is made where the bound is checked: verifiers before 6.2
 * forget the bounds of a number that is spilled to the stack.
 */
static __always_inline struct sample_row *next_row(struct sweep_slice *slice)
{
	__u64 at = slice->rows;
	struct sample_row *row;

	if (at >= SLICE_ROWS)
		return NULL;
	row = &slice->row[at];
	asm volatile("" : "+r"(row));
	return row;
}

/* Looks at what was sent last. If a write changes that in between, nothing is done here: the write has looked at it. */
static __always_inline void look_at_sending(struct memory *memory, struct tcp_sock *tp)
{
	union sending last = sending_last(memory), sent = sending_now(tp, last);

	if (sent.whole != last.whole && is_quiet(tp))
		sending_turn(memory, tp, last, sent);
}

static __always_inline void report_sample(struct sweep_slice *slice, struct tcp_sock *tp, struct memory *memory)
{
	struct filter_facts facts = { .ca_state = BPF_CORE_READ_BITFIELD(&tp->inet_conn, icsk_ca_state) };
	__u32 edition = *(volatile __u32 *)&memory->edition;
	struct sample_row *row = next_row(slice);
	__u64 now_ns = slice->now_ns;
	struct kind_counters *count;
	struct account account;
	struct repair *repair;
	__u32 asked;

	if (!row || edition & EDITION_LAST)
		return;
	slice->visits -= ROW_VISITS - 1;
	asked = row_ask(KIND_SAMPLE, now_ns);
	if (!asked)
		return;
	srtt_look(memory, tp);
	/*
	 * undo_marker may also have been cleared for another reason. A program learns of that before the kernel releases the
	 * socket, hence is_quiet().
	 */
	repair = repair_of(tp, memory);
	if (repair && repair->doubt.episode & 1 && !tp->undo_marker && is_quiet(tp))
		doubt_look(&repair->doubt, tp);
	look_at_sending(memory, tp);
	reading_take(&now.glance, &now.account, &now.sampled, tp, memory, repair, now_ns);
	account_read(&account, memory, edition);
	keep_certain(tp, &account);
	__builtin_memset(row, 0, sizeof(*row));
	head_fill(&row->head, tp, memory, memory->connection_id, now_ns);
	if (!row_wanted(&row->head, KIND_SAMPLE, &facts, asked))
		return;
	fill_deltas(row, &account, memory);
	repair = look_below(row, tp, memory, repair, edition, now_ns);
	fill_gauges(row, tp, memory, now_ns);
	/*
	 * The kernel counts a retransmission shortly before the event that says why. While the socket is in use, the count as of
	 * the last event is taken.
	 */
	row->unattributed = unattributed_of(repair, memory->total_retrans_base,
					    is_quiet(tp) ? now.glance.total_retrans : memory->total_retrans);
	if (!account_turn(memory, repair, edition))
		return;
	fill_longest(row, memory);
	slice->rows++;
	count = counters_of(KIND_SAMPLE);
	if (count)
		count->written++;
}

/*
 * Writes the open row if no row has told of the opening yet. A close that comes meanwhile either tells of it or sees that this row
 * does.
 */
static __always_inline void report_open(struct tcp_sock *tp, struct memory *memory, __u64 now_ns)
{
	struct filter_facts facts = { .event = EVENT_OPEN };
	struct connection_row *row;
	struct row_head head = {};
	__u32 edition;

	if (!(memory->edition & EDITION_OPENED))
		return;
	edition = __sync_fetch_and_and(&memory->edition, ~EDITION_OPENED);
	if (!(edition & EDITION_OPENED) || edition & EDITION_LAST)
		return;
	head_fill(&head, tp, memory, memory->connection_id, now_ns);
	row = row_begin(&ring_connection, KIND_CONNECTION, sizeof(*row), &head, &facts);
	if (!row)
		return;
	row->event = EVENT_OPEN;
	fill_connection(row, tp, memory, now_ns, STATE_ESTABLISHED);
	row_submit(row);
}

/* Whether the memory is this socket's own. Until the first event of an accepted socket it is a copy of its listener's. */
static __always_inline bool is_own(const struct memory *memory, const struct sock_common *common)
{
	return memory->connection_id && memory->connection_id == (__u64)common->skc_cookie.counter;
}

/*
 * Whether the members of the connection can be reported. The kernel fires its event before it sets a new state. So if nothing works
 * on the socket and its state is not the memory's, the event reached no program, and the memory takes the state over. While a
 * connection is being made some members have no meaning yet, so then too nothing may work on the socket.
 */
static __always_inline bool is_settled(const struct tcp_sock *tp, struct memory *memory)
{
	__u8 state = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state;

	if (state == STATE_LISTEN || state == STATE_CLOSE)
		return false;
	if (state == memory->state && state != STATE_SYN_SENT && state != STATE_SYN_RECV)
		return true;
	if (!is_quiet(tp))
		return false;
	memory->state = state;
	return true;
}

static __always_inline void look(struct sweep_slice *slice, struct tcp_sock *tp, struct memory *memory)
{
	const struct sock_common *common = &tp->inet_conn.icsk_inet.sk.__sk_common;

	if (memory->state == STATE_LISTEN) {
		if (common->skc_state == STATE_LISTEN && is_own(memory, common))
			report_listener(tp, memory, memory->connection_id, slice->now_ns, STATE_LISTEN);
		else if (common->skc_state == STATE_ESTABLISHED && !is_own(memory, common))
			memory_accept(memory, tp, bpf_get_socket_cookie(tp), slice->now_ns); /* the events of its handshake reached no program */
	} else if (memory->edition & EDITION_WAITS) {
		if (slice->now_ns > memory->state_ns + ENDING_WAITS_NS)
			ending_tell(memory, bpf_sk_storage_get(&endings, tp, 0, 0), 0);
	} else if (is_own(memory, common) && is_settled(tp, memory)) {
		report_open(tp, memory, slice->now_ns);
		report_sample(slice, tp, memory);
	}
}

static __always_inline struct sweep_slice *present_slice(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&sweep_slice, &only);
}

/* False if the slice has been long enough. A program then returns 1 and is run again for the same socket. */
static __always_inline bool visit(struct sweep_slice *slice)
{
	if (slice->visits <= 0)
		return false;
	slice->visits--;
	return true;
}

SEC("iter/bpf_sk_storage_map")
int sample(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct sweep_slice *slice = present_slice();
	struct memory *memory = ctx->value;
	struct sock *sk = ctx->sk;
	struct tcp_sock *tp;

	if (!memory || !sk || !slice)
		return 0;
	if (!visit(slice))
		return 1;
	slice->alive += !memory->closed;
	fetch_next(memory);
	if (memory->state != STATE_LISTEN && (memory->closed || !is_due(sk, memory, slice->now_ns)))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	fetch_row(tp, memory);
	look(slice, tp, memory);
	return 0;
}

/* The same for the sockets of the namespace in which the iterator was opened. Those that are older than the programs get a memory. */
SEC("iter/tcp")
int sample_netns(struct bpf_iter__tcp *ctx)
{
	struct sweep_slice *slice = present_slice();
	struct sock_common *common = ctx->sk_common;
	struct memory *memory;
	struct tcp_sock *tp;

	if (!common || !slice)
		return 0;
	if (!visit(slice))
		return 1;
	holds_lock = bpf_core_type_exists(struct bpf_tcp_iter_state);
	/* Requests and TIME_WAIT sockets are not of type tcp_sock. */
	tp = bpf_skc_to_tcp_sock(common);
	memory = tp ? bpf_sk_storage_get(&memories, tp, 0, 0) : NULL;
	if (tp && !memory)
		memory = memory_of(tp, bpf_get_socket_cookie(tp), slice->now_ns);
	if (!memory || (memory->state != STATE_LISTEN && (memory->closed || !is_due(&tp->inet_conn.icsk_inet.sk, memory, slice->now_ns))))
		return 0;
	look(slice, tp, memory);
	return 0;
}

char _license[] SEC("license") = "GPL";
