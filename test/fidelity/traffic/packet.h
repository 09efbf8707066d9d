/* A TCP packet as a TUN device carries it: an IP header and what follows. Read, changed, and made up. */
#ifndef PACKET_H
#define PACKET_H

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PACKET_MAX 2048

struct packet {
	uint8_t bytes[PACKET_MAX];
	int length;
};

static inline bool is_v6(const struct packet *packet)
{
	return packet->bytes[0] >> 4 == 6;
}

/* NULL: no TCP. The kernel sends neither fragments nor, here, IPv6 extension headers. */
static inline struct tcphdr *tcp_of(const struct packet *packet)
{
	int offset = is_v6(packet) ? 40 : (packet->bytes[0] & 15) * 4;
	int protocol = packet->bytes[is_v6(packet) ? 6 : 9];

	if (protocol != IPPROTO_TCP || packet->length < offset + (int)sizeof(struct tcphdr))
		return NULL;
	return (struct tcphdr *)(packet->bytes + offset);
}

static inline int payload_of(const struct packet *packet, const struct tcphdr *tcp)
{
	return packet->length - (int)((const uint8_t *)tcp - packet->bytes) - tcp->doff * 4;
}

static inline uint32_t sum_of(const void *bytes, int length)
{
	const uint8_t *at = bytes;
	uint32_t sum = 0;

	for (int i = 0; i < length; i++)
		sum += i % 2 ? at[i] : at[i] << 8;
	return sum;
}

static inline uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* Both ends' addresses lie next to each other in either IP header, and so does their part of TCP's checksum. */
static inline void checksum(struct packet *packet)
{
	struct tcphdr *tcp = tcp_of(packet);
	int length = packet->length - (int)((uint8_t *)tcp - packet->bytes);

	tcp->check = 0;
	tcp->check = folded((is_v6(packet) ? sum_of(packet->bytes + 8, 32) : sum_of(packet->bytes + 12, 8)) +
			    IPPROTO_TCP + length + sum_of(tcp, length));
	if (!is_v6(packet)) {
		struct iphdr *ip = (struct iphdr *)packet->bytes;

		ip->check = 0;
		ip->check = folded(sum_of(ip, ip->ihl * 4));
	}
}

/* The options' timestamp echo, NULL where there is none. */
static inline uint8_t *timestamp_echo(const struct tcphdr *tcp)
{
	uint8_t *at = (uint8_t *)(tcp + 1), *end = (uint8_t *)tcp + tcp->doff * 4;

	while (at < end && *at != TCPOPT_EOL) {
		if (*at == TCPOPT_TIMESTAMP)
			return at + 6;
		at += *at == TCPOPT_NOP ? 1 : at[1];
	}
	return NULL;
}

/*
 * Makes up a packet that nobody sent: a bare one to the sender of `packet` with these flags, `seq` after what the
 * sender expects next and `ack` after what it has sent.
 */
static inline void forge(struct packet *reply, const struct packet *packet, const char *flags, int seq, int ack)
{
	const struct tcphdr *from = tcp_of(packet);
	struct tcphdr *tcp;

	*reply = *packet;
	tcp = tcp_of(reply);
	if (is_v6(packet)) {
		memcpy(reply->bytes + 8, packet->bytes + 24, 16);
		memcpy(reply->bytes + 24, packet->bytes + 8, 16);
	} else {
		memcpy(reply->bytes + 12, packet->bytes + 16, 4);
		memcpy(reply->bytes + 16, packet->bytes + 12, 4);
	}
	reply->length = (int)((uint8_t *)(tcp + 1) - reply->bytes);
	*(uint16_t *)(reply->bytes + (is_v6(packet) ? 4 : 2)) = htons(is_v6(packet) ? (int)sizeof(*tcp) : reply->length);
	memset(tcp, 0, sizeof(*tcp));
	tcp->source = from->dest;
	tcp->dest = from->source;
	tcp->seq = htonl(ntohl(from->ack_seq) + seq);
	tcp->ack_seq = htonl(ntohl(from->seq) + payload_of(packet, from) + from->syn + from->fin + ack);
	tcp->doff = sizeof(*tcp) / 4;
	tcp->window = htons(65535);
	tcp->syn = !!strchr(flags, 'S');
	tcp->ack = !!strchr(flags, 'A');
	tcp->rst = !!strchr(flags, 'R');
	tcp->fin = !!strchr(flags, 'F');
	checksum(reply);
}

#endif
