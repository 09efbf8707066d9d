// SPDX-License-Identifier: GPL-2.0-only
/* A network namespace's own counters, as nstat shows them. */
#define _GNU_SOURCE
#include "netstat.h"
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct namespace_row, member)

/* The kernel's names, as in /proc/net/snmp and /proc/net/netstat, and the members that have them. */
static const struct {
	const char *group, *name;
	size_t at;
} counters[] = {
	{ "Tcp", "InSegs", AT(in_segs) },
	{ "Tcp", "OutSegs", AT(out_segs) },
	{ "Tcp", "RetransSegs", AT(retrans_segs) },
	{ "Tcp", "ActiveOpens", AT(active_opens) },
	{ "Tcp", "PassiveOpens", AT(passive_opens) },
	{ "Tcp", "AttemptFails", AT(attempt_fails) },
	{ "Tcp", "EstabResets", AT(estab_resets) },
	{ "Tcp", "OutRsts", AT(out_rsts) },
	{ "Tcp", "InErrs", AT(in_errs) },
	{ "TcpExt", "TCPTimeouts", AT(timeouts) },
	{ "TcpExt", "TCPSynRetrans", AT(syn_retrans) },
	{ "TcpExt", "TCPFastRetrans", AT(fast_retrans) },
	{ "TcpExt", "TCPSlowStartRetrans", AT(slow_start_retrans) },
	{ "TcpExt", "TCPLossProbes", AT(loss_probes) },
	{ "TcpExt", "TCPLostRetransmit", AT(lost_retransmit) },
	{ "TcpExt", "TCPRetransFail", AT(retrans_fail) },
	{ "TcpExt", "TCPSpuriousRTOs", AT(spurious_rtos) },
	{ "TcpExt", "TCPFullUndo", AT(full_undo) },
	{ "TcpExt", "TCPLossUndo", AT(loss_undo) },
	{ "TcpExt", "TCPDSACKUndo", AT(dsack_undo) },
	{ "TcpExt", "TCPDSACKRecv", AT(dsack_received) },
	{ "TcpExt", "ListenOverflows", AT(listen_overflows) },
	{ "TcpExt", "ListenDrops", AT(listen_drops) },
	{ "TcpExt", "TCPReqQFullDrop", AT(req_q_full_drop) },
	{ "TcpExt", "TCPReqQFullDoCookies", AT(req_q_full_cookies) },
	{ "TcpExt", "SyncookiesSent", AT(syncookies_sent) },
	{ "TcpExt", "SyncookiesFailed", AT(syncookies_failed) },
	{ "TcpExt", "TCPAbortOnData", AT(abort_on_data) },
	{ "TcpExt", "TCPAbortOnClose", AT(abort_on_close) },
	{ "TcpExt", "TCPAbortOnMemory", AT(abort_on_memory) },
	{ "TcpExt", "TCPAbortOnTimeout", AT(abort_on_timeout) },
	{ "TcpExt", "TCPAbortOnLinger", AT(abort_on_linger) },
	{ "TcpExt", "TCPAbortFailed", AT(abort_failed) },
	{ "TcpExt", "TCPBacklogDrop", AT(backlog_drop) },
	{ "TcpExt", "TCPRcvQDrop", AT(rcvq_drop) },
	{ "TcpExt", "TCPOFODrop", AT(ofo_drop) },
	{ "TcpExt", "TCPZeroWindowDrop", AT(zero_window_drop) },
	{ "TcpExt", "TCPFromZeroWindowAdv", AT(from_zero_window) },
	{ "TcpExt", "TCPToZeroWindowAdv", AT(to_zero_window) },
	{ "TcpExt", "TCPWantZeroWindowAdv", AT(want_zero_window) },
	{ "TcpExt", "TCPKeepAlive", AT(keepalives) },
	{ "TcpExt", "TCPWinProbe", AT(win_probes) },
	{ "TcpExt", "TCPMemoryPressures", AT(memory_pressures) },
	{ "TcpExt", "TCPTimeWaitOverflow", AT(time_wait_overflow) },
	{ "Ip", "OutNoRoutes", AT(out_no_routes) }, /* and what IPv6 counts, in a file of its own */
};
#define COUNTERS (sizeof(counters) / sizeof(counters[0]))

static __u64 *member(struct namespace_row *row, size_t at)
{
	return (__u64 *)((char *)row + at);
}

static void take(struct namespace_row *row, const char *group, const char *name, __u64 value)
{
	for (size_t i = 0; i < COUNTERS; i++)
		if (!strcmp(counters[i].name, name) && !strcmp(counters[i].group, group))
			*member(row, counters[i].at) = value;
	if (!strcmp(group, "Tcp") && !strcmp(name, "CurrEstab"))
		row->curr_estab = (__u32)value;
}

/* Pairs of lines, "Group: name …" and "Group: value …". */
static void read_counters(struct namespace_row *row, const char *path)
{
	char *names = NULL, *values = NULL;
	size_t names_room = 0, values_room = 0;
	FILE *file = fopen(path, "re");

	while (file && getline(&names, &names_room, file) > 0 && getline(&values, &values_room, file) > 0) {
		char *at_name, *at_value, *group = strtok_r(names, ": \n", &at_name), *name;

		strtok_r(values, ": \n", &at_value);
		while (group && (name = strtok_r(NULL, " \n", &at_name))) {
			char *value = strtok_r(NULL, " \n", &at_value);

			if (value)
				take(row, group, name, strtoull(value, NULL, 10));
		}
	}
	if (file)
		fclose(file);
	free(names);
	free(values);
}

/* Adds IPv6's count to that of IPv4, which has been read. */
static void read_ipv6(struct namespace_row *row)
{
	FILE *file = fopen("/proc/thread-self/net/snmp6", "re");
	unsigned long long no_routes;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Ip6OutNoRoutes %llu", &no_routes) == 1)
			row->out_no_routes += no_routes;
	if (file)
		fclose(file);
}

static void read_gauges(struct namespace_row *row)
{
	FILE *file = fopen("/proc/thread-self/net/sockstat", "re");
	unsigned int from, to;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "TCP: inuse %u orphan %u tw %u alloc %*u mem %u", &row->inuse, &row->orphans, &row->time_wait,
		       &row->mem_pages);
	if (file)
		fclose(file);
	file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	if (file && fscanf(file, "%u %u", &from, &to) == 2)
		row->port_range = to - from + 1;
	if (file)
		fclose(file);
}

/* The counters and gauges of the namespace that the caller is in. */
void netstat__read(struct namespace_row *row)
{
	read_counters(row, "/proc/thread-self/net/snmp");
	read_counters(row, "/proc/thread-self/net/netstat");
	read_ipv6(row);
	read_gauges(row);
}

/* Leaves in `row` what its counters have gained since `earlier`. */
void netstat__subtract(struct namespace_row *row, const struct namespace_row *earlier)
{
	for (size_t i = 0; i < COUNTERS; i++)
		*member(row, counters[i].at) -= *member((struct namespace_row *)earlier, counters[i].at);
}
