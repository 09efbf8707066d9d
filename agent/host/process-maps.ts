// The executable parts of a process's memory, in the text of /proc/PID/maps. The names in it are whatever the process's user has called files.

/** Addresses and offsets are exact as numbers: a mapping with larger ones is left out. */
export type Mapping = {
  start: number;
  end: number;
  /** in the file, of `start` */
  offset: number;
  /** of the file system, as /proc/PID/mountinfo writes it: major and minor number with a colon between; 0:0 where there is no file */
  device: string;
  /** its name in /proc/PID/map_files */
  range: string;
  /** what it maps, in characters that a row may have; empty where that is no file */
  module: string;
};

const MODULE_CHARS_MAX = 64;
const LINE = /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ..x. ([0-9a-f]{1,16}) ([0-9a-f]{1,8}):([0-9a-f]{1,8}) \d+ *([^\n]*)$/;
const DELETED = / \(deleted\)$/;
/** A space ends a name in a row, and what terminals obey has no place there. */
const NOT_PRINTABLE = /[^\x21-\x7e]/gu;

/** In the order of their addresses. Lines of another form are left out. */
export function executableIn(maps: string): Mapping[] {
  return maps.split('\n').flatMap((line) => {
    const [, start, end, offset, major, minor, path = ''] = LINE.exec(line) ?? [];
    if (start === undefined || end === undefined || offset === undefined || major === undefined || minor === undefined) return [];
    const [from, to, in_file] = [hex(start), hex(end), hex(offset)];
    if (![to, in_file].every(Number.isSafeInteger)) return [];
    return {
      start: from,
      end: to,
      offset: in_file,
      device: `${hex(major)}:${hex(minor)}`,
      range: `${from.toString(16)}-${to.toString(16)}`,
      module: moduleOf(path),
    };
  });
}

/** The mapping that the address lies in. */
export function mappingAt(mappings: readonly Mapping[], address: number): Mapping | undefined {
  return mappings.find(({ start, end }) => start <= address && address < end);
}

/** The file's name without its folders. The kernel's own, as [vdso], stay as they are. */
function moduleOf(path: string): string {
  const name = path.replace(DELETED, '');
  if (!name.startsWith('/') && !/^\[v\w+\]$/.test(name)) return '';
  return name
    .slice(name.lastIndexOf('/') + 1)
    .replace(NOT_PRINTABLE, '_')
    .slice(0, MODULE_CHARS_MAX);
}

const hex = (digits: string) => Number.parseInt(digits, 16);
