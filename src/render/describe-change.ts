/** Takes one object's change inside a step and gives the words in which every report speaks of it. */
import { isInside, keyOf } from '../model/object.ts';
import type { AttributeChange, Change, Step } from '../model/step.ts';
import { literal } from '../sql/quote.ts';
import { visible, visibleId, visiblePath } from './visible.ts';

export const NONE = '(none)';

/** Attributes that make a definition by themselves, so that they need no label: `String DEFAULT ''`. */
const UNLABELLED = new Set(['type', 'value', 'mode', 'expression', 'definition']);

const QUERY = /^[\s(]*(?:SELECT|WITH)\b/i;

/** `order by` for `orderBy`. */
export function attributeLabel(name: string): string {
  return visible(name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
}

/** A value as SQL text: a comment as the literal that it is, everything else as it stands. */
export function attributeText(name: string, value: string | undefined): string {
  return value === undefined ? '' : name === 'comment' ? literal(value) : value;
}

function shown(name: string, value: string | undefined): string {
  return visible(attributeText(name, value)) || NONE;
}

/** `UInt32 → UInt64`, or the new value alone for what is only ever told, such as a position. */
export function attributeArrow({ name, from, to }: AttributeChange): string {
  if (name === 'position' && from === undefined) return shown(name, to);
  return `${shown(name, from)} → ${shown(name, to)}`;
}

/** Whether a difference is read line by line: it is a query's, or too long for one line of `width` characters. */
export function isLong({ name, from = '', to = '' }: AttributeChange, width: number): boolean {
  const texts = [from, to].map((text) => attributeText(name, text));
  return (name !== 'name' && texts.some((text) => QUERY.test(text))) || texts.join(' → ').length > width;
}

/** `column note`; empty for the step's own object. */
export function subject({ object }: Change, step: Step): string {
  if (keyOf(object) === keyOf(step.object)) return '';
  const inside = isInside(object, step.object);
  return inside
    ? `${visible(object.kind)} ${visiblePath(object.path.slice(step.object.path.length))}`
    : visibleId(object);
}

/** All of a part that is created or dropped: `String DEFAULT '' · codec: ZSTD(1)`. */
export function definition({ attributes }: Change): string {
  const words: string[] = [];
  const labelled: string[] = [];
  for (const { name, from, to } of attributes) {
    const text = shown(name, to ?? from);
    if (UNLABELLED.has(name)) words.push(text);
    else labelled.push(`${attributeLabel(name)}: ${text}`);
  }
  return [...(words.length > 0 ? [words.join(' ')] : []), ...labelled].join(' · ');
}
