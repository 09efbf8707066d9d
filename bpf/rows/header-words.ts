// What rows.h says in comments, so that one sentence serves C, TypeScript, the API's documentation and the manual.

/** Of a struct: the comment above it. */
export function wordsOf(header: string, struct: string): string {
  const above = header.slice(0, header.indexOf(`struct ${struct} {`));
  const comment = above.slice(above.lastIndexOf('/*')).trim();
  if (!comment.endsWith('*/')) throw new Error(`rows.h: nothing says what ${struct} is`);
  return comment
    .slice(2, -2)
    .replace(/\n \* ?/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Of a member: the comment beside it. */
export function commentOf(header: string, struct: string, member: string): string {
  const body = header.slice(header.indexOf(`struct ${struct} {`));
  const line = body.slice(0, body.indexOf('\n};')).match(new RegExp(`\\b${member};\\s*/\\* (.*?) \\*/`));
  return line?.[1] ?? '';
}
