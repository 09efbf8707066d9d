// Filters that mean something, for fuzzers to begin with.
export const EXPRESSIONS = [
  'peer = 10.0.0.0/8 and port = 443',
  'process = nginx* or process = "a name"',
  'kind = retransmit and class in (rto, fast) and not local_port in (80-90, 443)',
  'srtt > 100ms and family = ipv6',
  'state != established and (uid >= 1000 or pid = 1)',
  'reason = netfilter_drop and direction = received',
  'peer = 2001:db8::1-2001:db8::ff and cgroup = 12 and netns != 4026531840',
  'event = close and end_reason != fin_peer and role = server',
  'addr not in (::ffff:127.0.0.1, fe80::/10) and ca_state = loss',
];
