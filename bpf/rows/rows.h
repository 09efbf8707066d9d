/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rows: the only definition. Each struct is one row of the ClickHouse table of the same name in RowBinary format: little-endian
 * integers, addresses as IPv6 (IPv4 is ::ffff/96), comm as FixedString(16), time_ns as DateTime64(9). gen-rows.ts reads their BTF
 * and writes rows.gen.ts; nothing else knows an offset.
 *
 * Rules: fixed-width members, no holes (-Wpadded -Werror), size a multiple of 8; `pad` members are not stored. The type of a member
 * decides its column: an enum gives its Enum8, a typedef of row_types.h what is said there, any other an integer of its width.
 */
#ifndef TCPLENS_ROWS_H
#define TCPLENS_ROWS_H

#include "row_types.h"

/* Part of a batch's schema id. Raise it when a member keeps its layout and changes its meaning. */
#define ROWS_VERSION 3

struct row_head {
	row_time time_ns;    /* CLOCK_BOOTTIME in the ring, wall clock once the loader has drained it */
	row_id host_id;
	row_id connection_id; /* the socket's cookie; of a SYN-ACK retransmission, the listener's */
	row_id cgroup_id;     /* the socket's cgroup (v2 hierarchy); 0 unknown */
	row_id netns;         /* the network namespace's cookie */
	row_addr local_addr;
	row_addr peer_addr;
	__u32 pid;           /* tgid of the owner; 0 unknown */
	__u16 local_port;
	__u16 peer_port;
	enum kind kind;
	enum role role;
	enum state state;
	enum owner owner;
	row_text comm;       /* of the owner, zero-filled */
	__u32 srtt_us;       /* smoothed RTT; 0 before the first sample */
	__u32 uid;           /* of the socket's maker, in the initial user namespace; 0xffffffff unknown */
	__u32 filters;       /* bit n: the filter in slot n wants this row */
};

/* One skb sent again (up to ~45 segments), or one SYN-ACK. */
struct retransmit_row {
	struct row_head head;
	__u32 segments;
	__u32 bytes;
	__u32 seq;           /* first and past-last sequence number, relative to the ISN */
	__u32 end_seq;
	__u32 rto_us;
	__u32 snd_cwnd;      /* segments */
	__u32 snd_ssthresh;  /* segments; 0x7fffffff: not yet known */
	__u32 packets_out;   /* segments in flight */
	__u32 total_retrans; /* the socket's own counter after this attempt, segments */
	__u32 dsack_dups;    /* segments that DSACKs reported twice since the connection's last row of this kind */
	__u32 lost_out;      /* segments held for lost, reported by SACK, sent again and not yet acknowledged */
	__u32 sacked_out;
	__u32 retrans_out;
	__u16 mss;           /* payload of each of its segments but the last; 0: it is one segment */
	__s16 err;           /* of a failed or refused attempt, as the kernel says it: -errno, or positive a queue's verdict (1 dropped) */
	enum class class;
	enum outcome outcome;
	enum ca_state ca_state;
	__u8 backoff;
	__u8 retransmits;    /* unrecovered RTO timeouts (icsk_retransmits) */
	row_flag head_of_queue;  /* 1: it starts at snd_una */
	enum evidence evidence;  /* about the retransmissions since the connection's last row of this kind */
	__u8 pad[1];
};

/*
 * A connection's open, its close with the whole account, or a connect that failed. An open row is written at once, or by the first
 * sweep that finds the connection; then its members are as of that sweep. If no sweep found the connection, the close row tells of
 * the opening too.
 */
