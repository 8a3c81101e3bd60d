/** The estate's folder and a commit go in; the size limits that were declared there come out. */
import { relative, resolve } from 'node:path';
import { DeclarationError, PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import { loadEstate } from './estate-options.ts';
import { atCommit, git } from './git.ts';

/** None where the declarations of that commit can't be read: then every guarded step needs permission. */
export async function limitsAt(folder: string, commit: string): Promise<Estate['limits']> {
  const top = await git(folder, 'rev-parse', '--show-toplevel');
  const inside = relative(top, resolve(folder));
  try {
    return (await atCommit(top, commit, (checkout) => loadEstate(resolve(checkout, inside)))).limits;
  } catch (error) {
    if (error instanceof DeclarationError || error instanceof PlumblineError) return undefined;
    throw error;
  }
}
