/** An open estate and its survey go in; the patch that declares what is live instead comes out, as `git apply` takes it. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Survey, survey } from '../apply/survey.ts';
import { readDeclarations } from '../declared/files.ts';
import { importPatch } from '../import/patch.ts';
import { PlumblineError } from '../model/errors.ts';
import { filePatch } from '../render/file-patch.ts';
import { visible } from '../render/visible.ts';
import { type EstateOptions, type OpenEstate, openDeclaredEstate } from './estate-options.ts';
import { estateInRepository } from './github-plan.ts';
import type { Output } from './output.ts';

export interface TextPatch {
  /** Empty where nothing can be accepted. */
  readonly text: string;
  readonly reasons: readonly string[];
}

/** Outside of a repository, the patch is for the estate's own folder. */
async function prefixOf(folder: string): Promise<string> {
  try {
    const inside = await estateInRepository(folder);
    return inside === '.' ? '' : `${inside}/`;
  } catch (error) {
    if (error instanceof PlumblineError) return '';
    throw error;
  }
}

/** `drifted` must have kept its states, and its connections must be open. */
export async function patchOf(folder: string, opened: OpenEstate, drifted: Survey): Promise<TextPatch> {
  const { estate, settled, connectTimeout } = opened;
  const { entries } = await readDeclarations(resolve(folder));
  const { files, reasons } = await importPatch(estate, entries, drifted, {
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    survey: { settled, connectTimeout },
  });
  const prefix = await prefixOf(folder);
  return { text: filePatch(files.map((file) => ({ ...file, path: prefix + file.path }))), reasons };
}

/** `plumbline import --patch`. */
export async function printPatch(options: EstateOptions, output: Output): Promise<number> {
  const opened = await openDeclaredEstate(options);
  try {
    const drifted = await survey(opened.estate, { ...opened, keepStates: true });
    const { text, reasons } = await patchOf(options.estate, opened, drifted).finally(drifted.close);
    output.result(text);
    for (const reason of reasons) output.note(`Not in the patch: ${visible(reason)}`);
    if (text === '' && reasons.length === 0) output.note('Nothing differs from the declarations.');
    return 0;
  } finally {
    await opened.close();
  }
}
