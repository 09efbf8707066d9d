// SPDX-License-Identifier: GPL-2.0-only
/* Opens and closes the kernel side: programs, maps, and what reads the maps. */
#include "counter.h"
#include "details.h"
#include "filters.h"
#include "hooks.h"
#include "loader.h"
#include "reader.h"
#include "sweep.h"
#include "tally.h"
#include "waker.h"
#include "warning.h"
#include <errno.h>

static bool is_started;

int loader__load(const unsigned char *bytes, int size, const char *name, const char *programs, const char *constants, int ring_bytes,
		 unsigned char *reasons, int reasons_size)
{
	DECLARE_LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name);
	const struct map_options maps = { .constants = constants, .ring_bytes = ring_bytes };
	struct bpf_object *object;

	if (is_started)
		return -EBUSY;
	if (reasons_size < 1)
		return -EINVAL;
	reasons[0] = 0;
	warning__listen();
	warning__clear();
	object = bpf_object__open_mem(bytes, (size_t)size, &options);
	return object ? hooks__load(object, programs, &maps, (char *)reasons, reasons_size) : -errno;
}

int loader__start(void)
{
	int error = reader__open();

	if (error)
		return error;
	filters__open();
	details__open();
	is_started = true;
	return 0;
}

int loader__misses(unsigned char *misses, int size)
{
	return hooks__misses((char *)misses, size);
}

int loader__close(void)
{
	counter__close();
	waker__close();
	sweep__close();
	reader__close();
	tally__close();
	filters__close();
	hooks__close();
	is_started = false;
	return 0;
}
