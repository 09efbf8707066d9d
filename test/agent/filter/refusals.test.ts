// What is no filter, and what the person who wrote it is told: the place, the reason, and what to write instead.
import { expect, test } from 'vitest';
import { FilterError } from '../../../agent/contract/language/filter-error.ts';
import { compileFilter } from '../../../agent/filter/compile.ts';
import type { Names } from '../../../agent/filter/names.ts';
import { parseFilter } from '../../../agent/filter/parse.ts';
import type { Kind } from '../../../bpf/rows/rows.gen.ts';

const names: Names = {
  cgroups: (name) => (name === 'nginx.service' ? [7n, 9n] : []),
  netns: (name) => (name === 'web' ? [5n] : []),
  reason: (kind, name) => ({ reset: { no_socket: 3 }, drop: { no_socket: 4, netfilter_drop: 8 } })[kind][name as 'no_socket'],
  reasons: () => ['no_socket', 'netfilter_drop'],
};

function refusal(expression: string, kinds?: readonly Kind[]): FilterError {
  try {
    compileFilter(parseFilter(expression, names, kinds), expression, 1n);
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
  throw new Error(`"${expression}" was taken`);
}

/** The first line of the message, without the place, and the characters that the carets mark. */
function check(expression: string, code: string, problem: string, marked: string, kinds?: readonly Kind[]): void {
  test(expression === '' ? 'an empty expression' : expression.slice(0, 60), () => {
    const error = refusal(expression, kinds);
    const [first = '', shown = '', carets = ''] = error.message.split('\n');
    const at = carets.indexOf('^');
    expect({ code: error.code, exitCode: error.exitCode, first, shown }).toEqual({
      code,
      exitCode: 2,
      first: `column ${error.column} of the filter: ${problem}`,
      shown: `  ${expression}`,
    });
    expect({ marked: shown.slice(at, carets.length), column: at - 1 }).toEqual({ marked, column: error.column });
  });
}

const [SYNTAX, VALUE] = ['filter_syntax', 'filter_value'];
const NO_OPERATOR = 'expected an operator (=, !=, <, <=, >, >=, in, not in)';

check('', SYNTAX, 'expected a field, "not" or "(", but the expression ends', '');
check('port', SYNTAX, `${NO_OPERATOR}, but the expression ends`, '');
check('port 443', SYNTAX, `${NO_OPERATOR}, but there is "443"`, '443');
check('port == 443', SYNTAX, 'expected a value, but there is "="', '=');
check('port = ', SYNTAX, 'expected a value, but the expression ends', '');
check('port in (1, 2', SYNTAX, 'expected ")", but the expression ends', '');
check('port in', SYNTAX, 'expected a value, but the expression ends', '');
check('port not 5', SYNTAX, 'expected "in", but there is "5"', '5');
check('port in ()', SYNTAX, 'expected a value, but there is ")"', ')');
check('port = 1 && pid = 2', SYNTAX, 'expected "and", "or" or the end, but there is "&&": write and', '&&');
check('pid = 1 OR pid = 2', SYNTAX, 'expected "and", "or" or the end, but there is "OR": write or', 'OR');
check('pid = 1 pid = 2', SYNTAX, 'expected "and", "or" or the end, but there is "pid"', 'pid');
check('(pid = 1', SYNTAX, 'expected ")", but the expression ends', '');
check('pid = 1)', SYNTAX, 'expected "and", "or" or the end, but there is ")"', ')');
check('process = "nginx', SYNTAX, 'a quotation that does not end', '"');
check("process = 'nginx'", SYNTAX, 'a value is quoted with ""', "'");

check('clas = rto', 'filter_field', '"clas" is no field: did you mean class?', 'clas');
check('pid = 1 and dport = 80', 'filter_field', '"dport" is no field: did you mean peer_port?', 'dport');
check('ip = 10.0.0.1', 'filter_field', '"ip" is no field: did you mean addr?', 'ip');
check('container = abc', 'filter_place', 'container is known only of stored rows: write cgroup=…', 'container');
check('not host in (a, b)', 'filter_place', 'host is known only of stored rows: a filter in the kernel sees one host', 'host');
check('label.rack = r1', 'filter_place', 'label.rack is known only of stored rows: a filter in the kernel sees one host', 'label.rack');
check('label = r1', 'filter_field', 'which label? write label.NAME', 'label');
check('duration > 1s', 'filter_place', 'duration is known only of stored rows: ask the collector for it', 'duration');
check('class < rto', 'filter_operator', 'class has no order: use =, != or in', 'class');

check('class = slowstart', VALUE, '"slowstart" is none of them: did you mean slow_start?', 'slowstart');
check('class = timeout', VALUE, '"timeout" is none of unknown, fast, slow_start, rto, tlp, syn, syn_ack', 'timeout');
check('port = 70000', VALUE, '"70000" is not from 1 to 65535', '70000');
check('port = 0', VALUE, '"0" is not from 1 to 65535', '0');
check('port = http', VALUE, '"http" is not a whole number', 'http');
check('port in 90-80', VALUE, '"90-80" is empty: its first end is the larger one', '90-80');
check('port < 80-90', VALUE, '< takes one value, not a range', '80-90');
check('srtt > 100', VALUE, '"100" is not a duration: write it like 100ms, with the unit us, ms, s, m or h', '100');
check('srtt > 2d', VALUE, '"2d" is not a duration: write it like 100ms, with the unit us, ms, s, m or h', '2d');
check('srtt > 2h', VALUE, '"2h" is not from 1 to 4294967295', '2h');
check('peer = 10.0.0', VALUE, '"10.0.0" is not an address: write it like 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32', '10.0.0');
check(
  'peer = fe80::1%eth0',
  VALUE,
  '"fe80::1%eth0" is not an address: write it like 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32',
  'fe80::1%eth0',
);
check('peer = 10.0.0.0/33', VALUE, '"10.0.0.0/33" is no prefix: write it like 10.0.0.0/8', '10.0.0.0/33');
check(
  'peer in 10.1.2.3/8',
  VALUE,
  '"10.1.2.3/8" has bits behind its prefix: write 10.0.0.0/8, or 10.1.2.3 for the one address',
  '10.1.2.3/8',
);
check('family = inet', VALUE, '"inet" is none of ipv4, ipv6', 'inet');
check(
  'process = "chromium-browser"',
  VALUE,
  '"chromium-browser" has 16 bytes and the kernel keeps 15 of a name: write "chromium-browse"',
  '"chromium-browser"',
);
check('process = ""', VALUE, 'a process has a name', '""');
check('kind = drops', VALUE, '"drops" is none of them: did you mean drop?', 'drops');
check('kind = namespace', VALUE, 'namespace rows are counters of a whole namespace: no filter is asked about them', 'namespace');
check('cgroup = ngnix.service', VALUE, 'no cgroup with the path, unit or container "ngnix.service" is known here', 'ngnix.service');
check('netns = db', VALUE, 'no network namespace "db" is known here: give the name that `ip netns` shows, an inode or a cookie', 'db');
check('reason = netfilter_drops', VALUE, 'this kernel has no reason "netfilter_drops": did you mean netfilter_drop?', 'netfilter_drops');

check('pid < 1', 'filter_never', 'no value is left: no row can match this', 'pid < 1');
check('family not in (ipv4, ipv6)', 'filter_never', 'no value is left: no row can match this', 'family not in (ipv4, ipv6)');

const CONTRADICTION = 'filter_contradiction';
const only = (has: string, asked: string) => `no row can match: this is only true of kind ${has}, and the rest asks for kind ${asked}`;
check('kind = drop and class = rto', CONTRADICTION, only('retransmit', 'drop'), 'class = rto');
const ONLY_STACKS =
  'the kernel asks no filter about stacks, only about what they are of: name kind drop, reset, retransmit, or packet for a closed window';
check('kind = stack', CONTRADICTION, ONLY_STACKS, 'kind = stack');
check('port = 80 and kind = stack', CONTRADICTION, ONLY_STACKS, 'port = 80 and kind = stack');
check('class = rto and event = open', CONTRADICTION, only('connection', 'retransmit'), 'event = open');
check('kind = drop and (pid = 1 or class = rto)', CONTRADICTION, only('retransmit', 'drop'), 'class = rto');
check('kind = drop and not class = rto', CONTRADICTION, only('retransmit', 'drop'), 'class = rto');
check(
  'not kind in (drop, reset) and reason = no_socket',
  CONTRADICTION,
  only('reset, drop', 'retransmit, connection, state_change, sample, congestion, listener, progress, packet, stack'),
  'reason = no_socket',
);
check(
  'peer = 10.0.0.1',
  CONTRADICTION,
  only('retransmit, connection, state_change, sample, reset, congestion, drop, progress, packet, stack', 'listener'),
  'peer = 10.0.0.1',
  ['listener'],
);
check(
  'pid = 1',
  CONTRADICTION,
  only('retransmit, connection, state_change, sample, reset, congestion, drop, listener, progress, packet, stack', ''),
  'pid = 1',
  ['namespace'],
);

const odd = (count: number) => Array.from({ length: count }, (_, index) => index * 2 + 1).join(', ');
const many = (steps: number) =>
  `this compiles to ${steps} steps and the kernel takes 64: name fewer values, use ranges or prefixes, or give several filters`;
check(`pid in (${odd(65)})`, 'filter_too_long', many(65), `pid in (${odd(65)})`);
check(`port in (${odd(33)})`, 'filter_too_long', many(66), `port in (${odd(33)})`);
check(`${'('.repeat(201)}pid = 1${')'.repeat(201)}`, 'filter_too_long', 'a filter has at most 200 "(" and "not"', '(');
check(`${' '.repeat(4096)}pid = 1`, 'filter_too_long', 'a filter has at most 4096 characters', 'p');

test.each([
  `pid in (${odd(64)})`,
  `pid in (${Array.from({ length: 500 }, (_, index) => index + 1).join(', ')})`,
  `${'('.repeat(200)}pid = 1${')'.repeat(200)}`,
])('just short enough: %#', (expression) => {
  expect(() => compileFilter(parseFilter(expression, names), expression, 1n)).not.toThrow();
});

test('what a terminal obeys is not in the message', () => {
  expect(refusal('pid = \u001b[31m\u009b2J').message.split('\n')).toEqual([
    'column 7 of the filter: " [31m 2J" is not a whole number',
    '  pid =  [31m 2J',
    '        ^^^^^^^^',
  ]);
});
