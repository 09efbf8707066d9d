// SPDX-License-Identifier: Apache-2.0
/*
 * Runs tally programs of any bytes over rows of any bytes. What is accepted stays within the row and its tables, counts every row that a
 * plan takes once, and every row once in each histogram.
 */
#include "../../../bpf/loader/row_size.h"
#include "../../../bpf/loader/tally.h"
#include "../../../bpf/loader/tally_groups.h"
#include "input.h"
#include <errno.h>

#define GROUPS_MAX 32 /* tables of the most that is allowed would take all the time to make */
#define ROWS_MAX 64
#define OUT_BYTES (1 << 17)

/* Plans within their rows, as the agent writes them: by chance they hardly ever are. */
static void tame(struct tally_program *program)
{
	static const __u8 sizes[] = { 1, 2, 16, 32, TALLY_IPV4 };

	program->plans %= TALLY_PLANS_MAX + 1;
	program->bounds %= TALLY_BOUNDS_MAX + 1;
	program->groups_max = program->groups_max % GROUPS_MAX + 1;
	for (int i = 0; i < TALLY_TERMS; i++) {
		program->terms_max[i] %= GROUPS_MAX;
		program->terms_kept[i] %= TALLY_TERM_BYTES + 1;
	}
	for (__u32 number = 0; number < program->plans; number++) {
		struct tally_plan *plan = &program->plan[number];
		int row;

		plan->kind = (enum kind)(plan->kind % KIND_COUNT);
		row = row_size(plan->kind);
		plan->when = (__u16)(plan->when % row);
		plan->parts %= TALLY_PARTS_MAX + 1;
		plan->values %= TALLY_VALUES_MAX + 1;
		plan->histograms %= TALLY_HISTOGRAMS_MAX + 1;
		for (int i = 0; i < plan->parts; i++) {
			struct tally_part *part = &plan->part[i];
			int written;

			part->size = sizes[part->size % sizeof(sizes)];
			written = part->size == TALLY_IPV4 ? 1 : part->size;
			part->from = (__u16)(part->from % (row - 31));
			part->when = (__u16)(part->when % row);
			part->to = (__u8)(part->to % ((int)sizeof(struct tally_key) - written + 1) / (written < 8 ? written : 8) * (written < 8 ? written : 8));
		}
		for (int i = 0; i < plan->values; i++) {
			struct tally_value *value = &plan->value[i];

			value->size = value->size & 1 ? 4 : 8;
			value->from = (__u16)(value->from % (row - 7));
			value->most = value->most < i ? value->most : TALLY_NONE;
			value->less = value->less < i ? value->less : TALLY_NONE;
		}
		for (int i = 0; i < plan->histograms; i++) {
			plan->histogram[i].size = plan->histogram[i].size & 1 ? 4 : 8;
			plan->histogram[i].from = (__u16)(plan->histogram[i].from % (row - 7));
		}
	}
}

/* One of its numbers next to where it must end. Returns whether there was one. */
static bool bend(struct tally_program *program, struct input *input)
{
	uint8_t which = input_byte(input) % 16, index = input_byte(input), item = input_byte(input);
	struct tally_plan *plan = &program->plan[program->plans ? index % program->plans : 0];
	struct tally_part *part = &plan->part[item % TALLY_PARTS_MAX];
	struct tally_value *value = &plan->value[item % TALLY_VALUES_MAX];
	struct tally_histogram *histogram = &plan->histogram[item % TALLY_HISTOGRAMS_MAX];
	int row = row_size(plan->kind), read = part->size == TALLY_IPV4 ? 16 : part->size;
	int number = item & 128 ? TALLY_VALUES_MAX + 2 : item % TALLY_VALUES_MAX;

	switch (program->plans ? which : 0) {
	case 1:
		part->from = (__u16)input_near(input, row - read);
		return true;
	case 2:
		part->to = (__u8)input_near(input, (int)sizeof(struct tally_key) - (part->size ? part->size : 1));
		return true;
	case 3:
		part->when = (__u16)input_near(input, row);
		return true;
	case 4:
		value->from = (__u16)input_near(input, row - value->size);
		return true;
	case 5:
		value->most = (__u8)input_near(input, number);
		return true;
	case 6:
		value->less = (__u8)input_near(input, number);
		return true;
	case 7:
		histogram->from = (__u16)input_near(input, row - histogram->size);
		return true;
	case 8:
		plan->when = (__u16)input_near(input, row);
		return true;
	case 9:
		program->terms_kept[item % TALLY_TERMS] = input_near(input, TALLY_TERM_BYTES);
		return true;
	case 10:
		part->size = input_byte(input);
		return true;
	default:
		return false;
	}
}

