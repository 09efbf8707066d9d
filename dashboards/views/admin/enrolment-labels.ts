/** "env=prod, zone=a" as labels of hosts; undefined where it is not that. The collector looks at each by itself. */
export function labelsOf(text: string): Record<string, string> | undefined {
  const terms = text.split(/[\s,]+/).filter((term) => term !== '');
  const pairs = terms.map((term) => /^([^=]+)=(.+)$/.exec(term)?.slice(1) as [string, string] | undefined);
  return pairs.every((pair) => pair !== undefined) ? Object.fromEntries(pairs) : undefined;
}
