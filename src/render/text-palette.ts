/** Takes whether colour is wanted and gives the few colours, and the signs, that every terminal report uses. */
import picocolors from 'picocolors';
import type { Step, Verdict } from '../model/step.ts';

type Paint = (text: string) => string;

export interface Palette {
  readonly plain: Paint;
  readonly strong: Paint;
  /** For what is there to be found, not to be read. */
  readonly quiet: Paint;
  readonly good: Paint;
  readonly careful: Paint;
  readonly bad: Paint;
  readonly deep: Paint;
}

const plain: Paint = (text) => text;

export function palette(colour: boolean): Palette {
  const { bold, dim, green, yellow, red, magenta } = picocolors.createColors(colour);
  return { plain, strong: bold, quiet: dim, good: green, careful: yellow, bad: red, deep: magenta };
}

const SIGNS = { create: '+', alter: '~', replace: '±', rename: '→', drop: '-', repair: '≈' } as const;

/** `+` create, `~` alter, `±` replace, `→` rename, `-` drop, `≈` repair, `!` by hand. */
export function signOf({ action, verdict }: Step): string {
  return verdict === 'manual' ? '!' : SIGNS[action];
}

export function signPaint({ action, verdict }: Step, colours: Palette): Paint {
  if (verdict === 'manual') return colours.bad;
  return {
    create: colours.good,
    alter: colours.careful,
    replace: colours.deep,
    rename: colours.careful,
    drop: colours.bad,
    repair: colours.careful,
  }[action];
}

export function verdictPaint(verdict: Verdict, colours: Palette): Paint {
  return {
    metadata: colours.quiet,
    mutation: colours.careful,
    rebuild: colours.deep,
    destructive: colours.bad,
    manual: colours.bad,
  }[verdict];
}