struct connection_row {
	struct row_head head;
	row_id listener_id;      /* of an accepted connection, the listener's cookie; 0 unknown or none */
	row_text congestion_control; /* the algorithm at the end */
	__u64 duration_us;       /* from first sight to this row */
	__u64 syn_sent_us;       /* time in each state, as far as it was seen */
	__u64 syn_recv_us;
	__u64 established_us;
	__u64 fin_wait1_us;
	__u64 fin_wait2_us;
	__u64 close_wait_us;
	__u64 closing_us;
	__u64 last_ack_us;
	__u64 accept_us;         /* server: from when it was ready (established, or its data in) to its first read or write; 0 unknown */
	__u64 first_send_us;     /* first sight to the first write and to the first read with data; 0 none or unknown */
	__u64 first_receive_us;
	__u64 turn_us;           /* client: sum of the times from a write until the data came that was read next; server: from then to the next write */
	__u64 turn_rtt_us;       /* sum of the newest RTT at each of these turns; of a client, how much of turn_us the network can have taken (up to some 40 ms of it are the peer's own if it acknowledges with its answer) */
	__u64 delivery_rate;     /* bytes per second, the kernel's last estimate */
	__u64 bytes_sent;        /* payload that left TCP, retransmissions included; without bytes_failed */
	__u64 bytes_failed;      /* payload that the layers below TCP did not take at its first sending: no route, link down, queue full */
	__u64 bytes_acked;       /* as the kernel counts: a FIN, and on the client the SYN, count one each */
	__u64 bytes_received;    /* payload */
	__u64 bytes_retrans;
	__u64 busy_us;           /* time with data to send, in it limited by the peer's window or by the send buffer */
	__u64 rwnd_limited_us;
	__u64 sndbuf_limited_us;
	__u64 local_limited_us;  /* busy, but nothing left this host: its layers below TCP took nothing, or it had no route for what is sent again */
	__u64 bytes_sent_rest;   /* `_rest`: what no sample row has reported, so that samples and closes add up */
	__u64 bytes_received_rest;
	__u64 busy_us_rest;
	__u64 rwnd_limited_us_rest;
	__u64 sndbuf_limited_us_rest;
	__u64 local_limited_us_rest;
	__u64 interval_us_rest;
	__u32 data_segs_out_rest;
	__u32 retrans_data_rest;
	__u32 retrans_spurious_rest;
	__u32 connect_us;        /* client: SYN to ESTABLISHED; server: SYN-ACK to its ACK; 0 unknown */
	__u32 segs_out;
	__u32 segs_in;
	__u32 data_segs_out;     /* as the kernel counts: attempts that the layers below TCP did not take are in it */
	__u32 data_segs_in;
	__u32 total_retrans;     /* the socket's own counter, with which retransmit rows are compared */
	__u32 unattributed;      /* total_retrans that no retransmit row accounts for */
	__u32 retrans_fast;      /* segments of this connection's retransmit rows, sent and failed, by class */
	__u32 retrans_slow_start;
	__u32 retrans_rto;
	__u32 retrans_tlp;
	__u32 retrans_syn;
	__u32 retrans_syn_ack;
	__u32 retrans_data;      /* of these, segments with payload that are no tail probe: what a loss ratio counts */
	__u32 rttvar_us;
	__u32 turn_max_us;       /* the longest turn */
	__u32 stall_max_us;      /* the longest time that a transfer under way stood still, as far as reads, sends and timeouts show it; 50 ms at least */
	__u32 turns;             /* how often a write was followed by a read (client), or a read by a write (server) */
	__u32 rtt_min_us;        /* windowed minimum; 0 unknown */
	__u32 srtt_max_us;       /* the largest that an event or a sweep saw */
	__u32 dsack_dups;        /* segments that DSACKs reported twice */
	__u32 undos;             /* congestion responses that the kernel took back */
	__u32 retrans_spurious;  /* segments of total_retrans that DSACKs or undos show were not needed */
	__u32 delivered_ce;      /* segments acknowledged with a congestion mark */
	__u32 reordering;        /* segments: the distance at which loss is assumed */
	__u32 reord_seen;        /* reordering events */
	__u32 mss;               /* bytes, of what is sent */
	__u32 snd_cwnd;
	__u32 snd_ssthresh;
	__u32 snd_wnd;           /* bytes */
	__u32 rcv_wnd;
	__u32 notsent;           /* bytes written and never sent */
	__u32 unacked;           /* bytes sent and not acknowledged, payload as the two beside it */
	__u32 unread;            /* bytes received that no process has read, as of when the last one let go of the socket */
	__u32 probes_out;        /* keepalive or window probes not answered */
	__u32 unheard_us;        /* since the peer was last heard, at most 71 minutes */
	__u32 snd_isn;           /* initial sequence numbers; 0 unknown */
	__u32 rcv_isn;
	__u32 idle_restart_us;   /* the longest pause in sending after which the kernel cut snd_cwnd (slow start after idle) */
	__u16 idle_restarts;     /* how often a write showed such a cut */
	__s16 sk_err;            /* errno of the socket, positive; 0 none */
	__u16 port_first;        /* of end_reason no_port, the range that connect() chose from; else 0 */
	__u16 port_last;
	enum event event;
	enum end_reason end_reason;
	row_flag preexisting;        /* 1: it was open before the agent came, or began before and failed; figures about its beginning are unknown */
	row_flag keepalive;          /* 1: SO_KEEPALIVE is on */
	row_flag syn_arrived;        /* 1: a SYN was sent again although the peer had the first one: its answer was lost or late */
	row_flag tells_open;         /* 1: this close row tells of the opening too, since no row did before */
	__u8 pad[2];
};

