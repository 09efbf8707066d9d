/*
 * One end of a conversation, told what to do word by word:
 *
 *   endpoint ADDRESS WORD…
 *
 *   listen:PORT[:BACKLOG]  accept[:PORT]  connect:PORT  make the socket that the words after them are about
 *   send:BYTES  recv:BYTES  drain  flush              drain reads to the end; flush waits until all is acknowledged
 *   shutdown  close  disconnect  keep                 keep leaves the socket open and goes on with another
 *   close_listener
 *   linger0  linger2:SECONDS  nodelay  nonblock  rcvbuf:BYTES  sndbuf:BYTES  user_timeout:MS
 *   keepalive:IDLE:INTERVAL:COUNT
 *   mptcp  cc:NAME                                    sockets made after it are MPTCP's, have this congestion control
 *   rename:NUMBER                                     the process is called renamed-NUMBER from now on
 *   sleep:MS  wait                                    wait for a line on the standard input
 *   error  state:NUMBER  peek:BYTES                   wait for the socket's error, state, or so many bytes to read
 *   info                                              print what the kernel says of the socket (TCP_INFO)
 *   times:N … done  fork:N … done                     the words between N times, one after the other, or in N
 *                                                     processes beside the rest of the script
 *
 * Each prints what became of it, a JSON line. A word that fails is no reason to stop.
 */
#define _GNU_SOURCE
#include "words.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* The socket's own port, or the last one's. */
static int port_of_socket(void)
{
	static int port;
	struct sockaddr_storage own = {};
	socklen_t length = sizeof(own);

	/* sin_port is where sin6_port is. */
	if (sock >= 0 && getsockname(sock, (struct sockaddr *)&own, &length) == 0 && ((struct sockaddr_in *)&own)->sin_port)
		port = ntohs(((struct sockaddr_in *)&own)->sin_port);
	return port;
}

/* One write a line: the lines of several processes do not mix. */
static void print_line(const char *line, int length)
{
	if (write(STDOUT_FILENO, line, length) != length)
		exit(1);
}

static void print(const char *word, long long began_us, long long bytes, int err)
{
	char line[256];

	print_line(line, snprintf(line, sizeof(line),
				  "{\"word\":\"%s\",\"pid\":%d,\"port\":%d,\"us\":%lld,\"bytes\":%lld,\"errno\":%d}\n", word,
				  getpid(), port_of_socket(), now_us() - began_us, bytes, err));
}

static void print_info(void)
{
	struct tcp_info info = {};
	socklen_t length = sizeof(info);
	char line[1024];
	int unread = 0, port = port_of_socket();

	if (getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
		die("TCP_INFO");
	ioctl(sock, SIOCINQ, &unread);
	print_line(line, snprintf(line, sizeof(line),
				  "{\"word\":\"info\",\"pid\":%d,\"port\":%d,\"bytes_sent\":%llu,\"bytes_retrans\":%llu,"
				  "\"total_retrans\":%u,\"busy_us\":%llu,\"rwnd_limited_us\":%llu,\"sndbuf_limited_us\":%llu,"
				  "\"dsack_dups\":%u,\"reord_seen\":%u,\"reordering\":%u,\"srtt_us\":%u,\"rtt_min_us\":%u,"
				  "\"snd_cwnd\":%u,\"unread\":%d,\"data_segs_in\":%u,\"data_segs_out\":%u,\"notsent\":%u,\"mss\":%u}\n",
				  getpid(), port, info.tcpi_bytes_sent, info.tcpi_bytes_retrans, info.tcpi_total_retrans,
				  info.tcpi_busy_time, info.tcpi_rwnd_limited, info.tcpi_sndbuf_limited, info.tcpi_dsack_dups,
				  info.tcpi_reord_seen, info.tcpi_reordering, info.tcpi_rtt, info.tcpi_min_rtt, info.tcpi_snd_cwnd,
				  unread, info.tcpi_data_segs_in, info.tcpi_data_segs_out, info.tcpi_notsent_bytes,
				  info.tcpi_snd_mss));
}

static void run_word(const char *text)
{
	long long began_us = now_us(), result;
	char name[64];
	long number[3] = {};

	if (strcmp(text, "info") == 0)
		return print_info();
	if (sscanf(text, "cc:%15s", congestion_control) == 1)
		return;
	sscanf(text, "%63[^:]:%ld:%ld:%ld", name, &number[0], &number[1], &number[2]);
	for (size_t i = 0; i < sizeof(option_words) / sizeof(*option_words); i++) {
		if (strcmp(option_words[i].name, name) != 0)
			continue;
		if (set(option_words[i].level, option_words[i].option, number[0] ? number[0] : 1) < 0)
			die(text);
		return;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(words[i].name, name) != 0)
			continue;
		port_of_socket(); /* to be known when it is gone */
		result = words[i].run(number);
		print(name, began_us, result > 0 ? result : 0, result < 0 ? errno : 0);
		return;
	}
	errno = EINVAL;
	die(text);
}

/* The `done` that ends a body, or the script's end. */
static char **end_of(char **script)
{
	for (int depth = 0; *script; script++) {
		if (strncmp(*script, "times:", 6) == 0 || strncmp(*script, "fork:", 5) == 0)
			depth++;
		else if (strcmp(*script, "done") == 0 && depth-- == 0)
			break;
	}
	return script;
}

static void run(char **script, char **end)
{
	for (long count; script < end; script++) {
		char **body = script + 1, **body_end = end_of(body);

		if (sscanf(*script, "times:%ld", &count) == 1) {
			while (count-- > 0)
				run(body, body_end);
			script = body_end;
		} else if (sscanf(*script, "fork:%ld", &count) == 1) {
			while (count-- > 0) {
				if (fork() == 0) {
					prctl(PR_SET_PDEATHSIG, SIGKILL);
					run(body, body_end);
					exit(0);
				}
			}
			script = body_end;
		} else {
			run_word(*script);
		}
	}
}

int main(int argc, char **argv)
{
	bool is_v6 = argc > 1 && strchr(argv[1], ':');

	errno = EINVAL;
	address.ss_family = is_v6 ? AF_INET6 : AF_INET;
	if (argc < 3 || inet_pton(address.ss_family, argv[1],
				  is_v6 ? (void *)&((struct sockaddr_in6 *)&address)->sin6_addr
					: (void *)&((struct sockaddr_in *)&address)->sin_addr) != 1)
		die("endpoint ADDRESS WORD…");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run(argv + 2, argv + argc);
	while (wait(NULL) > 0)
		;
	return 0;
}
