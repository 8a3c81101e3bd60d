/** Asks Git about the checkout that an estate lives in. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlumblineError } from '../model/errors.ts';

/** Throws a PlumblineError with what Git said. */
export async function git(folder: string, ...words: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', words, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? error).trim();
    throw new PlumblineError(`git ${words[0]} failed: ${said}`);
  }
}

/** Does some work in a checkout of another commit, which is gone afterwards. */
export async function atCommit<T>(
  folder: string,
  commit: string,
  work: (checkout: string) => Promise<T>,
): Promise<T> {
  const checkout = await mkdtemp(join(tmpdir(), 'plumbline-checkout-'));
  await git(folder, 'worktree', 'add', '--detach', '--force', checkout, commit);
  try {
    return await work(checkout);
  } finally {
    await git(folder, 'worktree', 'remove', '--force', checkout);
    await rm(checkout, { recursive: true, force: true });
  }
}