/* A transition between TCP states. */
struct state_change_row {
	struct row_head head;
	__u64 duration_us; /* in old_state; 0 unknown */
	enum state old_state;
	enum state new_state;
	__u8 pad[6];
};

/* A live connection that moved since its last sample. Counters are deltas over interval_us, the rest is as of now. */
struct sample_row {
	struct row_head head;
	__u64 bytes_sent;      /* see connection_row */
	__u64 bytes_failed;
	__u64 bytes_acked;
	__u64 bytes_received;    /* payload */
	__u64 delivery_rate;   /* bytes per second, the kernel's latest estimate */
	__u64 busy_us;
	__u64 rwnd_limited_us;
	__u64 sndbuf_limited_us;
	__u64 local_limited_us;
	__u64 interval_us;     /* since the last sample; since first sight for the first */
	__u64 state_us;        /* in the present state; 0 unknown */
	__u64 turn_us;         /* see connection_row */
	__u64 turn_rtt_us;
	row_text congestion_control;
	__u32 segs_out;
	__u32 segs_in;
	__u32 data_segs_out;
	__u32 data_segs_in;
	__u32 retrans;         /* segments (total_retrans) */
	__u32 retrans_data;    /* of them, see connection_row */
	__u32 retrans_spurious;
	__u32 turn_max_us;     /* the longest turn and stall that ended since the last sample */
	__u32 stall_max_us;
	__u32 dsack_dups;
	__u32 unattributed;    /* over the connection's life so far, not a delta */
	__u32 rttvar_us;
	__u32 rtt_min_us;
	__u32 snd_cwnd;
	__u32 snd_ssthresh;
	__u32 snd_wnd;         /* bytes */
	__u32 rcv_wnd;
	__u32 packets_out;
	__u32 notsent;         /* bytes written and not yet sent */
	__u32 unread;          /* bytes received and not yet read */
	__u32 reordering;
	__u32 reord_seen;
	__u32 lost_out;        /* segments held for lost, reported by SACK, sent again and not yet acknowledged */
	__u32 sacked_out;
	__u32 retrans_out;
	__u32 undos;           /* congestion responses taken back */
	__u32 turns;
	__u32 delivered_ce;
	__u32 probes_out;      /* keepalive or window probes not answered */
	__u32 idle_us;         /* since data was last sent or received, at most 71 minutes */
	__u16 idle_restarts;   /* see connection_row; over the connection's life so far, not a delta */
	enum ca_state ca_state;
	enum evidence evidence;    /* about retransmissions, since the last sample */
	row_flag app_limited;      /* 1: delivery_rate is bounded by the application */
	row_flag keepalive;
	__u8 backoff;
	__u8 pad[1];
};

