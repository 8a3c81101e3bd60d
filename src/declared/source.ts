/** A declaration file goes in; its text, or the reason why it cannot be one, comes out. */

import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { FILE_BYTES, LINES, TOTAL_BYTES } from './limits.ts';
import { type DeclarationFile, errorCode } from './listing.ts';
import { openText, type TextFile } from './text-file.ts';

export interface Refusal {
  readonly rule: string;
  readonly message: string;
  /** What could be read, for the place of the problem at `offset`. */
  readonly text: TextFile;
  readonly offset: number;
}

/** Reads at most `budget.bytes`, and takes what it read from them. */
export function readSource(source: DeclarationFile, budget: { bytes: number }): TextFile | Refusal {
  const bytes = readBytes(source.path, budget.bytes);
  const refuse = (rule: string, message: string, text = '', offset = 0): Refusal => {
    return { rule, message, text: openText(source.file, text), offset };
  };
  if (Array.isArray(bytes)) return refuse(...bytes);
  budget.bytes -= bytes.length;
  const text = new TextDecoder('utf-8').decode(bytes);
  if (!isUtf8(bytes)) {
    const offset = firstBadByte(bytes);
    return refuse('not-utf8', 'this byte is not UTF-8; save the file as UTF-8', text, offset);
  }
  const control = text.search(UNUSABLE);
  if (control !== -1) {
    const code = text.charCodeAt(control).toString(16).toUpperCase().padStart(4, '0');
    return refuse('control-character', `control character U+${code}; remove it`, text, control);
  }
  if (countLines(text) > LINES)
    return refuse('too-large', `this file has more than ${LINES} lines; split it`);
  return openText(source.file, text);
}

function countLines(text: string): number {
  let count = 1;
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) count++;
  return count;
}

/** What YAML does not allow, and a carriage return alone, which hides text in terminals and which few parsers agree on. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const UNUSABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|\r(?!\n)/;

function readBytes(path: string, left: number): Buffer | [rule: string, message: string] {
  let handle: number | undefined;
  try {
    // The file was regular when it was listed; if it is a pipe now, opening it must not wait for a writer.
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const stats = fstatSync(handle);
    if (!stats.isFile()) return ['refused-file', 'this is not a regular file'];
    if (stats.size > FILE_BYTES)
      return ['too-large', `this file is larger than ${FILE_BYTES >> 20} MiB; split it`];
    if (stats.size > left) {
      const message = `all declarations together are larger than ${TOTAL_BYTES >> 20} MiB; this file is not read`;
      return ['too-large', message];
    }
    const bytes = Buffer.allocUnsafe(stats.size);
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(handle, bytes, length, bytes.length - length, null);
      if (count === 0) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } catch (error) {
    return ['unreadable', `this file cannot be read (${errorCode(error)})`];
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** Offset, in the text decoded with replacement characters, of the first character that replaces a bad byte. */
function firstBadByte(bytes: Buffer): number {
  const text = new TextDecoder('utf-8').decode(bytes);
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  let byte = hasMark ? 3 : 0;
  let counted = 0;
  for (let i = text.indexOf('\ufffd'); i !== -1; i = text.indexOf('\ufffd', i + 1)) {
    byte += Buffer.byteLength(text.slice(counted, i));
    counted = i;
    if (!(bytes[byte] === 0xef && bytes[byte + 1] === 0xbf && bytes[byte + 2] === 0xbd)) return i;
  }
  return 0;
}
