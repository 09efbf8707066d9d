// Names that stand for numbers only some machine knows. A filter is bound to that machine when it is parsed.

export type Names = {
  /** Ids of the cgroups with this path, unit or container, and of those below. */
  cgroups(name: string): readonly bigint[];
  /** Cookies of the network namespaces with this name or inode. */
  netns(name: string): readonly bigint[];
  /** The numbers of reasons by their names in rows; undefined: the machine has no such table, and any name will do. */
  reason(kind: 'reset' | 'drop', name: string): number | undefined;
  /** Of both kinds, to suggest one. */
  reasons(): readonly string[];
};

/** For an expression that is only to be checked: every name is known, and is number 1. */
export const ANY_NAMES: Names = {
  cgroups: () => [1n],
  netns: () => [1n],
  reason: () => 1,
  reasons: () => [],
};
