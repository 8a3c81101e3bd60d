/** Takes what a server left behind when it did not start, gives the error that tells why. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlumblineError } from '../model/errors.ts';

export type StartFailure = 'port-taken' | 'folder-in-use' | 'other';

/** A server did not start. Two of the reasons pass, and are worth another attempt. */
export class StartError extends PlumblineError {
  override readonly name = 'StartError';
  readonly failure: StartFailure;

  constructor(message: string, failure: StartFailure) {
    super(message);
    this.failure = failure;
  }
}

const stackFrame = /^\d+\. .* @ 0x/;

/** `logStart` is the length in bytes server.log had before this start. */
export function startError(what: string, folder: string, logStart: number): StartError {
  const tail = [
    ...lines(join(folder, 'server.log'), logStart),
    ...lines(join(folder, 'output.log'), 0),
  ].slice(-15);
  const text = tail.join('\n');
  return new StartError(`${what} The end of its log, in ${folder}:\n${text || '(nothing)'}`, failureIn(text));
}

function failureIn(text: string): StartFailure {
  if (text.includes('Address already in use')) return 'port-taken';
  if (text.includes('Another server instance in same directory')) return 'folder-in-use';
  return 'other';
}

function lines(file: string, start: number): string[] {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch {
    return [];
  }
  // A log shorter than it was has been rotated meanwhile.
  const text = content.subarray(content.length < start ? 0 : start).toString();
  const telling = text.split('\n').filter((line) => line.trim() !== '' && !stackFrame.test(line));
  return telling.map((line) => line.slice(0, 400));
}
