/** The word of the list that was probably meant; undefined where none is similar. */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  const most = Math.ceil(typed.length / 3);
  let best: { word: string; changes: number } | undefined;
  for (const word of words) {
    const changes = distance(typed.toLowerCase(), word);
    if (changes <= most && changes < (best?.changes ?? Number.POSITIVE_INFINITY)) best = { word, changes };
  }
  return best?.word;
}

/** The Levenshtein distance: insertions, deletions and replacements that turn one word into the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, character] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, each] of [...other].entries()) {
      const [above = 0, beside = 0, diagonal = 0] = [row[j + 1], next[j], row[j]];
      next.push(Math.min(above + 1, beside + 1, diagonal + Number(character !== each)));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
