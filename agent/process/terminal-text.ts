// Escapes untrusted text on its way to a terminal: names, command lines, reasons, whatever a recording or another host says.

/** Characters that a terminal obeys or that reorder its text: controls, formats (directions), separators, lone surrogates. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Writes each of these as \uxxxx, line ends too. JSON stays JSON with the same meaning. */
export function escapeControls(text: string): string {
  return text.replace(OBEYED, (character) =>
    Array.from({ length: character.length }, (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** The same, but keeps line ends. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}
