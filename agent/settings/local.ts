// What this host itself says of its settings, and where: on the command line, in the environment, or in a file.
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Command } from 'commander';
import type { InForce } from '../contract/control.ts';
import { isSettingName, SETTING_NAMES, type SettingName } from '../contract/settings.ts';
import { ConfigError, reasonOf } from '../process/errors.ts';
import type { OptionTable } from '../process/options.ts';

export type Said = Pick<InForce, 'value' | 'from'>;
export type LocalSettings = Readonly<Record<SettingName, Said>>;

/** The option's place in a table, which is commander's: its flag in camelCase. */
export function optionOf(name: SettingName): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Notes each setting's text, and where it comes from, while the command is parsed; to be called before that. Parsed values do not have the
 * text that people wrote.
 */
export function noteSettings(command: Command, table: OptionTable): LocalSettings {
  const said = Object.fromEntries(
    SETTING_NAMES.map((name) => [name, { value: table[optionOf(name)]?.fallback ?? '', from: 'default' }]),
  ) as Record<SettingName, Said>;
  for (const name of SETTING_NAMES) {
    // Commander itself tells of options by these events; a command line is read after the environment.
    command.on(`optionEnv:${name}`, (value: string) => {
      said[name] = { value, from: 'environment' };
    });
    command.on(`option:${name}`, (value: string) => {
      said[name] = { value, from: 'command line' };
    });
  }
  return said;
}

/** Takes from the file what neither the command line nor the environment says. @throws ConfigError `config_unreadable`, `bad_value` */
export function readConfigFile(path: string, command: Command, table: OptionTable, said: LocalSettings): LocalSettings {
  const found = Object.entries(parseEnv(textOf(path))).map(([name, value = '']) => {
    if (!isSettingName(name)) throw new ConfigError('bad_value', `${path}: there is no setting "${name}": use ${SETTING_NAMES.join(', ')}`);
    if (said[name].from !== 'default') return [name, said[name]] as const;
    command.setOptionValueWithSource(optionOf(name), parsed(path, name, value, table), 'config');
    return [name, { value, from: 'file' } as const] as const;
  });
  return { ...said, ...Object.fromEntries(found) };
}

function parsed(path: string, name: SettingName, value: string, table: OptionTable): unknown {
  try {
    return table[optionOf(name)]?.parse?.(value);
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError('bad_value', `${path}: ${name}: ${error.message}`, { cause: error }) : error;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError('config_unreadable', `the file of --config cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}
