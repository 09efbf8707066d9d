// The mounts in the text of /proc/PID/mountinfo.

export type Mount = {
  /** the part of the file system that is mounted; for a network namespace `net:[4026531840]` */
  root: string;
  path: string;
};

/** The mounts of one file system type, in the order of mounting. */
export function mountsOf(mountinfo: string, type: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    if (!after.startsWith(`${type} `)) return [];
    const [, , , root = '', path = ''] = before.split(' ');
    return [{ root: unescapeOctal(root), path: unescapeOctal(path) }];
  });
}

/** The kernel writes space, tab, newline and backslash as \ooo. */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
