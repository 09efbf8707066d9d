import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** Smaller files do not get smaller by compression. */
const WORTH_BYTES = 1000;

/** Writes the compressed forms of each file beside it; the collector sends these. */
const compressed: Plugin = {
  name: 'compressed',
  writeBundle({ dir = '' }, files) {
    for (const name of Object.keys(files)) {
      const path = join(dir, name);
      const bytes = readFileSync(path);
      if (bytes.length < WORTH_BYTES) continue;
      writeFileSync(`${path}.br`, brotliCompressSync(bytes));
      writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
    }
  },
};

export default defineConfig({
  base: './',
  plugins: [svelte(), compressed],
  build: {
    target: 'es2024',
    // The page's policy allows neither inline scripts nor data: images, so nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    emptyOutDir: true,
  },
});
