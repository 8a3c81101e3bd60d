/** A node's folder goes in; a file in it by which one process asks the process that runs the node to restart it. */
import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlumblineError } from '../model/errors.ts';

const MARK = 'restart-wanted';
const REFUSED = 'restart-failed';

/** Milliseconds. */
const PATIENCE = 60_000;
const PAUSE = 100;

/** Settles when it was restarted. Throws a PlumblineError where it was not. */
export async function askForRestart(folder: string, name: string): Promise<void> {
  const [mark, refused] = [join(folder, MARK), join(folder, REFUSED)];
  await rm(refused, { force: true });
  await writeFile(mark, '');
  for (const deadline = Date.now() + PATIENCE; existsSync(mark); ) {
    if (Date.now() > deadline) throw new PlumblineError(`\`plumbline up\` did not restart ${name} in time.`);
    await sleep(PAUSE);
  }
  if (existsSync(refused)) {
    throw new PlumblineError(`\`plumbline up\` could not restart ${name}: its log is in ${folder}.`);
  }
}

/** Restarts whatever somebody asks for, until it is told to end. */
export function watchMarks(
  folders: ReadonlyMap<string, string>,
  restart: (name: string) => Promise<void>,
): { end(): void } {
  let busy = false;
  const look = async (): Promise<void> => {
    for (const [name, folder] of folders) {
      const mark = join(folder, MARK);
      if (!existsSync(mark)) continue;
      await restart(name).then(
        () => rm(mark, { force: true }),
        () => rename(mark, join(folder, REFUSED)),
      );
    }
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    look().finally(() => {
      busy = false;
    });
  }, PAUSE);
  return { end: () => clearInterval(timer) };
}
