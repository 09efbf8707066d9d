// What `tcplens admin enrol` and `admin agents` print for people.
import { escapeControls } from '../../agent/process/terminal-text.ts';
import type { Agents, Collectors, MadeEnrolment, NewEnrolment } from '../api/access.ts';
import { momentText, table } from '../print-table.ts';

export function enrolmentText({ line, ends_ms }: MadeEnrolment, { uses, rejoin }: Pick<NewEnrolment, 'uses' | 'rejoin'>): string {
  const hosts = uses === 1 ? 'one host' : `${uses} hosts`;
  return `tcplens: on each host run this, as root; it is good for ${hosts}, until ${momentText(ends_ms)}:

  tcplens agent ${rejoin ? '--rejoin ' : ''}--join '${escapeControls(line)}'

Whoever has the line can join until then: "tcplens admin agents" lists who has.
`;
}

export function agentsText({ agents }: Agents): string {
  const rows = agents.map(({ host_id, name, labels, joined_ms, revoked_ms, cloned_from, same_machine }) => [
    host_id,
    name,
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ') || '-',
    momentText(joined_ms),
    revoked_ms === null ? 'joined' : `revoked ${momentText(revoked_ms)}`,
    [
      ...(cloned_from === null ? [] : [`its state was a copy of ${cloned_from}'s`]),
      ...(same_machine.length === 0 ? [] : [`same machine id as ${same_machine.length} more`]),
    ].join(', '),
  ]);
  if (rows.length === 0) return 'no host has joined: "tcplens admin enrol" prints the line for it\n';
  return table(['host id', 'name', 'labels', 'joined', 'state', 'note'], rows, new Set());
}

export function collectorsText({ authorities }: Collectors): string {
  const rows = authorities.flatMap(({ id, ends_ms, collectors }) =>
    (collectors.length > 0 ? collectors : [undefined]).map((one) => [
      one?.name ?? '-',
      one?.address ?? '-',
      one === undefined ? 'never' : momentText(one.heard_ms),
      momentText(ends_ms),
      id,
    ]),
  );
  if (rows.length === 0) return 'no collector of this store has a CA of its own\n';
  return table(['name', 'address', 'last heard', 'CA ends', 'CA'], rows, new Set());
}
