// Text of others on its way to a terminal: names, command lines, reasons, whatever a recording or another host says.

/** What a terminal obeys, or what changes the order of what it shows: controls, formats (directions), separators, halves of characters. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** All of these as \uxxxx, line ends too. JSON stays JSON of the same meaning. */
export function escapeControls(text: string): string {
  return text.replace(OBEYED, (character) =>
    Array.from({ length: character.length }, (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** The same for text of several lines. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}
