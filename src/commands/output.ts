/** Where commands write: results to standard output, everything else to standard error. */
import pc from 'picocolors';
import type { Finding } from '../model/finding.ts';
import { showPlace } from '../model/place.ts';

export interface Output {
  /** The result of a command; ends in a newline. */
  result(text: string): void;
  /** What happens meanwhile. */
  note(text: string): void;
  readonly colour: boolean;
  /** Whether a person watches standard error, so that a line may be drawn over. */
  readonly live: boolean;
}

export const terminal: Output = {
  result: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(`${text}\n`),
  colour: pc.isColorSupported && process.stdout.isTTY === true,
  live: process.stderr.isTTY === true && !process.env.CI,
};

/** `schemas/x.yaml:3:5  error  unknown key …`, one line per finding. */
export function showFindings(findings: readonly Finding[]): string {
  return findings
    .map(({ severity, message, place, node }) => {
      const where = place ? showPlace(place) : (node ?? '');
      return `${where}${where ? '  ' : ''}${severity}  ${message}`;
    })
    .join('\n');
}
