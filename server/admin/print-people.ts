// What `tcplens admin` prints of people and tokens.
import type { MadeToken, Tokens, Users } from '../api/people.ts';
import { momentText, table } from '../print-table.ts';

export function usersText({ users }: Users): string {
  const rows = users.map(({ name, role, made_ms, password }) => [name, role, momentText(made_ms), password ? 'yes' : 'no']);
  return table(['name', 'role', 'added', 'password'], rows, new Set());
}

export function tokensText({ tokens }: Tokens): string {
  const rows = tokens.map(({ id, name, role, ends_ms, made_by }) => [id, name, role, momentText(ends_ms), made_by]);
  return table(['id', 'name', 'role', 'ends', 'made by'], rows, new Set());
}

export const tokenText = ({ token, ends_ms }: MadeToken): string =>
  `${token}\nit ends at ${momentText(ends_ms)}, and cannot be read again\n`;
