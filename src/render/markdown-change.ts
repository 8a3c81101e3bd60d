/** Takes a step and gives the lines of a `diff` block that tell what changes in the definition. */
import type { AttributeChange, Change, Step } from '../model/step.ts';
import {
  attributeArrow,
  attributeLabel,
  attributeText,
  definition,
  isLong,
  subject,
} from './describe-change.ts';
import { tellingChanges } from './describe-step.ts';
import { type DiffLine, diffLines } from './text-diff.ts';
import { visible } from './visible.ts';

const WIDTH = 120;
const MARKS = { same: ' ', removed: '-', added: '+' } as const;

/** A line of a `diff` block. */
export function diffMarked({ kind, text }: DiffLine, margin = ''): string {
  return kind === 'cut' ? `@@ ${text} @@` : `${MARKS[kind]} ${margin}${text}`.trimEnd();
}

/** Indented below the part's own line, so that a part that changes is not read as one that comes or goes. */
function attributeLines(attribute: AttributeChange, margin: string): string[] {
  const { name, from, to } = attribute;
  const label = `${margin}${attributeLabel(name)}`;
  if (isLong(attribute, WIDTH)) {
    const lines = diffLines(attributeText(name, from), attributeText(name, to));
    return [`  ${label}:`, ...lines.map((line) => diffMarked(line, margin))];
  }
  if (name === 'position' && from === undefined) return [`! ${label}: ${attributeArrow(attribute)}`];
  const side = (mark: string, value: string | undefined): string[] => {
    const text = visible(attributeText(name, value));
    return text === '' ? [] : [`${mark} ${label}: ${text}`];
  };
  return [...side('-', from), ...side('+', to)];
}

function changeLines(change: Change, step: Step): string[] {
  const lead = subject(change, step);
  if (change.action === 'create') return [`+ ${lead}  ${definition(change)}`.trimEnd()];
  if (change.action === 'drop') return [`- ${lead}  ${definition(change)}`.trimEnd()];
  const lines = change.attributes.flatMap((attribute) =>
    attributeLines(attribute, lead === '' ? '' : '    '),
  );
  return lead === '' ? lines : [`  ${lead}`, ...lines];
}

/** Empty for an object that is created or dropped as a whole. */
export function diffBlock(step: Step): string[] {
  return tellingChanges(step).flatMap((change) => changeLines(change, step));
}
