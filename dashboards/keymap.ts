// Keys as people remember them: one key, or `g` and then one.

/** How long after a prefix the second key still counts. */
const PREFIX_MS_MAX = 1500;

export type Keymap = Readonly<Record<string, () => void>>;
export type KeyPress = { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; at_ms: number; inText: boolean };

/** Feeds key presses through; returns whether one was used, so that the browser must not act on it too. */
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
