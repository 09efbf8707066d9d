import type { Hook } from '../../agent/source/row-source.ts';

export type Column = { title: string; hooks: readonly Hook[] };

/** Which kernel attaches which hook, or why not, as a table in Markdown. */
export function supportTable(columns: readonly Column[]): string {
  const names = [...new Set(columns.flatMap(({ hooks }) => hooks.map(({ name }) => name)))];
  const cell = (hooks: readonly Hook[], name: string): string => {
    const hook = hooks.find((each) => each.name === name);
    if (hook === undefined) return '-';
    return hook.attached ? 'attached' : hook.reason.replaceAll('|', '\\|');
  };
  const rows = names.map((name) => [`\`${name}\``, ...columns.map(({ hooks }) => cell(hooks, name))]);
  const head = ['hook', ...columns.map(({ title }) => title)];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
