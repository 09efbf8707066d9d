// SPDX-License-Identifier: Apache-2.0
/*
 * Sets filters of any bytes, and asks them about any rows. Whatever the steps, an evaluation ends and stays within the filter and the
 * row; what the loader accepts answers as 128-bit arithmetic does.
 */
#include "../../../bpf/loader/filters.c"
#include "../../../bpf/rows/filter_eval.h"
#include "input.h"

#define ROWS_MAX 8
#define SPARE_FD 100

static struct filter placed;

/* Instead of the kernel's maps: a filter that is placed is kept. */
int bpf_map_create(enum bpf_map_type type, const char *name, __u32 key_size, __u32 value_size, __u32 entries,
		   const struct bpf_map_create_opts *options)
{
	static int made;

	(void)type, (void)name, (void)options;
	MUST(key_size == 4 && value_size == sizeof(struct filter) && entries == 1);
	return SPARE_FD + made++ % (FILTER_SLOTS + 1);
}

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	(void)key, (void)flags;
	if (fd >= SPARE_FD)
		memcpy(&placed, value, sizeof(placed));
	return 0;
}

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	(void)fd, (void)key;
	memcpy(value, &placed, sizeof(placed));
	return 0;
}

int bpf_map_delete_elem(int fd, const void *key)
{
	(void)fd, (void)key;
	return 0;
}

int shared_map(const char *name)
{
	(void)name;
	return 1;
}

__u64 clock__ns(clockid_t clock)
{
	(void)clock;
	return 0;
}

__u64 clock__offset_ns(void)
{
	return 1000;
}

/* Instead of the programs on demand: nobody asks for detail here. */
void details__filters_changed(void)
{
}

/* A way through the steps that never comes back, straight by the words of filter.h. Only for what the loader accepts. */
static int plain_answer(const struct filter *filter, const struct filter_words *row)
{
	const __u64 *words = (const __u64 *)row;
	int at = 0;

	while (at < FILTER_STEPS_MAX) {
		const struct filter_step *step = &filter->steps[at];
		__u64 high = words[step->word] << step->left >> step->right;
		unsigned __int128 fact = (unsigned __int128)high << 64 | words[step->word + 1];
		unsigned __int128 from = (unsigned __int128)step->from_high << 64 | step->from_low;
		unsigned __int128 to = (unsigned __int128)step->to_high << 64 | step->to_low;
		int next = (step->kinds >> (row->kind & 15) & 1) && from <= fact && fact <= to ? step->yes : step->no;

		MUST(next > at);
		at = next;
	}
	return at == FILTER_ACCEPT;
}

/* Steps that lead forward, as a compiler writes them: by chance they hardly ever do. */
static void tame(struct filter *filter)
{
	for (int i = 0; i < FILTER_STEPS_MAX; i++) {
		struct filter_step *step = &filter->steps[i];
		__u8 *ways[] = { &step->yes, &step->no };

		step->word %= FILTER_WORDS - 1;
		step->left %= 64;
		step->right %= 64;
		for (int way = 0; way < 2; way++)
			if (*ways[way] <= i || *ways[way] >= FILTER_STEPS_MAX)
				*ways[way] = FILTER_ACCEPT + (*ways[way] & 1);
	}
}

/* One of its numbers next to where it must end. Returns whether there was one. */
static bool bend(struct filter *filter, struct input *input)
{
	uint8_t which = input_byte(input) % 8, index = input_byte(input) % FILTER_STEPS_MAX;
	struct filter_step *step = &filter->steps[index];

	if (which == 1)
		step->word = (__u8)input_near(input, FILTER_WORDS - 2);
	else if (which == 2)
		step->left = (__u8)input_near(input, 63);
	else if (which == 3)
		step->right = (__u8)input_near(input, 63);
	else if (which == 4)
		step->yes = (__u8)input_near(input, index);
	else if (which == 5)
		step->no = (__u8)input_near(input, FILTER_STEPS_MAX);
	else if (which == 6)
		step->yes = (__u8)input_near(input, FILTER_ACCEPT);
	return which >= 1 && which <= 6;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input input = { bytes, size };
	struct filter *filter = malloc(sizeof(*filter));
	struct filter_words *words = malloc(sizeof(*words));
	uint8_t how = input_byte(&input), counters[sizeof(struct filter_counters)];
	int slot = (int8_t)input_byte(&input) % 10, rows_per_s = (int16_t)input_u16(&input), burst = (int16_t)input_u16(&input), result;

	bool is_tame = false;

	filters__open();
	input_take(&input, filter, sizeof(*filter));
	if (how & 1) {
		tame(filter);
		is_tame = !bend(filter, &input);
	}
	result = loader__filter(slot, (const unsigned char *)filter, how & 2 ? (int)sizeof(*filter) - 1 : (int)sizeof(*filter), rows_per_s, burst,
				how & 4 ? 1 : 0);
	MUST(result == 0 || result == -EINVAL);
	if (result == 0) {
		MUST(slot >= 0 && slot < FILTER_SLOTS && rows_per_s >= 0 && !(how & 2));
		MUST(loader__filter_counters(slot, counters, sizeof(counters)) >= 0);
		MUST(!memcmp(placed.steps, filter->steps, sizeof(placed.steps)));
		/* What it came to is known until the slot is used again. */
		MUST(loader__filter_clear(slot) == 0 && loader__filter_counters(slot, counters, sizeof(counters)) >= 0);
		MUST(loader__filter_clear(slot) == -ENOENT);
	} else if (is_tame && !(how & 2) && slot >= 0 && slot < FILTER_SLOTS && rows_per_s >= 0 && burst > 0) {
		MUST(!"a filter whose steps lead forward was refused");
	}
	for (int row = 0; row < ROWS_MAX && input.left; row++) {
		struct row_head head;
		struct filter_facts facts;
		int answer;

		input_take(&input, &head, sizeof(head));
		input_take(&input, &facts, sizeof(facts));
		filter_words_of(words, &head, &facts);
		answer = filter_eval(filter, words);
		MUST(answer == 0 || answer == 1);
		if (result == 0)
			MUST(answer == plain_answer(filter, words));
	}
	free(filter);
	free(words);
	return 0;
}
