/** Gives what a survey needs to plan repairs of pairs as well, with what was proven equal before. */
import { join } from 'node:path';
import type { WantedRepairs } from '../dr/plan-pairs.ts';
import { openSettled } from '../live/settled.ts';
import { type OpenEstate, workFolder } from './estate-options.ts';

export function wantedRepairs(
  { resolve }: OpenEstate,
  folder: string,
  only: Partial<WantedRepairs> = {},
): WantedRepairs {
  return { resolve, proven: openSettled(join(workFolder(folder), 'dr-repairs.json')), ...only };
}
