/** The file that a step delivers goes in; how it gets to the node, and the lines in which it differs from the last one, come out. */
import type { StepFile } from '../model/node-file.ts';
import { type DiffLine, plainDiff } from './text-diff.ts';

/** `written below /etc/clickhouse-server/{node}`, as plain text. */
export function deliveryText({ by, reload }: StepFile): string {
  if ('manual' in by)
    return 'put in its place by people; the step stays pending until the node has what it says';
  if (reload === 'restart') return 'written into the folder of the embedded server, which is restarted';
  const way = 'directory' in by ? `written below ${by.directory}` : `given to ${by.command.join(' ')}`;
  return typeof reload === 'object' ? `${way}, then ${reload.command.join(' ')}` : way;
}

/** The whole text where nobody knows of another. */
export function deliveredLines({ before, text }: StepFile): DiffLine[] {
  if (before !== undefined) return plainDiff(before, text);
  return plainDiff('', text.replace(/\n$/, ''));
}
