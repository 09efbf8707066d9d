/** A half of a segment is named after its whole, `<segment>.0` and `<segment>.1`, and so on. */
export function originOf(segment: string): string {
  return segment.replace(/(\.[01])+$/, '');
}
