// A mutant: a small wrong change in one source file, and the tests that must fail because of it.
export type Suite = {
  /** test files, relative to the root */
  files: readonly string[];
  /** only tests of these files whose names match; undefined: all */
  name?: string;
  env?: Readonly<Record<string, string>>;
  /** whether the tests run the programs in the kernel, which then must be built */
  kernel: boolean;
};

export type Mutant = {
  /** relative to the root */
  file: string;
  /** the fault in a few words */
  why: string;
  /** must occur exactly once in the file */
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

/** The tests that judge the drops of all these scenarios together. */
export const drops = (...ids: string[]): Suite => ({ ...fidelity(...ids), name: '^drops name' });

export const mutantsOf = (file: string, mutants: readonly Omit<Mutant, 'file'>[]): Mutant[] => mutants.map((each) => ({ file, ...each }));

/** The mutated text. Throws unless `find` occurs exactly once: the table no longer fits the sources then. */
export function mutate(text: string, { file, find, replace, why }: Mutant): string {
  const places = text.split(find).length - 1;
  if (places !== 1) throw new Error(`"${why}" does not apply: ${places} places in ${file} have ${JSON.stringify(find)}`);
  return text.replace(find, () => replace);
}