/* A RST sent or received. Without a socket (closed port, TIME_WAIT) the ends are those of the packet that provoked it. */
struct reset_row {
	struct row_head head;
	row_name reason;       /* the kernel's name for why it was sent; empty: it does not say (received, or before Linux 6.10) */
	__u64 idle_us;         /* since the peer was last heard; 0 unknown */
	__u64 state_us;        /* in the present state; 0 unknown */
	__u64 bytes_sent;
	__u64 bytes_received;
	__u32 reason_code;     /* the number behind reason, on this kernel */
	__u32 unread;          /* bytes received and not read */
	__u32 notsent;         /* bytes written and not sent */
	__u32 packets_out;     /* segments in flight */
	__u32 seq;             /* of the packet that provoked it; 0 none */
	enum direction direction;
	row_flag has_socket;
	row_flag linger_zero;  /* SO_LINGER 0 is set: close() aborts */
	__u8 tcp_flags;        /* of the packet that provoked it; 0 none */
};

/* The congestion control's view of the path changes. */
struct congestion_row {
	struct row_head head;
	__u64 duration_us;     /* in old_ca_state; 0 unknown */
	__u32 snd_cwnd;        /* as the change begins */
	__u32 snd_ssthresh;
	__u32 packets_out;
	__u32 lost_out;
	__u32 sacked_out;
	__u32 retrans_out;
	__u32 reordering;
	__u32 dsack_dups;      /* segments that DSACKs reported twice since the last row of this kind */
	__u32 retrans;         /* segments sent again since the last row of this kind */
	__u32 retrans_spurious; /* of them, as far as `evidence` shows, not needed */
	enum ca_state old_ca_state;
	enum ca_state new_ca_state;
	enum evidence evidence;
	__u8 pad[5];
};

/* A TCP packet that this host freed without delivering it. Only where `meaning` is lost, something is missing. */
struct drop_row {
	struct row_head head;
	row_name reason;       /* the kernel's name; empty before Linux 5.17 */
	row_name location;     /* the kernel function that dropped it; empty where symbols are hidden */
	row_id address;        /* of the instruction after the drop */
	__u32 reason_code;     /* the number behind reason, on this kernel */
	__u32 seq;
	__u32 ack;
	__u32 length;          /* bytes of payload */
	__u32 ifindex;         /* of the interface it came in by or was to leave by; 0 unknown */
	enum direction direction;
	row_flag has_socket;
	__u8 tcp_flags;
	enum meaning meaning;
};

/* A listening socket: each sweep, and once more where it ends (state CLOSE). */
struct listener_row {
	struct row_head head;
	__u64 interval_us;     /* since its last row */
	__u32 accept_queue;    /* connections that wait for accept() */
	__u32 accept_queue_limit; /* the kernel refuses when more than this wait */
	__u32 syn_backlog;     /* handshakes under way */
	__u32 overflows;       /* since its last row: connections turned away because the accept queue was full, each once (ListenOverflows) */
	__u32 drops;           /* since its last row: packets it dropped for any reason (sk_drops), some of them counted twice by the kernel */
	__u32 drops_total;
	__u32 accepted;        /* connections that reached it since its last row */
	row_flag defer_accept;
	row_flag fast_open;
	__u8 pad[2];
};

