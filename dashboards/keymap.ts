// Keyboard shortcuts: a single key, or `g` followed by a key.

/** After this time the prefix is forgotten. */
const PREFIX_MS_MAX = 1500;

export type Keymap = Readonly<Record<string, () => void>>;
export type KeyPress = { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; at_ms: number; inText: boolean };

/** Handles a key press. Returns whether it was used: then the browser must not act on it. */
export function createKeymap(keymap: Keymap): (press: KeyPress) => boolean {
  const prefixes = new Set(Object.keys(keymap).flatMap((keys) => (keys.includes(' ') ? [keys.split(' ')[0]] : [])));
  let prefix = '';
  let prefix_at_ms = 0;

  return (press) => {
    if (press.ctrlKey || press.metaKey || press.altKey || press.inText) return false;
    const fresh = prefix !== '' && press.at_ms - prefix_at_ms <= PREFIX_MS_MAX;
    const action = fresh ? keymap[`${prefix} ${press.key}`] : keymap[press.key];
    prefix = !action && prefixes.has(press.key) ? press.key : '';
    prefix_at_ms = press.at_ms;
    action?.();
    return action !== undefined;
  };
}
