// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names for the numbers in rows, from the running kernel's own tables: reasons from its BTF, since they are numbered
 * anew with every kernel, and places in the code from its symbols.
 */
#define _GNU_SOURCE
#include "../rows/rows.h"
#include "names.h"
#include <bpf/btf.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REASONS_MAX 512
#define NAME_MAX_BYTES sizeof(row_name)

struct reasons {
	const char *enumeration;
	const char *prefix;
	char names[REASONS_MAX][NAME_MAX_BYTES];
};

static struct reasons drop_reasons = { "skb_drop_reason", "SKB_DROP_REASON_", { "" } };
static struct reasons reset_reasons = { "sk_rst_reason", "SK_RST_REASON_", { "" } };

struct symbol {
	__u64 address;
	char name[NAME_MAX_BYTES];
};

static struct {
	int file; /* opened while the privilege to see addresses is there, read when the first one is asked for */
	struct symbol *list;
	size_t count;
} symbols = { -1, NULL, 0 };

/* "SKB_DROP_REASON_NETFILTER_DROP" becomes "netfilter_drop". */
static void load_reasons(const struct btf *btf, struct reasons *reasons)
{
	int id = btf__find_by_name_kind(btf, reasons->enumeration, BTF_KIND_ENUM);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;

	for (int i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_enum *value = btf_enum(type) + i;
		const char *name = btf__name_by_offset(btf, value->name_off);
		size_t prefix = strlen(reasons->prefix);

		if (value->val < 0 || value->val >= REASONS_MAX)
			continue;
		name += strncmp(name, reasons->prefix, prefix) ? 0 : prefix;
		for (size_t at = 0; at < NAME_MAX_BYTES && name[at]; at++)
			reasons->names[value->val][at] = (char)tolower(name[at]);
	}
}

void names__open(const struct btf *btf)
{
	load_reasons(btf, &drop_reasons);
	load_reasons(btf, &reset_reasons);
	if (symbols.file < 0)
		symbols.file = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
}

void names__close(void)
{
	if (symbols.file >= 0)
		close(symbols.file);
	free(symbols.list);
	symbols.file = -1;
	symbols.list = NULL;
	symbols.count = 0;
}

static int by_address(const void *one, const void *other)
{
	__u64 a = ((const struct symbol *)one)->address, b = ((const struct symbol *)other)->address;

	return a < b ? -1 : a > b;
}

/* Keeps the functions. Where addresses are hidden they all read as 0. */
static void read_symbols(void)
{
	FILE *file = fdopen(symbols.file, "r");
	size_t room = 0;
	char line[256], type, name[128];
	unsigned long long address;

	symbols.file = -1;
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx %c %127s", &address, &type, name) != 3 || !address || tolower(type) != 't')
			continue;
		if (symbols.count == room) {
			struct symbol *more = realloc(symbols.list, (room = room ? room * 2 : 65536) * sizeof(*more));

			if (!more)
				break;
			symbols.list = more;
		}
		symbols.list[symbols.count].address = address;
		memset(symbols.list[symbols.count].name, 0, NAME_MAX_BYTES);
		memcpy(symbols.list[symbols.count].name, name, strnlen(name, NAME_MAX_BYTES));
		symbols.count++;
	}
	if (file)
		fclose(file);
	qsort(symbols.list, symbols.count, sizeof(*symbols.list), by_address);
}

/* The function that an address lies in, without its offset: "" where it is unknown. */
static void name_place(row_name name, __u64 address)
{
	size_t from = 0, to;

	if (symbols.file >= 0)
		read_symbols();
	for (to = symbols.count; from < to;) {
		size_t middle = from + (to - from) / 2;

		if (symbols.list[middle].address <= address)
			from = middle + 1;
		else
			to = middle;
	}
	if (from > 0)
		memcpy(name, symbols.list[from - 1].name, sizeof(row_name));
}

static void name_reason(row_name name, const struct reasons *reasons, __u32 code)
{
	if (code > 0 && code < REASONS_MAX)
		memcpy(name, reasons->names[code], sizeof(row_name));
}

/* Whether rows of the kind want names. */
bool names__has(int kind)
{
	return kind == KIND_RESET || kind == KIND_DROP;
}

void names__fill(int kind, unsigned char *bytes)
{
	if (kind == KIND_RESET) {
		struct reset_row row;

		memcpy(&row, bytes, sizeof(row));
		name_reason(row.reason, &reset_reasons, row.reason_code);
		memcpy(bytes, &row, sizeof(row));
	} else if (kind == KIND_DROP) {
		struct drop_row row;

		memcpy(&row, bytes, sizeof(row));
		name_reason(row.reason, &drop_reasons, row.reason_code);
		name_place(row.location, row.address);
		memcpy(bytes, &row, sizeof(row));
	}
}

/* "kind\tcode\tname\n" for every name that a filter may ask for; returns the bytes used. */
int names__list(char *to, int size)
{
	const struct {
		const char *kind;
		const struct reasons *reasons;
	} tables[] = { { "reset", &reset_reasons }, { "drop", &drop_reasons } };
	int used = 0;

	for (size_t table = 0; table < 2; table++)
		for (int code = 0; code < REASONS_MAX && used < size; code++)
			if (tables[table].reasons->names[code][0])
				used += snprintf(to + used, (size_t)(size - used), "%s\t%d\t%.32s\n", tables[table].kind, code,
						 tables[table].reasons->names[code]);
	return used < size ? used : size;
}
