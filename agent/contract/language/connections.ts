// Expressions about connections: what they test is the same for every row of a connection, whatever the row tells. So they say which
// connections an investigation follows.
import { parseExpression } from './bind.ts';
import type { Fact } from './facts.ts';
import { FIELDS, fieldNamed } from './fields.ts';
import { FilterError, type Span } from './filter-error.ts';
import { parseSyntax, type Syntax } from './syntax.ts';
import type { Expression } from './tree.ts';

const OF_CONNECTIONS: ReadonlySet<Fact> = new Set<Fact>([
  'local_addr',
  'peer_addr',
  'local_port',
  'peer_port',
  'comm',
  'pid',
  'uid',
  'cgroup_id',
  'netns',
  'role',
]);

/** The fields that such an expression may have. */
export const CONNECTION_FIELDS = Object.entries(FIELDS)
  .filter(([, { facts, places }]) => facts.every((fact) => OF_CONNECTIONS.has(fact)) && places.some((place) => place === 'kernel'))
  .map(([name]) => name);

/** What to write in place of a field that is not about connections. */
const INSTEAD: Readonly<Record<string, string>> = {
  kind: 'leave it out: an investigation writes rows of all kinds',
  state: 'leave it out: it changes while a connection lives',
  srtt: 'write peer=… of the hosts that are far: it changes while a connection lives',
};

/** @throws FilterError with the place of what is no fact of a connection, and what to write instead */
export function parseConnections(expression: string): Expression {
  const tree = parseExpression(expression, 'kernel');
  checkFields(parseSyntax(expression), expression);
  return tree;
}

function checkFields(syntax: Syntax, expression: string): void {
  if (syntax.op !== 'test') {
    for (const term of syntax.op === 'not' ? [syntax.term] : syntax.terms) checkFields(term, expression);
    return;
  }
  const { text, span } = syntax.field;
  const found = fieldNamed(text);
  if (found !== undefined && CONNECTION_FIELDS.includes(found.name)) return;
  refuse(text, INSTEAD[text] ?? `leave it out, and look for ${text} in the rows that come`, expression, span);
}

function refuse(field: string, instead: string, expression: string, span: Span): never {
  const problem = `${field} is of single rows, and an investigation follows connections: ${instead}; fields of connections are ${CONNECTION_FIELDS.join(', ')}`;
  throw new FilterError('filter_place', problem, expression, span);
}