/* A network namespace's own counters since its last row (nstat has the names) and what the rows account for. */
struct namespace_row {
	struct row_head head;
	__u64 interval_us;
	__u64 in_segs;
	__u64 out_segs;
	__u64 retrans_segs;       /* TcpRetransSegs, with which retransmit rows are compared */
	__u64 retrans_attributed; /* segments of retransmit rows, sent and failed */
	__u64 unattributed;       /* segments sent again, now or earlier, that are now known to be in no retransmit row */
	__u64 active_opens;
	__u64 passive_opens;
	__u64 attempt_fails;
	__u64 estab_resets;
	__u64 out_rsts;
	__u64 in_errs;
	__u64 timeouts;
	__u64 syn_retrans;
	__u64 fast_retrans;
	__u64 slow_start_retrans;
	__u64 loss_probes;
	__u64 lost_retransmit;
	__u64 retrans_fail;
	__u64 spurious_rtos;
	__u64 full_undo;
	__u64 loss_undo;
	__u64 dsack_undo;
	__u64 dsack_received;
	__u64 listen_overflows;
	__u64 listen_drops;
	__u64 req_q_full_drop;
	__u64 req_q_full_cookies;
	__u64 syncookies_sent;
	__u64 syncookies_failed;
	__u64 abort_on_data;
	__u64 abort_on_close;
	__u64 abort_on_memory;
	__u64 abort_on_timeout;
	__u64 abort_on_linger;
	__u64 abort_failed;
	__u64 backlog_drop;
	__u64 rcvq_drop;
	__u64 ofo_drop;
	__u64 zero_window_drop;
	__u64 from_zero_window;   /* this host's windows that closed and opened again */
	__u64 to_zero_window;
	__u64 want_zero_window;
	__u64 keepalives;
	__u64 win_probes;
	__u64 memory_pressures;
	__u64 time_wait_overflow;
	__u64 out_no_routes;      /* packets of any protocol, and connects, for which this host had no route: IPv4 and IPv6 */
	__u32 inuse;              /* now: sockets of any state but TIME_WAIT, orphans, TIME_WAITs */
	__u32 orphans;
	__u32 time_wait;
	__u32 curr_estab;
	__u32 mem_pages;          /* TCP's memory on the whole host */
	__u32 port_range;         /* size of ip_local_port_range */
};

/*
 * A segment that came to a connection which is followed, with what the socket had just before it took the segment in. Only what an
 * investigation asks for has such rows. Sequence numbers are those of the packets.
 */
struct progress_row {
	struct row_head head;
	__u32 seq;             /* of the segment: first and past-last sequence number, with SYN and FIN */
	__u32 end_seq;
	__u32 ack;
	__u32 sack1_from;      /* what its SACK blocks report, in their order; the first may tell of a duplicate. 0 and 0: none */
	__u32 sack1_to;
	__u32 sack2_from;
	__u32 sack2_to;
	__u32 sack3_from;
	__u32 sack3_to;
	__u32 tsval;           /* its timestamps; 0 and 0: it has none */
	__u32 tsecr;
	__u32 segs_in;         /* the socket's counter, with which the `segments` of its rows are compared */
	__u32 snd_isn;         /* initial sequence numbers; 0 unknown */
	__u32 rcv_isn;
	__u32 snd_una;
	__u32 snd_nxt;
	__u32 rcv_nxt;
	__u32 rcv_wup;         /* rcv_nxt as of the last acknowledgement that the socket sent */
	__u32 snd_wnd;         /* bytes */
	__u32 rcv_wnd;
	__u32 unread;          /* bytes received and not yet read */
	__u32 notsent;         /* bytes written and not yet sent */
	__u32 rto_us;
	__u32 snd_cwnd;        /* segments */
	__u32 snd_ssthresh;
	__u32 packets_out;
	__u32 lost_out;
	__u32 sacked_out;
	__u32 retrans_out;
	__u32 total_retrans;
	__u32 out_of_order;    /* segments that came out of order, over the connection's life (rcv_ooopack) */
	__u16 segments;        /* as many segments came as one */
	__u8 tcp_flags;
	enum ca_state ca_state;
};

/*
 * The headers of a packet of a connection that is followed, as a network device took it or gave it. Only what an investigation asks for
 * has such rows. A packet that this host passes on has one for each device, and then the sender counts as this end.
 */
