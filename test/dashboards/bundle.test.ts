// What a browser gets: how much of it, and nothing that the page's policy (no inline script or style) would refuse.
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const KB = 1000;
const outDir = mkdtempSync(join(tmpdir(), 'tcplens-bundle-'));
const dashboards = new URL('../../dashboards/', import.meta.url).pathname;

beforeAll(() => build({ root: dashboards, configFile: join(dashboards, 'vite.config.ts'), logLevel: 'error', build: { outDir } }));
afterAll(() => rmSync(outDir, { recursive: true }));

const read = (pattern: string) => globSync(pattern, { cwd: outDir }).map((path) => readFileSync(join(outDir, path), 'utf8'));

test('at most 120 kB of JavaScript, compressed', () => {
  const bytes = read('assets/*.js').reduce((sum, text) => sum + gzipSync(text).length, 0);
  expect(bytes).toBeGreaterThan(10 * KB);
  expect(bytes).toBeLessThanOrEqual(120 * KB);
});

test('neither the schema builder nor the rows’ readers are in it', () => {
  for (const text of read('assets/*.js')) expect(text).not.toMatch(/getBigUint64|additionalProperties/);
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
