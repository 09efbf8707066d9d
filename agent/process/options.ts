// Options as a table, from which commander's options, their values and a command line are made. Name, type, default, environment variable
// and help of an option are defined once, in the table.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from './errors.ts';

/** One option. The texts of `fallback` and of the variable `env` are parsed like an argument. Without `parse` it is a switch. */
export type OptionSpec<Value = unknown> = {
  flags: string;
  help: string;
  /** `before`: the value so far, for options that may be repeated */
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

/** The values of a table's options. The keys are commander's: the flag in camelCase. */
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

/** The same options for a command that hands them on to another process: their values are checked, and stay texts. */
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

/** The arguments that hand the texts of `asTexts` on to another process. */
export function argumentsOf(table: OptionTable, texts: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(table).flatMap(([name, { flags, parse }]) => {
    const [flag = ''] = flags.split(' ');
    const text = texts[name];
    if (text === undefined || text === false) return [];
    return parse === undefined ? [flag] : [flag, String(text)];
  });
}
