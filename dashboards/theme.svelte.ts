// The user's theme, and the palette's colours for drawing on a canvas.

export const THEMES = ['auto', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

const STORAGE_KEY = 'tcplens-theme';
const isTheme = (text: string | null | undefined): text is Theme => (THEMES as readonly (string | null | undefined)[]).includes(text);

class ThemeChoice {
  chosen = $state<Theme>('auto');
  /** increases when colours have changed, for any reason */
  version = $state(0);

  start(): void {
    const stored = localStorage.getItem(STORAGE_KEY);
    this.#apply(isTheme(stored) ? stored : 'auto');
    // Print is always light, so canvases are redrawn for it, and again for the screen.
    for (const query of ['(prefers-color-scheme: dark)', 'print']) matchMedia(query).addEventListener('change', () => this.version++);
  }

  next(): void {
    const theme = THEMES[(THEMES.indexOf(this.chosen) + 1) % THEMES.length] ?? 'auto';
    localStorage.setItem(STORAGE_KEY, theme);
    this.#apply(theme);
  }

  #apply(theme: Theme): void {
    this.chosen = theme;
    document.documentElement.dataset['theme'] = theme;
    this.version++;
  }
}

export const theme = new ThemeChoice();

/** The present rgb() of `--name` in palette.css. The custom property itself would be read back as written, with light-dark(…). */
export function readColor(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
