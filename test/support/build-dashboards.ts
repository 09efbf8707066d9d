// Once before all files of the browser's tests: builds the dashboards to where the collector looks for them when it starts.
import { join } from 'node:path';
import { build } from 'vite';
import { root } from './project-files.ts';

export async function setup(): Promise<void> {
  const dashboards = join(root, 'dashboards');
  await build({ root: dashboards, configFile: join(dashboards, 'vite.config.ts'), logLevel: 'error' });
}
