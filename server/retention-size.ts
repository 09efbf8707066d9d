// Parses the limit of the tables' size: "500GB", "1.5TiB", "80%".
import { ConfigError } from '../agent/process/errors.ts';
import type { RetentionSize } from './storage/retention.ts';

const UNITS: Readonly<Record<string, number>> = {
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** @throws ConfigError that describes the form */
export function retentionSize(text: string): RetentionSize {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*(%|[KMGT]i?B)$/i.exec(text.trim()) ?? [];
  const value = Number(number);
  if (unit === '%' && value > 0 && value <= 100) return { share: value / 100 };
  const factor = UNITS[unit.toUpperCase()];
  if (factor !== undefined && value > 0) return { bytes: Math.floor(value * factor) };
  throw new ConfigError('bad_value', `"${text}" is not a size: write it like 500GB or 1.5TiB, or like 80% for a share of the disk`);
}
