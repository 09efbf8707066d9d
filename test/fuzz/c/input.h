/* SPDX-License-Identifier: Apache-2.0 */
/* What all fuzz targets in C share: taking numbers and structures off the front of an input, and stopping where a rule is broken. */
#ifndef TCPLENS_FUZZ_INPUT_H
#define TCPLENS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct input {
	const uint8_t *bytes;
	size_t left;
};

/* Where the input has ended, the rest of it is zeros. */
static inline void input_take(struct input *input, void *to, size_t size)
{
	size_t some = size < input->left ? size : input->left;

	memset(to, 0, size);
	if (some)
		memcpy(to, input->bytes, some);
	input->bytes += some;
	input->left -= some;
}

static inline uint8_t input_byte(struct input *input)
{
	uint8_t byte;

	input_take(input, &byte, 1);
	return byte;
}

static inline uint16_t input_u16(struct input *input)
{
	uint16_t number;

	input_take(input, &number, 2);
	return number;
}

/* A number at a bound, or next to it: what is off by one is hardly ever met by chance. */
static inline unsigned input_near(struct input *input, int bound)
{
	return (unsigned)(bound + input_byte(input) % 5 - 2);
}

/* libFuzzer keeps the input where a program aborts. */
#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

#endif
