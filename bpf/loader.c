// SPDX-License-Identifier: GPL-2.0-only
/* Opens and closes the kernel side: programs, maps, and what is read of the running kernel beforehand. */
#include "loader.h"
#include "loader-state.h"
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>

int loader__row_size(int kind)
{
	return row_size(kind);
}

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

static int open_reader(__u64 host_id)
{
	int rings[KIND_COUNT];

	maps__rings(rings);
	the_reader.counters_fd = shared_map("counters");
	the_reader.attributed_fd = shared_map("attributed");
	the_reader.host_id = host_id;
	the_reader.sample_link = hooks__link("sample");
	the_reader.preexisting_link = hooks__link("preexisting");
	the_reader.owner_link = hooks__link("owner");
	the_reader.netns_link = hooks__link("netns");
	return reader__open_rings(&the_reader, rings);
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
	error = attached ? open_reader(options.host_id) : 0;
	/* Without the walk only the owners of older connections stay unknown. */
	if (error == 0 && the_reader.owner_link && loader__walk(NULL, 0) < 0)
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

int loader__close(void)
{
	counter__close();
	waker__close();
	reader__close(&the_reader);
	tally__close();
	met__close();
	ledger__close();
	names__close();
	filters__close();
	hooks__close();
	return 0;
}
