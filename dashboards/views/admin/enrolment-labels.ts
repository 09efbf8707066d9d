/** Parses "env=prod, zone=a" into labels of hosts; undefined for another form. The collector checks each label. */
export function labelsOf(text: string): Record<string, string> | undefined {
  const terms = text.split(/[\s,]+/).filter((term) => term !== '');
  const pairs = terms.map((term) => /^([^=]+)=(.+)$/.exec(term)?.slice(1) as [string, string] | undefined);
  return pairs.every((pair) => pair !== undefined) ? Object.fromEntries(pairs) : undefined;
}
