// SPDX-License-Identifier: GPL-2.0-only
/* Whether a tally program reaches neither outside its rows nor outside its own tables. */
#include "../rows/tally_program.h"
#include "row_size.h"
#include "tally.h"

static bool is_number(int from, int size, int row)
{
	return (size == 4 || size == 8) && from + size <= row;
}

static bool is_part(const struct tally_part *part, int row)
{
	int read = part->size == TALLY_IPV4 ? 16 : part->size, written = part->size == TALLY_IPV4 ? 1 : part->size;

	return (read == 1 || read == 2 || read == 4 || read == 16 || read == 32) && part->from + read <= row && part->when < row &&
	       part->to + written <= (int)sizeof(struct tally_key) && part->to % (written < 8 ? written : 8) == 0;
}

static bool is_value(const struct tally_value *value, int number, int row)
{
	return is_number(value->from, value->size, row) && (value->most == TALLY_NONE || value->most < number) &&
	       (value->less == TALLY_NONE || value->less < number);
}

static bool is_plan(const struct tally_plan *plan)
{
	int row = row_size(plan->kind);

	if (row < 0 || plan->when >= row || plan->parts > TALLY_PARTS_MAX || plan->values > TALLY_VALUES_MAX ||
	    plan->histograms > TALLY_HISTOGRAMS_MAX)
		return false;
	for (int i = 0; i < plan->parts; i++)
		if (!is_part(&plan->part[i], row))
			return false;
	for (int i = 0; i < plan->values; i++)
		if (!is_value(&plan->value[i], i, row))
			return false;
	for (int i = 0; i < plan->histograms; i++)
		if (!is_number(plan->histogram[i].from, plan->histogram[i].size, row))
			return false;
	return true;
}

bool tally__is_sound(const struct tally_program *program)
{
	if (program->plans > TALLY_PLANS_MAX || program->bounds > TALLY_BOUNDS_MAX || program->groups_max < 1 ||
	    program->groups_max > TALLY_GROUPS_LIMIT)
		return false;
	for (int i = 0; i < TALLY_TERMS; i++)
		if (program->terms_kept[i] > TALLY_TERM_BYTES || program->terms_max[i] > TALLY_TERMS_LIMIT)
			return false;
	for (__u32 i = 0; i < program->plans; i++)
		if (!is_plan(&program->plan[i]))
			return false;
	return true;
}
