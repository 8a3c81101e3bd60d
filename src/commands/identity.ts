/** Who applies what: the names that the lock shows to others and the journal keeps. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { promisify } from 'node:util';
import type { RunIdentity } from '../model/report.ts';

function actor(): string {
  const { GITHUB_ACTOR, GITHUB_REPOSITORY, GITHUB_RUN_ID } = process.env;
  if (GITHUB_ACTOR) return `${GITHUB_ACTOR} (${GITHUB_REPOSITORY}, workflow run ${GITHUB_RUN_ID})`;
  return `${userInfo().username}@${hostname()} (process ${process.pid})`;
}

async function commit(folder: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: folder });
    return stdout.trim();
  } catch {
    return '';
  }
}

/** A new run: a sortable id that is unique, the person or workflow, and the commit that the estate's folder is at. */
export async function newRun(folder: string): Promise<RunIdentity> {
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  return { run: `${time}-${randomBytes(3).toString('hex')}`, actor: actor(), commit: await commit(folder) };
}
