// Which hosts there are, and how one is removed.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const serverFleet: readonly Mutant[] = [
  ...mutantsOf('server/fleet/state.ts', [
    { why: 'one missing report is a lag', find: 'const MISSED = 3;', replace: 'const MISSED = 1;', suite: unit('server/fleet/state') },
    {
      why: 'who reports seldom is silent too soon',
      find: 'lag_ms > Math.max(SILENT_MS, overdue_ms)',
      replace: 'lag_ms > SILENT_MS',
      suite: unit('server/fleet/state'),
    },
    {
      why: 'an old version is called too new',
      find: "? 'too_old' : 'too_new'",
      replace: "? 'too_new' : 'too_new'",
      suite: unit('server/fleet/state'),
    },
  ]),
  ...mutantsOf('server/fleet/listing.ts', [
    { why: 'retired hosts are in the list', find: "state !== 'retired' :", replace: 'true :', suite: unit('server/fleet/listing') },
    {
      why: 'states of the shown hosts only are counted',
      find: 'countsOf(matching)',
      replace: 'countsOf(shown)',
      suite: unit('server/fleet/listing'),
    },
    {
      why: 'one of the words is enough',
      find: 'words.every((word)',
      replace: 'words.length === 0 || words.some((word)',
      suite: unit('server/fleet/listing'),
    },
  ]),
  ...mutantsOf('server/fleet/known-hosts.ts', [
    {
      why: 'a machine is its own copy',
      find: '.filter((one) => one.host_id !== host_id)',
      replace: '',
      suite: unit('server/fleet/fleet'),
    },
    {
      why: 'who has joined and not reported is not there',
      find: '[...heard, ...unheard]',
      replace: '[...heard]',
      suite: unit('server/fleet/fleet'),
    },
  ]),
  ...mutantsOf('server/ingest.ts', [
    {
      why: 'nobody notes whose version is refused',
      find: 'versionRefusals.note(BigInt(`0x${host_id}`), error.code, Date.now());',
      replace: '{}',
      suite: unit('server/fleet/fleet'),
    },
  ]),
  ...mutantsOf('server/storage/host-removal.ts', [
    { why: 'rows stay', find: 'for (const table of ROWS) await remove(table);', replace: '', suite: unit('server/storage/host-removal') },
    {
      why: 'a name is not told to the dictionary again',
      find: '  known.forget();\n',
      replace: '',
      suite: unit('server/storage/host-removal'),
    },
    { why: 'a table is forgotten', find: "'report_1h'] as const", replace: '] as const', suite: unit('server/storage/host-removal') },
  ]),
  ...mutantsOf('server/access/host-removal.ts', [
    {
      why: 'a host that sends is removed',
      find: 'if (ago_ms < SILENT_MS)',
      replace: 'if (false)',
      suite: unit('server/fleet/delete-host'),
    },
  ]),
];
