// What lies in the data directory: whether it is whole, and copies of it.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const serverFiles: readonly Mutant[] = [
  ...mutantsOf('server/storage/damage.ts', [
    {
      why: 'rows that are gone are not missed',
      find: 'filter(({ stored, held }) => held < stored)',
      replace: 'filter(({ stored, held }) => held > stored)',
      suite: unit('server/storage/damaged-files'),
    },
  ]),
  ...mutantsOf('server/storage/known-tables.ts', [
    {
      why: 'days that went by themselves are missed later',
      find: '    await this.#write({ ...known, judged_from: first });\n',
      replace: '',
      suite: unit('server/storage/known-tables'),
    },
    {
      why: 'a lost table is forgotten once it is made anew',
      find: 'if (known && missing.length > 0)',
      replace: 'if (false)',
      suite: unit('server/storage/damaged-files'),
    },
  ]),
  ...mutantsOf('server/admin/snapshot.ts', [
    {
      why: 'a line of the journal that is being written is in a snapshot',
      find: ".subarray(0, journal.lastIndexOf('\\n') + 1)",
      replace: '',
      suite: unit('server/admin/snapshot'),
    },
  ]),
  ...mutantsOf('server/admin/backup.ts', [
    {
      why: 'a file that has changed is restored',
      find: 'said[path] !== has[path]',
      replace: 'said[path] === undefined',
      suite: unit('server/admin/backup'),
    },
  ]),
];
