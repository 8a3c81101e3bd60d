/** Takes findings and gives them as people read them on a terminal. */
import type { Finding } from '../model/finding.ts';
import { showPlace } from '../model/place.ts';
import { palette } from './text-palette.ts';
import { counted } from './units.ts';
import { visible } from './visible.ts';
import { flow, indent, wrap } from './wrap.ts';

const WIDTH = 100;

/** Two lines or more for each: severity, rule and place, then the message. No escape codes without `colour`. */
export function renderFindings(
  findings: readonly Finding[],
  { colour }: { readonly colour: boolean },
): string {
  const colours = palette(colour);
  return findings
    .map(({ severity, rule, message, place }) => {
      const isError = severity === 'error';
      const head = `${isError ? '✗' : '!'} ${severity} ${visible(rule)}`;
      const pieces = [
        { text: head, paint: isError ? colours.bad : colours.careful },
        { text: place ? visible(showPlace(place)) : '', paint: colours.quiet },
      ];
      const lines = [...flow(pieces, WIDTH, 4), ...indent(wrap(visible(message), WIDTH - 4), 4)];
      return `${lines.join('\n')}\n`;
    })
    .join('');
}

/** `1 error and 3 warnings`, `no findings`. */
export function countFindings(findings: readonly Finding[]): string {
  const of = (severity: Finding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length;
  const counts = (['error', 'warning'] as const)
    .filter((severity) => of(severity) > 0)
    .map((severity) => counted(of(severity), severity));
  return counts.length > 0 ? counts.join(' and ') : 'no findings';
}
