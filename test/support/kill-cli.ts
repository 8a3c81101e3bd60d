/** Runs the command line as a process of its own, as a pipeline does, so that it can be watched, paused and killed. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface CliRun {
  readonly pid: number;
  /** Standard output and standard error so far. */
  output(): string;
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void;
  /** The exit code, or null after a kill, when it has ended. */
  readonly ended: Promise<number | null>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export function startCli(args: readonly string[]): CliRun {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return {
    pid: child.pid ?? 0,
    output: () => output,
    signal: (name) => void child.kill(name),
    ended: new Promise((done, fail) => {
      child.on('error', fail).on('close', (code) => done(code));
    }),
  };
}

/** `apply` with everything allowed and no questions. */
export function startApply(estate: string, lockSeconds = 60, more: readonly string[] = []): CliRun {
  return startCli([
    ...['apply', '--yes', '--estate', estate, '--lock-seconds', String(lockSeconds)],
    ...['--allow', 'destructive', 'rebuild'],
    ...more,
  ]);
}
