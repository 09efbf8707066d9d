// SPDX-License-Identifier: Apache-2.0
/* The kernel's evaluation of filters as a program. Reads a struct filter, a count, and as many heads with their facts,
 * again and again; writes a byte a head, '1' where the filter wants it. */
#include "../../../bpf/rows/filter_eval.h"
#include <stdio.h>

int main(void)
{
	static struct filter filter;
	struct filter_facts facts;
	struct filter_words words;
	struct row_head head;
	__u32 count;

	while (fread(&filter, sizeof(filter), 1, stdin) == 1 && fread(&count, sizeof(count), 1, stdin) == 1) {
		for (; count > 0; count--) {
			if (fread(&head, sizeof(head), 1, stdin) != 1 || fread(&facts, sizeof(facts), 1, stdin) != 1)
				return 1;
			filter_words_of(&words, &head, &facts);
			putchar(filter_eval(&filter, &words) ? '1' : '0');
		}
	}
	return 0;
}
