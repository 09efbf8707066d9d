// What a browser gets: how much of it, and nothing that the page's policy (no inline script or style) would refuse.
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const KB = 1000;
const outDir = mkdtempSync(join(tmpdir(), 'tcplens-bundle-'));
const dashboards = new URL('../../dashboards/', import.meta.url).pathname;

beforeAll(() => build({ root: dashboards, configFile: join(dashboards, 'vite.config.ts'), logLevel: 'error', build: { outDir } }));
afterAll(() => rmSync(outDir, { recursive: true }));

const read = (pattern: string) => globSync(pattern, { cwd: outDir }).map((path) => readFileSync(join(outDir, path), 'utf8'));

/** The scripts that the page waits for: its own, and what that imports by itself. Those of other pages come when they are opened. */
function firstScripts(): string[] {
  const entry = /<script type="module"[^>]*src="([^"]+)"/.exec(read('index.html')[0] ?? '')?.[1] ?? '';
  const wanted = [entry];
  for (const path of wanted) {
    const imported = [...(read(path)[0] ?? '').matchAll(/(?:from|import)\s*"(\.\/[^"]+\.js)"/g)];
    wanted.push(...imported.map(([, name = '']) => `assets/${name.slice(2)}`).filter((name) => !wanted.includes(name)));
  }
  return wanted;
}

test('at most 120 kB of JavaScript before the first page shows, compressed', () => {
  const scripts = firstScripts();
  const bytes = scripts.map((path) => gzipSync(read(path)[0] ?? '').length).reduce((sum, length) => sum + length, 0);
  console.info(
    `first page: ${(bytes / KB).toFixed(1)} kB of JavaScript (gzip) in ${scripts.length} files, of ${globSync('assets/*.js', { cwd: outDir }).length}`,
  );
  expect(bytes).toBeGreaterThan(10 * KB);
  expect(bytes).toBeLessThanOrEqual(120 * KB);
});

test('all that is worth it lies beside itself, compressed', () => {
  const large = globSync('**/*.{js,css,html}', { cwd: outDir }).filter((path) => (read(path)[0] ?? '').length > KB);
  expect(large.length).toBeGreaterThan(1);
  for (const path of large) {
    const plain = readFileSync(join(outDir, path));
    expect(brotliDecompressSync(readFileSync(join(outDir, `${path}.br`))).equals(plain), path).toBe(true);
    expect(gunzipSync(readFileSync(join(outDir, `${path}.gz`))).equals(plain), path).toBe(true);
  }
});

test('neither the schema builder nor the rows’ readers are in it', () => {
  const all = read('assets/*.js').join('\n');
  // An address is read by one such call; every row has several.
  expect(all.match(/getBigUint64|additionalProperties/g)?.length ?? 0).toBeLessThan(2);
});

test('no inline script, style or handler in the page', () => {
  const [html = ''] = read('index.html');
  expect(html).toContain('<script type="module"');
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:/);
});

test('no component sets markup or style attributes from text', () => {
  const sources = globSync('**/*.svelte', { cwd: dashboards, exclude: ['dist/**'] });
  expect(sources.length).toBeGreaterThan(10);
  for (const path of sources) expect(readFileSync(join(dashboards, path), 'utf8'), path).not.toMatch(/\{@html|\sstyle=["{]|innerHTML/);
});
