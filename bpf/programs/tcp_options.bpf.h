/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the options of a TCP header. */
#ifndef TCPLENS_TCP_OPTIONS_BPF_H
#define TCPLENS_TCP_OPTIONS_BPF_H

#include "kernel.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_WINDOW 3
#define OPTION_SACK_PERMITTED 4
#define OPTION_SACK 5
#define OPTION_TIMESTAMPS 8
#define OPTION_BYTES_MAX 40
#define OPTIONS_MAX 16 /* as many as are looked at; more fit only if nearly all are padding */
#define SACK_BLOCKS 3

struct tcp_options {
	struct {
		__u32 from, to;
	} sack[SACK_BLOCKS];
	__u32 tsval, tsecr;
	__u16 mss;
	__u8 window_scale; /* plus one */
	bool sack_permitted;
	bool has_timestamps;
};

/* The bytes, with as many behind them as a read may reach beyond the end. */
struct option_bytes {
	__u8 at[96];
};

static __always_inline __u32 option_word(const struct option_bytes *bytes, __u32 at)
{
	__be32 word;

	__builtin_memcpy(&word, bytes->at + at, sizeof(word));
	return bpf_ntohl(word);
}

static __always_inline void option_take(struct tcp_options *options, const struct option_bytes *bytes, __u32 at, __u8 kind,
					__u8 length)
{
	if (kind == OPTION_TIMESTAMPS) {
		options->has_timestamps = true;
		options->tsval = option_word(bytes, at + 2);
		options->tsecr = option_word(bytes, at + 6);
	}
	if (kind == OPTION_MSS)
		options->mss = option_word(bytes, at) & 0xffff;
	if (kind == OPTION_WINDOW)
		options->window_scale = (option_word(bytes, at) >> 8 & 0xff) + 1;
	if (kind == OPTION_SACK_PERMITTED)
		options->sack_permitted = true;
	if (kind != OPTION_SACK)
		return;
	for (__u32 block = 0; block < SACK_BLOCKS; block++) {
		if (2 + (block + 1) * 8 > length)
			break;
		options->sack[block].from = option_word(bytes, at + 2 + block * 8);
		options->sack[block].to = option_word(bytes, at + 6 + block * 8);
	}
}

/*
 * Reads the option at this byte, and returns how many bytes it takes; 0: it is the last, or no option. A global function, as the next
 * one is: the verifier checks it once, not for every turn of the loop. To it, both pointers may be NULL.
 */
__noinline __u32 option_read(struct tcp_options *options, const struct option_bytes *bytes, __u32 at)
{
	__u8 kind, size;

	asm volatile("%0 &= 63" : "+r"(at));
	if (!options || !bytes)
		return 0;
	kind = bytes->at[at];
	size = bytes->at[at + 1];
	if (kind == OPTION_NOP)
		return 1;
	if (kind == OPTION_END || size < 2)
		return 0;
	option_take(options, bytes, at, kind, size);
	return size;
}

/* Reads `length` bytes of options, from an address in the kernel, into zeroed `options`. */
__noinline int options_read(struct tcp_options *options, __u64 from, __u32 length)
{
	struct option_bytes bytes = {};
	__u32 at = 0;

	if (!options || length > OPTION_BYTES_MAX || bpf_probe_read_kernel(bytes.at, length, (const void *)from))
		return 0;
	for (int i = 0; i < OPTIONS_MAX && at < length; i++) {
		__u32 size = option_read(options, &bytes, at);

		if (!size)
			break;
		at += size;
	}
	return 0;
}

#endif