struct packet_row {
	struct row_head head;
	__u32 seq;
	__u32 ack;
	__u32 length;          /* bytes of payload */
	__u32 sack1_from;      /* see progress_row */
	__u32 sack1_to;
	__u32 sack2_from;
	__u32 sack2_to;
	__u32 sack3_from;
	__u32 sack3_to;
	__u32 tsval;
	__u32 tsecr;
	__u32 ifindex;         /* of the device */
	__u16 window;          /* as in the header, not scaled */
	__u16 segments;        /* as many segments as the device cuts it into, or has put together */
	__u16 mss;             /* of a SYN, what it offers: 0 none; of several segments, the payload of each but the last */
	__u16 ip_id;           /* IPv4 */
	enum place place;
	enum direction direction; /* unknown: this host passes it on */
	__u8 tcp_flags;
	__u8 ttl;              /* or hop limit */
	__u8 tos;              /* DSCP and ECN */
	__u8 window_scale;     /* of a SYN, plus one: 0 none */
	row_flag sack_permitted; /* of a SYN */
	row_flag has_timestamps;
};

/*
 * By which way the kernel came to an event that another row tells, with the same head but for the kind, or to a zero window. Only what an
 * investigation asks for has such rows.
 */
struct stack_row {
	struct row_head head;
	row_stack stack;       /* in the ring the kernel's addresses, which agent/host/stack-names.ts replaces by the functions' names */
	row_stack user_stack;  /* likewise of the process that the socket is of, where its own system call led there and this was asked for */
	row_name about_reason; /* of a reset or a drop, as in its row; so are the members below. Of another event each is 0, which says nothing */
	__u32 about_reason_code;
	enum kind about;       /* of the other row; packet: a zero window that was sent, of which there is one only where packets are asked for */
	enum class about_class; /* of a retransmission */
	enum outcome about_outcome;
	enum meaning about_meaning; /* of a drop */
	enum direction about_direction; /* of a reset, a drop or a packet */
	__u8 pad[7];
};

/*
 * Counters of one kind, in the kernel: every row that a program wanted to write is counted in one of them; no_storage and missed
 * are apart.
 */
struct kind_counters {
	__u64 written;   /* rows that reached their ring (or, samples, the reader) */
	__u64 ring_lost; /* rows lost because the ring was full */
	__u64 no_storage; /* events seen without the connection's memory: written, but owner and deltas are unknown */
	__u64 withheld;  /* rows not written because the kind's or the filter's budget was spent */
	__u64 filtered;  /* rows that no filter wanted, while only filtered rows are written */
	__u64 missed;    /* connections whose opening or end reached no program: rows that nobody could write */
};

#define ROW_SIZES_HOLD \
	_Static_assert(sizeof(struct row_head) == 112, "row_head"); \
	_Static_assert(sizeof(struct retransmit_row) == 176, "retransmit_row"); \
	_Static_assert(sizeof(struct connection_row) == 568, "connection_row"); \
	_Static_assert(sizeof(struct state_change_row) == 128, "state_change_row"); \
	_Static_assert(sizeof(struct sample_row) == 360, "sample_row"); \
	_Static_assert(sizeof(struct reset_row) == 200, "reset_row"); \
	_Static_assert(sizeof(struct congestion_row) == 168, "congestion_row"); \
	_Static_assert(sizeof(struct drop_row) == 208, "drop_row"); \
	_Static_assert(sizeof(struct listener_row) == 152, "listener_row"); \
	_Static_assert(sizeof(struct namespace_row) == 520, "namespace_row"); \
	_Static_assert(sizeof(struct progress_row) == 240, "progress_row"); \
	_Static_assert(sizeof(struct packet_row) == 176, "packet_row"); \
	_Static_assert(sizeof(struct stack_row) == 672, "stack_row")

ROW_SIZES_HOLD;

#endif
