// Names in a filter whose numbers differ from machine to machine. They are looked up when the filter is parsed, which binds it to a machine.

export type Names = {
  /** Ids of the cgroups with this path, unit or container, and of the cgroups below. */
  cgroups(name: string): readonly bigint[];
  /** Cookies of the network namespaces with this name or inode. */
  netns(name: string): readonly bigint[];
  /** The number of a reason by its name in rows; undefined where the machine has no such reason. */
  reason(kind: 'reset' | 'drop', name: string): number | undefined;
  /** All names of reasons, to suggest one. */
  reasons(): readonly string[];
};

/** For expressions that are only checked: every name is known and has the number 1. */
export const ANY_NAMES: Names = {
  cgroups: () => [1n],
  netns: () => [1n],
  reason: () => 1,
  reasons: () => [],
};
