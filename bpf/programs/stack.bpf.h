/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's stack at an event whose row an investigation wants, and the process's own where it asks for that too. Programs that write
 * such rows write this one beside them.
 */
#ifndef TCPLENS_STACK_BPF_H
#define TCPLENS_STACK_BPF_H

#include "detail.bpf.h"

/* The innermost functions. Their names fill a row_stack, which has room for more addresses than that. */
#define STACK_FRAMES 24

/* A flag of bpf_get_stack(). */
#define BPF_F_USER_STACK (1ULL << 8)

RING(stack);

/* TCP's events run on whatever task was interrupted: only what the socket's owner has on its stack can have led to them. */
static __always_inline bool stack_runs_owner(const struct row_head *told)
{
	return told->pid && told->pid == (__u32)(bpf_get_current_pid_tgid() >> 32);
}

/* `told`: the head of the row that was written. Its filters have paid for that one and pay for this one too. */
static __always_inline void stack_tell(void *context, const struct row_head *told, const struct filter_facts *facts)
{
	struct detail *detail = told->filters ? detail_of(KIND_STACK) : NULL;
	__u32 wanted = detail ? told->filters & detail->slots : 0;
	struct stack_row *row;

	if (wanted)
		wanted = detail_pay(KIND_STACK, wanted, told->time_ns);
	row = wanted ? row_reserve(&ring_stack, KIND_STACK, sizeof(*row)) : NULL;
	if (!row)
		return;
	row_start(row, sizeof(*row), told);
	row->about = told->kind;
	row->head.kind = KIND_STACK;
	row->head.filters = wanted;
	row->about_reason_code = facts->reason_code;
	row->about_class = facts->class;
	row->about_outcome = facts->outcome;
	row->about_meaning = facts->meaning;
	row->about_direction = facts->direction;
	bpf_get_stack(context, row->stack, STACK_FRAMES * sizeof(__u64), 0);
	if (wanted & detail->user_slots && stack_runs_owner(told))
		bpf_get_stack(context, row->user_stack, STACK_FRAMES * sizeof(__u64), BPF_F_USER_STACK);
	row_submit(row);
}

#endif
