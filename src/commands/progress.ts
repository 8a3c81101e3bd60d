/** Shows a run while it happens: a line per step that ended, and for a person the steps that are under way. */
import ora from 'ora';
import pc from 'picocolors';
import type { Progress } from '../apply/execute.ts';
import type { PlannedStep } from '../model/plan.ts';
import { formatDuration } from '../render/units.ts';
import { visible, visibleId } from '../render/visible.ts';
import type { Output } from './output.ts';

const SIGNS = { done: '✓', failed: '✗', unknown: '?', 'not run': '·', pending: '…' } as const;

/** For a person who watches; undefined where nobody does. */
export const spinnerOf = (output: Output) => (output.live ? ora({ stream: process.stderr }) : undefined);

export function showProgress(output: Output): Progress & { close(): void } {
  const colours = pc.createColors(output.live && pc.isColorSupported);
  /** By the cluster and the step's number: repairs run side by side. */
  const running = new Map<string, string>();
  const spinner = spinnerOf(output);
  const redraw = (): void => {
    if (!spinner) return;
    if (running.size === 0) spinner.stop();
    else spinner.start([...running.values()].join(', '));
  };
  const describe = ({ step }: PlannedStep): string => `${step.action} ${visibleId(step.object)}`;
  return {
    started(planned, number, total) {
      running.set(`${planned.cluster} ${number}`, `${planned.node} ${number}/${total} ${describe(planned)}`);
      redraw();
    },
    ended({ planned, outcome, milliseconds, error }, number, total) {
      running.delete(`${planned.cluster} ${number}`);
      spinner?.stop();
      const paint = outcome === 'done' ? colours.green : outcome === 'pending' ? colours.yellow : colours.red;
      const position = `${number}/${total}`.padStart(7);
      const line = `${paint(SIGNS[outcome])} ${planned.node.padEnd(16)}${position}  ${describe(planned)}`;
      output.note(`${line}  ${colours.dim(formatDuration(milliseconds))}`);
      if (error) output.note(`    ${outcome}: ${visible(error)}`);
      redraw();
    },
    close: () => void spinner?.stop(),
  };
}
