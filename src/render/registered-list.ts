/** A list of addresses that a step changes goes in; how it is changed, and the lines that change, come out. */
import type { Registration } from '../model/network.ts';
import { type DiffLine, plainDiff } from './text-diff.ts';

/** As plain text. */
export function registrationText({ by }: Registration): string {
  if ('manual' in by) return `by hand: ${by.manual}`;
  return `set through ${by.keeper.join(', ')}, as long as nobody else changes it meanwhile`;
}

/** One entry a line, wherever the list itself breaks. */
const lines = (text: string): string => text.trim().replaceAll('><', '>\n<');

export function registrationLines({ before = '', text }: Registration): DiffLine[] {
  return plainDiff(lines(before), lines(text));
}
