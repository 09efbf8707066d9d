// The theme that the viewer chose, and colours of the palette as the canvas needs them.

export const THEMES = ['auto', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

const STORAGE_KEY = 'tcplens-theme';
const isTheme = (text: string | null | undefined): text is Theme => (THEMES as readonly (string | null | undefined)[]).includes(text);

class ThemeChoice {
  chosen = $state<Theme>('auto');
  /** Counts up when colours have changed, whoever changed them. */
  version = $state(0);

  start(): void {
    const stored = localStorage.getItem(STORAGE_KEY);
    this.#apply(isTheme(stored) ? stored : 'auto');
    // Paper is light: what is drawn in colours of the palette is drawn again for it, and for the screen afterwards.
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

/** `--name` of palette.css → the rgb() that it is now. A custom property itself reads back as written: light-dark(…). */
export function readColor(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
