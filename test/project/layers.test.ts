// The architecture as a test: who may import what from whom.
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { packagesOf, projectImportsOf } from '../support/imports.ts';
import { type ProjectFile, projectFiles } from '../support/project-files.ts';

/** Data flows down this list and imports point back up it; each arrow crosses in few files or folders, owned by their producer. */
const mayImport = {
  bpf: [],
  agent: ['bpf/rows/rows.gen.ts', 'bpf/rows/layout.ts'],
  server: [
    'bpf/rows/rows.gen.ts',
    'bpf/rows/layout.ts',
    'bpf/rows/schema.ts',
    'agent/contract/',
    'agent/durable/',
    'agent/exports/',
    'agent/pcapng/',
    'agent/process/',
    'agent/recording/',
    'agent/verdict/',
  ],
  dashboards: ['server/api.ts', 'agent/contract/language/', 'agent/verdict/', 'bpf/rows/rows.gen.ts'],
} as const satisfies Record<string, readonly string[]>;

/** A folder that may import nothing but itself and these: browsers import it too. */
const apart: Record<string, readonly string[]> = { 'agent/verdict/': ['bpf/rows/rows.gen.ts'] };

/** A package that only these files may know. */
const keepers: Record<string, RegExp> = {
  'ffi-rs': /^agent\/loader-library\.ts$/,
  chdb: /^server\/storage\//,
  '@clickhouse/client': /^server\/storage\//,
};

const mayReadEnvironment = /^(cli|vitest\.config|dashboards\/vite\.config)\.ts$/;

const layerOf = (path: string): string => path.slice(0, Math.max(0, path.indexOf('/')));
const isCode = ({ path }: ProjectFile): boolean => /\.(ts|svelte)$/.test(path) && !path.startsWith('test/');
const code = projectFiles().filter(isCode);

/** Each import by which `file` leaves its layer against the rule. */
function crossings(file: ProjectFile): string[] {
  const layer = layerOf(file.path);
  const foreign = projectImportsOf(file).filter((path) => layerOf(path) !== layer);
  const astray = Object.entries(apart).flatMap(([folder, may]) =>
    file.path.startsWith(folder) ? projectImportsOf(file).filter((path) => !path.startsWith(folder) && !may.includes(path)) : [],
  );
  const beyond = foreign.filter((path) => !allowed(layer, path));
  return [...new Set([...beyond, ...astray])].map((path) => `${file.path} imports ${path}`);
}

function allowed(layer: string, path: string): boolean {
  // Files of the root compose the layers; the configuration of the tests may import the tests' support.
  if (path === 'package.json') return true;
  if (layer === '')
    return /^agent\/commands\/\w+\.ts$|^server\/(main|up|admin|ask|investigate)\.ts$|^agent\/process\/|^test\/support\//.test(path);
  if (!(layer in mayImport)) return false;
  return mayImport[layer as keyof typeof mayImport].some((may) => (may.endsWith('/') ? path.startsWith(may) : path === may));
}

function leaks(file: ProjectFile): string[] {
  const packages = packagesOf(file).filter((name) => keepers[name]?.test(file.path) === false);
  const environment = !mayReadEnvironment.test(file.path) && /\bprocess\s*\.\s*env\b|\benv\b[^;]*from 'node:process'/.test(file.text);
  return [...packages.map((name) => `${file.path} imports ${name}`), ...(environment ? [`${file.path} reads process.env`] : [])];
}

test.each(['', ...Object.keys(mayImport)])("layer '%s' imports only its producer's contract", (layer) => {
  expect(code.filter(({ path }) => layerOf(path) === layer).flatMap(crossings)).toEqual([]);
});

test('each package has its keeper, and only entry files read process.env', () => {
  expect(code.flatMap(leaks)).toEqual([]);
});

test('what runs in production is not a development dependency', () => {
  const installed = Object.keys(packageJson.dependencies);
  const production = code.filter(({ path }) => /^(agent|server|bpf)\/|^cli\.ts$/.test(path));
  const missing = production.flatMap((file) =>
    packagesOf(file)
      .filter((name) => !name.startsWith('node:') && !installed.includes(name))
      .map((name) => `${file.path} imports ${name}`),
  );
  expect(missing).toEqual([]);
});

const forbidden: ProjectFile[] = [
  { path: 'agent/a.ts', text: `import '../server/api.ts';` },
  { path: 'server/a.ts', text: `import type { A } from '../agent/batch.ts';` },
  { path: 'server/a.ts', text: `import '../agent/contract.ts';` },
  { path: 'server/a.ts', text: `void import('../dashboards/feed.ts');` },
  { path: 'dashboards/charts/a.svelte', text: `<script>import '../../agent/contract/batch-envelope.ts';</script>` },
  { path: 'bpf/a.ts', text: `export * from '../agent/batch.ts';` },
  { path: 'agent/a.ts', text: `import '../test/support/imports.ts';` },
  { path: 'agent/a.ts', text: `import '../cli.ts';` },
  { path: 'agent/verdict/a.ts', text: `import '../process/errors.ts';` },
  { path: 'cli.ts', text: `import './server/storage/store.ts';` },
  { path: 'cli.ts', text: `import './agent/main.ts';` },
  { path: 'agent/a.ts', text: `import 'ffi-rs';` },
  { path: 'server/live/a.ts', text: `import { createClient } from '@clickhouse/client';` },
  { path: 'server/live/a.ts', text: `import { x } from 'chdb/connection';` },
  { path: 'agent/a.ts', text: `const home = process.env['HOME'];` },
  { path: 'agent/a.ts', text: `import { env } from 'node:process';` },
];
test.each(forbidden)('the rule catches $text in $path', (file) => {
  expect([...crossings(file), ...leaks(file)]).toHaveLength(1);
});
