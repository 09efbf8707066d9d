// SPDX-License-Identifier: GPL-2.0-only
/* Opens and closes the kernel side: programs, maps, and what is read of the running kernel beforehand. */
#include "constants.h"
#include "counter.h"
#include "filters.h"
#include "hooks.h"
#include "loader.h"
#include "met.h"
#include "names.h"
#include "options.h"
#include "reader.h"
#include "sweep.h"
#include "tally.h"
#include "unseen.h"
#include "waker.h"
#include "warning.h"
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>

/* What the programs and their rows take from the running kernel's BTF. */
static void read_kernel(void)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		return;
	constants__probe(btf);
	hooks__probe(btf);
	names__open(btf);
	btf__free(btf);
}

int loader__open(const char *directory, const char *host_id_hex, int ring_bytes, const char *refuse, unsigned char *report,
		 int report_size)
{
	const struct load_options options = {
		.directory = directory,
		.refuse = refuse,
		.host_id = strtoull(host_id_hex, NULL, 16),
		.ring_bytes = ring_bytes,
	};
	int attached, error, used;

	if (hooks__are_loaded())
		return -EBUSY;
	warning__listen();
	read_kernel();
	attached = hooks__load(&options);
	filters__open();
	error = attached ? reader__open() : 0;
	/* Without the walk only the owners of older connections stay unknown. */
	if (error == 0 && hooks__link("owner") && loader__walk(NULL, 0) < 0)
		hooks__blame("owner", "walk", errno);
	used = constants__report((char *)report, report_size);
	hooks__report((char *)report + used, report_size - used);
	if (error || !attached)
		loader__close();
	return error ? error : attached;
}

int loader__misses(unsigned char *misses, int size)
{
	return hooks__misses((char *)misses, size);
}

int loader__reasons(unsigned char *names, int size)
{
	return names__list((char *)names, size);
}

int loader__close(void)
{
	counter__close();
	waker__close();
	sweep__close();
	unseen__close();
	reader__close();
	tally__close();
	met__close();
	names__close();
	filters__close();
	hooks__close();
	return 0;
}
