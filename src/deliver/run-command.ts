/** A declared command, a node and a file go in; the command is run with the file on its standard input, and must end well in time. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { forNode, type StepFile } from '../model/node-file.ts';
import { DeliveryError } from './delivery-error.ts';

/** Milliseconds. */
export const COMMAND_LIMIT = 120_000;

/** Characters of what it said last. */
const SAID = 500;

/** Milliseconds in which what it said is read to the end. */
const LAST_WORDS = 300;

const LOOKS_SECRET = /PASS|SECRET|TOKEN|KEY|CREDENTIAL|_AUTH/i;
/** A shorter value may be a word that says what went wrong. */
const SHORTEST = 4;

/** Without the values of variables that look like secrets, the longest first; a program may print what it was called with. */
function scrub(text: string): string {
  const secrets = Object.entries(process.env)
    .filter(([name, value = '']) => LOOKS_SECRET.test(name) && value.length >= SHORTEST)
    .map(([, value = '']) => value)
    .sort((a, b) => b.length - a.length);
  return secrets.reduce((left, value) => left.replaceAll(value, '[HIDDEN]'), text);
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Throws a DeliveryError; `limit` in milliseconds. */
export async function runCommand(
  command: readonly string[],
  node: string,
  { path, text }: Pick<StepFile, 'path' | 'text'>,
  limit: number = COMMAND_LIMIT,
): Promise<void> {
  const [program = '', ...rest] = command.map((word) => forNode(word, node));
  // A process group of its own, so that what it started ends with it.
  const child = spawn(program, rest, {
    env: { ...process.env, PLUMBLINE_NODE: node, PLUMBLINE_FILE: path },
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  let late = false;
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    said = (said + piece).slice(-64 * SAID);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(text);
  const timer = setTimeout(() => {
    late = true;
    endGroup(child.pid);
  }, limit);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ended = await new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('exit', (code, signal) => resolve(code === null ? `ended by ${signal}` : `exit code ${code}`));
  });
  clearTimeout(timer);
  // What it leaves running, such as a shared connection of ssh, may keep the other end open for hours.
  await Promise.race([closed, sleep(LAST_WORDS)]);
  child.stderr.destroy();
  if (ended === 'exit code 0') return;
  const words = scrub(said).trim().slice(-SAID);
  const what = late ? `did not end within ${limit / 1000} s and was stopped` : `failed (${scrub(ended)})`;
  throw new DeliveryError(`\`${program}\` for ${node} ${what}${words ? `: ${words}` : ''}`, late);
}
