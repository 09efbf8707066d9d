// `make test` from a fresh clone on a bare Debian: as root everything, as an ordinary user what needs no root.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ADMIN, BareDebian, type Person, USER, whyNoSystem } from './bare-debian.ts';

const ACCOUNT = /^\d+ passed, 0 failed, \d+ skipped$/;
/** What the ordinary user's run needs to come as far as tests. */
const NPM = 'apt-get install -y -qq --no-install-recommends nodejs npm';

describe.each(['bookworm', 'trixie'])('Debian %s', (suite) => {
  const whyNot = whyNoSystem();
  let missing = whyNot;
  let system: BareDebian;
  beforeAll(async () => {
    if (whyNot !== '') return;
    system = new BareDebian('022');
    missing = await system.make(suite);
  });
  afterAll(async () => system?.remove());
  beforeEach((context) => context.skip(missing !== '', missing));

  /** Runs it, prints what it says of skips and failures, and returns all that it said. */
  async function makeTest(person: Person): Promise<string> {
    const { code, said } = await system.run(`cd '${person.clone}' && make test`, person);
    const account = said.split('\n').filter((line) => /^(skipped|failed): | passed, /.test(line));
    console.log(account.join('\n'));
    expect(account.at(-1), said.slice(-4000)).toMatch(ACCOUNT);
    expect(code).toBe(0);
    return said;
  }

  test('an ordinary user is told what to install, and what does without passes', async () => {
    await system.mustRun(NPM);
    expect(await makeTest(USER)).toMatch(/^some tests need packages that only root can install: apt-get install .*clang/m);
  });

  test('as root every suite passes', async () => {
    await makeTest(ADMIN);
  });
});
