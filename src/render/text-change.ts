/** Takes one object's change and gives the lines that tell it on a terminal. */
import type { AttributeChange, Change, Step } from '../model/step.ts';
import {
  attributeArrow,
  attributeLabel,
  attributeText,
  definition,
  isLong,
  subject,
} from './describe-change.ts';
import { type DiffLine, diffLines } from './text-diff.ts';
import type { Palette } from './text-palette.ts';
import { visiblePlace } from './visible.ts';
import { flow, indent } from './wrap.ts';

const MARKS = { same: '  ', removed: '- ', added: '+ ', cut: '… ' } as const;

/** A line with its mark. */
export function diffText({ kind, text }: DiffLine, colours: Palette): string {
  const paint = { same: colours.plain, removed: colours.bad, added: colours.good, cut: colours.quiet }[kind];
  return paint(`${MARKS[kind]}${text}`.trimEnd());
}

/** The lines in which two values of an attribute differ, each with its mark. */
export function attributeDiff({ name, from, to }: AttributeChange, colours: Palette): string[] {
  return diffLines(attributeText(name, from), attributeText(name, to)).map((line) => diffText(line, colours));
}

function altered(lead: string, change: Change, colours: Palette, width: number): string[] {
  const sign = colours.careful('~');
  const [only, ...others] = change.attributes;
  const inner = width - 4;
  if (
    lead !== '' &&
    only &&
    others.length === 0 &&
    !isLong(only, width - lead.length - only.name.length - 8)
  ) {
    return [`${sign} ${lead}  ${attributeLabel(only.name)}: ${attributeArrow(only)}`];
  }
  const own = lead === '';
  const lines = change.attributes.flatMap((attribute) => {
    const label = `${own ? `${sign} ` : ''}${attributeLabel(attribute.name)}`;
    if (!isLong(attribute, inner - attribute.name.length - 2))
      return [`${label}: ${attributeArrow(attribute)}`];
    return [label, ...indent(attributeDiff(attribute, colours), own ? 4 : 2)];
  });
  return own ? lines : [`${sign} ${lead}`, ...indent(lines, 4)];
}

/** `+ column note  String DEFAULT ''`, `~ column total  type: UInt32 → UInt64`, `- column old  UInt8`. */
export function changeLines(change: Change, step: Step, colours: Palette, width: number): string[] {
  const lead = subject(change, step);
  if (change.action !== 'create' && change.action !== 'drop') return altered(lead, change, colours, width);
  const comes = change.action === 'create';
  const { place } = change;
  const elsewhere = comes && place && place.line !== step.place?.line ? visiblePlace(place) : '';
  const paint = comes ? colours.good : colours.bad;
  const pieces = [
    {
      text: `${comes ? '+' : '-'} ${lead}`,
      paint: (text: string) => `${paint(text.slice(0, 1))}${text.slice(1)}`,
    },
    { text: definition(change), paint: colours.plain },
    { text: elsewhere, paint: colours.quiet },
  ];
  return flow(pieces, width, 4);
}
