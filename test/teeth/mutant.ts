// What a mutant is: a small wrong change of one source file, and the tests that must fail with it.
export type Suite = {
  /** test files, from the root */
  files: readonly string[];
  /** of these only the tests whose names match; all, unless given */
  name?: string;
  env?: Readonly<Record<string, string>>;
  /** whether they run the programs in the kernel, which then have to be built */
  kernel: boolean;
};

export type Mutant = {
  /** from the root */
  file: string;
  /** what is wrong with it, in a few words */
  why: string;
  /** occurs exactly once in the file */
  find: string;
  replace: string;
  suite: Suite;
};

export const FOLDERS = ['bpf', 'loader', 'agent', 'server', 'dashboards'] as const;
export type Folder = (typeof FOLDERS)[number];
export type Table = Readonly<Record<Folder, readonly Mutant[]>>;

/** Tests that need no kernel. */
export const unit = (file: string, name?: string): Suite => ({ files: [`test/${file}.test.ts`], kernel: false, ...(name ? { name } : {}) });

/** Tests of the programs on the running kernel. */
export const kernel = (file: string, name?: string): Suite => ({ ...unit(`kernel/${file}`, name), kernel: true });

/** Real traffic in the scenarios with these ids, and no others. */
export const fidelity = (...ids: string[]): Suite => ({
  files: ['test/fidelity/fidelity.test.ts'],
  name: `^(${ids.join('|')}) `,
  env: { SCENARIOS: ids.join() },
  kernel: true,
});

/** What is asked of all drops together, of those in these scenarios. */
export const drops = (...ids: string[]): Suite => ({ ...fidelity(...ids), name: '^drops name' });

export const mutantsOf = (file: string, mutants: readonly Omit<Mutant, 'file'>[]): Mutant[] => mutants.map((each) => ({ file, ...each }));

/** The mutated text. Throws where the place is not there exactly once: the table is then out of step with the sources. */
export function mutate(text: string, { file, find, replace, why }: Mutant): string {
  const places = text.split(find).length - 1;
  if (places !== 1) throw new Error(`"${why}" does not apply: ${places} places in ${file} have ${JSON.stringify(find)}`);
  return text.replace(find, () => replace);
}
