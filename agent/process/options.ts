// From a table of options to commander's and back: name, value, default, environment variable and help are said once, in the table.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from './errors.ts';

/** One option. `fallback` and `env` hold text, parsed like what is typed; without `parse` it is a switch. */
export type OptionSpec<Value = unknown> = {
  flags: string;
  help: string;
  /** `before` is what an earlier one came to, for options that may be repeated */
  parse?(text: string, before?: Value): Value;
  fallback?: string;
  env?: string;
  hidden?: boolean;
};

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type ValueOf<Spec> = Spec extends { parse: (text: string) => infer Value }
  ? Spec extends { fallback: string }
    ? Value
    : Value | undefined
  : boolean;

/** What a table's options come to; the keys are commander's, the flag in camelCase. */
export type OptionValues<Table> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

export function addOptions(command: Command, table: OptionTable): Command {
  for (const spec of Object.values(table)) command.addOption(optionOf(spec));
  return command;
}

function optionOf({ flags, help, parse, fallback, env, hidden = false }: OptionSpec): Option {
  const option = new Option(flags, help).hideHelp(hidden);
  if (env !== undefined) option.env(env);
  if (parse === undefined) return option.default(false, 'off');
  if (fallback !== undefined) option.default(parse(fallback), fallback);
  return option.argParser((text, before) => {
    try {
      return parse(text, before);
    } catch (error) {
      throw error instanceof ConfigError ? new InvalidArgumentError(error.message) : error;
    }
  });
}

type Texts<Table> = { [Name in keyof Table]: Table[Name] & { parse?(text: string): string } };

/** The same options for a command that hands them on to another process: checked here, and kept as they were given. */
export function asTexts<Table extends OptionTable>(table: Table): Texts<Table> {
  const kept = Object.entries(table).map(([name, spec]) => {
    const { parse } = spec;
    const check = (text: string) => {
      parse?.(text);
      return text;
    };
    return [name, parse === undefined ? spec : { ...spec, parse: check }] as const;
  });
  return Object.fromEntries(kept) as Texts<Table>;
}

/** The command line that gives another process what `asTexts` kept. */
export function argumentsOf(table: OptionTable, texts: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(table).flatMap(([name, { flags, parse }]) => {
    const [flag = ''] = flags.split(' ');
    const text = texts[name];
    if (text === undefined || text === false) return [];
    return parse === undefined ? [flag] : [flag, String(text)];
  });
}
