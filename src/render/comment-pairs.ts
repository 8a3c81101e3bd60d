/** Takes what the newest checks of pairs found and gives the section about the repairs that run behind an apply. */
import type { PairPreview } from '../dr/pair-preview.ts';
import { code } from './markdown-escape.ts';
import { counted, formatBytes } from './units.ts';
import { visible } from './visible.ts';

const REPAIRED = ['different', 'missing on passive'];

function found({ check }: PairPreview): string {
  if (!check) return 'no check of it is kept yet';
  const time = `the check of ${check.time.slice(0, 16).replace('T', ' ')} UTC`;
  const told = REPAIRED.flatMap((verdict) => {
    const count = check.verdicts[verdict] ?? 0;
    return count > 0 ? [`${counted(count, 'partition')} ${verdict}`] : [];
  });
  return `${time} found ${told.join(' and ')}`;
}

function line(preview: PairPreview): string {
  const { name, repair } = preview.pair;
  const most = `${counted(repair.maxPartitions, 'partition')} and ${formatBytes(repair.maxBytes)}`;
  return `- ${code(visible(name))}: ${found(preview)}; up to ${most} of it are repaired.`;
}

/** Empty where the newest checks found nothing to repair. */
export function pairsSection(previews: readonly PairPreview[] = []): string {
  const open = previews.filter(
    ({ check }) => !check || REPAIRED.some((verdict) => (check.verdicts[verdict] ?? 0) > 0),
  );
  if (open.length === 0) return '';
  return [
    '### Repairs behind the apply',
    '',
    'No part of the plan: `apply` compares the sites when it comes to that, and repairs what differs then.',
    '',
    ...open.map(line),
  ].join('\n');
}
