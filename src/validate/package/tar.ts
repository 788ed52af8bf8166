import { type Result, failure, success } from '../../issue/result.ts';
import { issue } from '../../issue/issue.ts';

/** One file of an archive. */
export interface ArchivedFile {
  /** With forward slashes, inside the archive. Shape: package/package.json */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
const REGULAR = new Set(['0', '\0', '']);
/** Long names and attributes of the file that follows, as GNU tar and pax write them. */
const GNU_NAME = 'L';
const PAX = 'x';
/** Nothing to unpack: a folder, attributes of the whole archive. */
const PASSED_OVER = new Set(['5', 'g']);

const utf8 = new TextDecoder();

function textAt(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return utf8.decode(end < 0 ? field : field.subarray(0, end));
}

function checksumOf(header: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 32 : (header[at] ?? 0);
  return sum;
}

/** The path that a pax record gives. Shape: "27 path=package/long-name.json\n" */
function paxPath(bytes: Uint8Array): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(utf8.decode(bytes))?.[1];
}

/** Whether a path stays inside the folder it is unpacked into. @internal */
export function isInside(path: string): boolean {
  return (
    path !== '' &&
    !path.startsWith('/') &&
    !/^[A-Za-z]:/.test(path) &&
    !path.includes('\\') &&
    !path.includes('\0') &&
    !path.split('/').includes('..')
  );
}

/**
 * The regular files of a tar archive. Links, devices and paths that lead out of it are refused, and with them the archive.
 *
 * Fails: package-invalid
 * Source: POSIX.1-2001 ustar and pax, GNU tar's long names
 */
export function readTar(bytes: Uint8Array, name: string): Result<ArchivedFile[]> {
  const refuse = (reason: string) => failure(issue('package-invalid', { file: name, reason }));
  const files: ArchivedFile[] = [];
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    if (Number.parseInt(textAt(header, 148, 8).trim(), 8) !== checksumOf(header)) return refuse(`the header at byte ${at} is damaged`);
    const size = Number.parseInt(textAt(header, 124, 12).trim() || '0', 8);
    const start = at + BLOCK;
    if (!Number.isSafeInteger(size) || size < 0 || start + size > bytes.length) return refuse(`the file at byte ${at} is cut off`);
    const content = bytes.subarray(start, start + size);
    const kind = textAt(header, 156, 1);
    const prefix = textAt(header, 257, 5) === 'ustar' ? textAt(header, 345, 155) : '';
    const short = textAt(header, 0, 100);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    if (kind === GNU_NAME) longName = textAt(content, 0, content.length);
    else if (kind === PAX) longName = paxPath(content) ?? longName;
    else if (!PASSED_OVER.has(kind)) {
      const path = longName ?? (prefix === '' ? short : `${prefix}/${short}`);
      longName = undefined;
      if (!REGULAR.has(kind)) return refuse('it holds a link or a device');
      if (!isInside(path)) return refuse('it holds a path that leads out of it');
      files.push({ path, bytes: content });
    } else longName = undefined;
  }
  return success(files);
}
