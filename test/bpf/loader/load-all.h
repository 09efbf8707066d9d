/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the loader as agent/loader-hooks.ts does where the kernel refuses nothing. */
#include "../../../bpf/loader/loader.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_BYTES_MAX (1 << 20)

static const struct {
	const char *object, *programs, *stand_in; /* stand_in: loaded where the kernel refuses them */
} objects_of_all[] = {
	{ "connection", "inet_sock_set_state,tcp_destroy_sock,inet_sk_error_report", NULL },
	{ "retransmit", "tcp_retransmit_skb,tcp_retransmit_synack", NULL },
	{ "reset", "tcp_send_reset,tcp_receive_reset", NULL },
	{ "congestion", "tcp_cong_state_set", NULL },
	{ "drop", "kfree_skb", NULL },
	{ "io", "sock_send_length,sock_recv_length", NULL },
	{ "sample", "sample", "sample_netns" },
	{ "progress", "tcp_probe", NULL },
	{ "packets", "net_dev_start_xmit,netif_receive_skb", NULL },
	{ "windows", "net_dev_queue", NULL },
	{ "preexisting", "preexisting", NULL },
	{ "owner", "owner,task_rename", NULL },
	{ "netns", "netns", NULL },
};

static int load_one(const unsigned char *bytes, int size, const char *object, const char *programs, int ring_bytes,
		    unsigned char *reasons, int reasons_size)
{
	return loader__load(bytes, size, object, programs, "host_id=ab,retransmit_arguments=3,send_reset_arguments=3,drop_arguments=4", ring_bytes,
			    reasons, reasons_size);
}

/* Loads the first objects from the folder and starts. Returns how many hooks are attached. */
static int load_first(const char *folder, int objects, int ring_bytes, int reasons_size)
{
	unsigned char *bytes = malloc(OBJECT_BYTES_MAX), *reasons = malloc((size_t)reasons_size);
	int attached = 0;

	for (int i = 0; i < objects; i++) {
		char path[4096];
		FILE *file;
		int size = 0, result;

		snprintf(path, sizeof(path), "%s/%s.bpf.o", folder, objects_of_all[i].object);
		file = fopen(path, "re");
		if (file) {
			size = (int)fread(bytes, 1, OBJECT_BYTES_MAX, file);
			fclose(file);
		}
		result = load_one(bytes, size, objects_of_all[i].object, objects_of_all[i].programs, ring_bytes, reasons, reasons_size);
		if (result < 0 && objects_of_all[i].stand_in)
			result = load_one(bytes, size, objects_of_all[i].object, objects_of_all[i].stand_in, ring_bytes, reasons, reasons_size);
		if (result < 0 && size > 0)
			fprintf(stderr, "%s: %d %s\n", objects_of_all[i].object, result, reasons);
		attached += result > 0 ? result : 0;
	}
	free(bytes);
	free(reasons);
	return attached;
}
