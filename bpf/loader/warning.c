// SPDX-License-Identifier: GPL-2.0-only
/* Keeps, as one line, what libbpf says about the cause of a failure. It says so only in its log. */
#define _GNU_SOURCE
#include "warning.h"
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char kept[WARNING_BYTES];
static bool from_verifier;

static void keep(const char *line, size_t length)
{
	snprintf(kept, sizeof(kept), "%.*s", (int)(length < sizeof(kept) ? length : sizeof(kept) - 1), line);
}

/* The last line of a verifier's log before its statistics says what it refused. */
static void keep_verdict(const char *log)
{
	const char *end = strstr(log, "\nprocessed ");
	const char *line = end;

	if (!end)
		return;
	while (line > log && line[-1] != '\n')
		line--;
	/* It had said nothing: the program was refused before it was looked at. */
	if (line == log)
		return;
	keep(line, (size_t)(end - line));
	from_verifier = true;
}

/* The first warning names the cause, and later ones follow from it. The verifier's own line says it best, so it replaces any other. */
static int take(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *text = NULL;
	const char *line;

	if (level != LIBBPF_WARN || from_verifier || vasprintf(&text, format, arguments) < 0)
		return 0;
	line = strncmp(text, "libbpf: ", 8) ? text : text + 8;
	if (strstr(line, "BEGIN PROG LOAD LOG"))
		keep_verdict(line);
	else if (!kept[0])
		keep(line, strcspn(line, "\n"));
	free(text);
	return 0;
}

void warning__listen(void)
{
	libbpf_set_print(take);
}

void warning__clear(void)
{
	kept[0] = 0;
	from_verifier = false;
}

/* Sets a text of the loader's own, in place of libbpf's. */
void warning__set(const char *text)
{
	keep(text, strlen(text));
}

const char *warning__text(void)
{
	return kept;
}
