/** Takes what a rehearsal showed and gives its line of the comment. */
import type { Rehearsal } from '../model/review.ts';
import { shorten } from './comment-room.ts';
import { prose } from './markdown-escape.ts';

const SIGNS: Readonly<Record<Rehearsal['outcome'], string>> = {
  clean: '✓',
  'not empty': '✗',
  failed: '✗',
  skipped: '–',
};
const MOST_TEXT = 1000;

export function rehearsalLine({ outcome, text }: Rehearsal): string {
  return `${SIGNS[outcome]} **Rehearsal, ${outcome}**: ${prose(shorten(text, MOST_TEXT))}`;
}