/* Rows in buffers of their own, which end where the row does. */
static __u64 count_rows(struct input *input, const struct tally_program *program)
{
	__u64 wanted = 0;

	for (int i = 0; i < ROWS_MAX && input->left; i++) {
		int kind = input_byte(input) % KIND_COUNT;
		unsigned char *row = malloc((size_t)row_size(kind));

		input_take(input, row, (size_t)row_size(kind));
		for (__u32 plan = 0; plan < program->plans; plan++)
			wanted += program->plan[plan].kind == kind &&
				  (!program->plan[plan].if_is || row[program->plan[plan].when] == program->plan[plan].is);
		tally__row(kind, row);
		free(row);
	}
	return wanted;
}

static void check_group(const unsigned char *at, const struct tally_program *program, __u64 *rows)
{
	struct tally_group group;
	__u64 pairs = 0;

	memcpy(&group, at, sizeof(group));
	MUST(group.plan < program->plans && group.overflow <= 1 && group.cut < 1 << TALLY_TERMS && group.rows > 0);
	at += sizeof(group);
	for (int i = 0; i < TALLY_HISTOGRAMS_MAX; i++) {
		__u64 sum = 0;

		for (__u64 n = 0; n < group.histograms[i].buckets; n++, pairs++, at += 16) {
			__u64 pair[2];

			memcpy(pair, at, sizeof(pair));
			MUST(pair[0] <= program->bounds && pair[1] > 0);
			sum += pair[1];
		}
		MUST(sum == (i < program->plan[group.plan].histograms ? group.rows : 0));
	}
	MUST(group.size == sizeof(group) + pairs * 16);
	*rows += group.rows;
}

static void check_groups(const struct tally_program *program, int room, __u64 wanted)
{
	__u64 rows = 0;
	int groups = 0, written;

	for (;; room = OUT_BYTES) {
		unsigned char *out = malloc((size_t)room);

		written = groups__write(groups, out, room);
		MUST(written >= 0 && written <= room);
		for (int at = 0; at < written; groups++) {
			struct tally_group group;

			memcpy(&group, out + at, sizeof(group));
			check_group(out + at, program, &rows);
			at += (int)group.size;
		}
		free(out);
		if (!written && room == OUT_BYTES)
			break;
	}
	MUST(rows == wanted);
	MUST((__u32)groups <= program->groups_max + TALLY_PLANS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = { bytes, size };
	uint8_t how = input_byte(&input);
	int room = 1 + input_u16(&input), result;
	static struct tally_program program;
	bool is_tame = false;

	input_take(&input, &program, sizeof(program));
	if (how & 1) {
		tame(&program);
		is_tame = !bend(&program, &input);
	}
	if (tally__is_sound(&program) && (program.groups_max > GROUPS_MAX || program.terms_max[0] + program.terms_max[1] > GROUPS_MAX))
		return 0;
	result = tally__start((const unsigned char *)&program, (int)sizeof(program));
	MUST(result == 0 || (result == -EINVAL && !is_tame));
	if (result == 0)
		check_groups(&program, room, count_rows(&input, &program));
	return 0;
}
