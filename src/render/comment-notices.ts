/** Takes what had no room in a comment and gives the blocks that say so, and where it is. */
import type { MergedEntry } from './comment-merge.ts';
import { countsText } from './comment-verdict.ts';
import { prose } from './markdown-escape.ts';
import { counted } from './units.ts';

export interface LeftOut {
  readonly entries: readonly MergedEntry[];
  readonly brief: number;
  readonly findings: number;
  readonly unnamed: number;
}

/** Blocks that stand above everything else; none when nothing is left out. */
export function notices({ entries, brief, findings, unnamed }: LeftOut, where: string): string[] {
  const left = [
    ...(entries.length > 0 ? [`left out: ${prose(countsText(entries))}`] : []),
    ...(brief > 0 ? [`told briefly: ${counted(brief, 'destructive or rebuilding step')}`] : []),
    ...(findings > 0 ? [`left out: ${counted(findings, 'finding')}`] : []),
  ];
  const lost = `**${counted(unnamed, 'destructive or rebuilding object')} can't even be named here.** `;
  const advice = `Don't allow what you can't see: read all of it ${where}, or split the pull request.`;
  return [
    ...(unnamed > 0 ? [`> [!CAUTION]\n> ${lost}${advice}`] : []),
    ...(left.length > 0
      ? [`> [!NOTE]\n> There is no room here for the whole plan (${left.join('; ')}). It is ${where}.`]
      : []),
  ];
}
