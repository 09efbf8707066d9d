/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the loader as agent/loader-hooks.ts does where the kernel refuses nothing. */
#include "../../../bpf/loader/loader.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_BYTES_MAX (1 << 20)

static const char *const objects_of_all[][2] = {
	{ "connection", "inet_sock_set_state,tcp_destroy_sock,inet_sk_error_report" },
	{ "retransmit", "tcp_retransmit_skb,tcp_retransmit_synack" },
	{ "reset", "tcp_send_reset,tcp_receive_reset" },
	{ "congestion", "tcp_cong_state_set" },
	{ "drop", "kfree_skb" },
	{ "io", "sock_send_length,sock_recv_length" },
	{ "sample", "sample" },
	{ "sample", "sample_netns" },
	{ "progress", "tcp_probe" },
	{ "packets", "net_dev_start_xmit,netif_receive_skb" },
	{ "preexisting", "preexisting" },
	{ "owner", "owner,task_rename" },
	{ "netns", "netns" },
};

/* Loads the first objects from the folder and starts. Returns how many hooks are attached. */
static int load_first(const char *folder, int objects, int ring_bytes, int reasons_size)
{
	unsigned char *bytes = malloc(OBJECT_BYTES_MAX), *reasons = malloc((size_t)reasons_size);
	int attached = 0;

	for (int i = 0; i < objects; i++) {
		char path[4096];
		FILE *file;
		int size = 0, result;

		snprintf(path, sizeof(path), "%s/%s.bpf.o", folder, objects_of_all[i][0]);
		file = fopen(path, "re");
		if (file) {
			size = (int)fread(bytes, 1, OBJECT_BYTES_MAX, file);
			fclose(file);
		}
		result = loader__load(bytes, size, objects_of_all[i][0], objects_of_all[i][1],
				      "host_id=ab,retransmit_arguments=3,send_reset_arguments=3,drop_arguments=4", ring_bytes, reasons, reasons_size);
		if (result < 0 && size > 0)
			fprintf(stderr, "%s: %d %s\n", objects_of_all[i][0], result, reasons);
		attached += result > 0 ? result : 0;
	}
	free(bytes);
	free(reasons);
	return attached;
}
