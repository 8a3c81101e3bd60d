/** Settings with constraints and inherited profiles, as users, roles and profiles have them: declarations and rows go in, SQL comes out. */
import { Cursor, ParseError } from '../sql/cursor.ts';
import { identifier, literal, unquote } from '../sql/quote.ts';
import { readNameList } from './access-names.ts';
import { type AccessRow, textOf } from './access-row.ts';
import { said } from './said.ts';

export type SettingDeclaration =
  | string
  | {
      readonly value?: string;
      readonly min?: string;
      readonly max?: string;
      readonly writability?: 'writable' | 'const' | 'changeable_in_readonly';
    };

export interface ElementsDeclaration {
  readonly settings?: Readonly<Record<string, SettingDeclaration>>;
  /** Called `inherit` by settings profiles. */
  readonly profiles?: readonly string[];
}

export type Elements = Readonly<{
  /** By name: `= '1' MIN '0' MAX '2' CONST`, each piece only where it is said. */
  settings: Readonly<Record<string, string>>;
  /** Quoted names in the order in which they are inherited; undefined where there are none. */
  profiles: string | undefined;
}>;

/** `PROFILE` in what users and roles say, `INHERIT` in profiles. */
type ProfileWord = 'PROFILE' | 'INHERIT';

const WRITABILITY = ['WRITABLE', 'CONST', 'CHANGEABLE_IN_READONLY'] as const;

/** Always texts: of a number servers make no text where a setting wants one. */
function elementText(
  value: string | undefined,
  min: string | undefined,
  max: string | undefined,
  writability: string | undefined,
): string {
  return [
    value !== undefined && `= ${literal(value)}`,
    min !== undefined && `MIN ${literal(min)}`,
    max !== undefined && `MAX ${literal(max)}`,
    writability,
  ]
    .filter(Boolean)
    .join(' ');
}

const sorted = (entries: readonly (readonly [string, string])[]): Record<string, string> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

export function declareElements({ settings = {}, profiles = [] }: ElementsDeclaration): Elements {
  const entries = Object.entries(settings).map(([name, declared]): [string, string] => {
    const { value, min, max, writability } =
      typeof declared === 'string' ? { value: declared } : (declared as Exclude<SettingDeclaration, string>);
    return [name, elementText(value, min, max, writability?.toUpperCase())];
  });
  return { settings: sorted(entries), profiles: profiles.map(identifier).join(', ') || undefined };
}

/** `SETTINGS PROFILE …, name = value …`, with a blank before it; empty where there is nothing to say. */
export function elementsText({ settings, profiles }: Elements, word: ProfileWord = 'PROFILE'): string {
  const inherited =
    profiles === undefined
      ? []
      : readNameList(new Cursor(profiles)).map((name) => `${word} ${identifier(name)}`);
  const list = [...inherited, ...Object.entries(settings).map(([name, text]) => `${name} ${text}`)];
  return list.length > 0 ? ` SETTINGS ${list.join(', ')}` : '';
}

/**
 * The same from the rows of `system.settings_profile_elements` of one object: profiles in their order, settings by name. A profile
 * that is inherited behind settings overrides them, so then all stays in its order, and is not understood.
 */
export function elementsOfRows(rows: readonly AccessRow[], word: ProfileWord = 'PROFILE'): string {
  const ordered = [...rows].sort((a, b) => Number(a.index) - Number(b.index));
  const isProfile = (row: AccessRow): boolean => textOf(row, 'inherit_profile') !== undefined;
  const [profiles, settings] = [ordered.filter(isProfile), ordered.filter((row) => !isProfile(row))];
  const inOrder = profiles.every((row, at) => row === ordered[at]);
  const name = (row: AccessRow): string => textOf(row, 'setting_name') ?? '';
  const byName = [...settings].sort((a, b) => (name(a) < name(b) ? -1 : 1));
  const list = (inOrder ? [...profiles, ...byName] : ordered).map((row) => {
    const profile = textOf(row, 'inherit_profile');
    if (profile !== undefined) return `${word} ${identifier(profile)}`;
    const text = (column: string): string | undefined => textOf(row, column);
    const readonly = text('readonly');
    const writability =
      text('writability') ??
      (readonly === undefined ? undefined : Number(readonly) === 1 ? 'CONST' : 'WRITABLE');
    return `${name(row)} ${elementText(text('value'), text('min'), text('max'), writability)}`;
  });
  return list.length > 0 ? ` SETTINGS ${list.join(', ')}` : '';
}

interface Constraints {
  value?: string;
  min?: string;
  max?: string;
  writability?: string;
}

function readElement(cursor: Cursor): Constraints {
  const words = ['MIN', 'MAX', 'TO', ...WRITABILITY];
  const value = (): string => {
    const text = cursor.expression(() => words.some((word) => cursor.sees(word)));
    return text.startsWith("'") ? unquote(text) : text;
  };
  const element: Constraints = {};
  for (;;) {
    if (cursor.takes('=')) element.value = value();
    else if (cursor.takes('MIN')) element.min = value();
    else if (cursor.takes('MAX')) element.max = value();
    else {
      const found = WRITABILITY.find((word) => cursor.takes(word));
      if (found === undefined) return element;
      element.writability = found;
    }
  }
}

/** Takes what {@link elementsText} writes. Throws {@link ParseError} for orders that it does not write. */
export function readElements(cursor: Cursor, word: ProfileWord = 'PROFILE'): Elements {
  const profiles: string[] = [];
  const settings = new Map<string, string>();
  if (cursor.takes('SETTINGS')) {
    do {
      if (cursor.takes(word)) {
        if (settings.size > 0) throw new ParseError('it inherits a profile behind settings of its own');
        profiles.push(cursor.name());
        continue;
      }
      const name = cursor.name();
      if (settings.has(name)) throw new ParseError(`it says ${name} twice`);
      const { value, min, max, writability } = readElement(cursor);
      settings.set(name, elementText(value, min, max, writability));
    } while (cursor.takes(','));
  }
  return { settings: sorted([...settings]), profiles: profiles.map(identifier).join(', ') || undefined };
}

const readSetting = (text: string): Constraints => readElement(new Cursor(text));

/** The keys `settings` and `profiles` of a declaration, where there is something to say. */
export function describeElements({ settings, profiles }: Elements): {
  readonly settings: ReadonlyMap<string, SettingDeclaration> | undefined;
  readonly profiles: readonly string[] | undefined;
} {
  const described = Object.entries(settings).map(([name, text]): [string, SettingDeclaration] => {
    const { value, min, max, writability } = readSetting(text);
    const constraints = said({ min, max, writability: writability?.toLowerCase() });
    const isPlain = value !== undefined && Object.keys(constraints).length === 0;
    return [name, isPlain ? value : (said({ value, ...constraints }) as SettingDeclaration)];
  });
  return {
    settings: described.length > 0 ? new Map(described) : undefined,
    profiles: profiles === undefined ? undefined : readNameList(new Cursor(profiles)),
  };
}

const SUFFIXES = 'KMGTP';

/** Values that servers take for the same: `10G` and `10000000000`, `true` and `1`, `auto` and `auto(8)`. */
function meaning(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (/^(true|false)$/i.test(value)) return /^true$/i.test(value) ? '1' : '0';
  if (/^'?auto(\(\d+\))?'?$/.test(value)) return 'auto';
  const [, digits, suffix = '', binary] = /^(\d+)([KMGTP])(i?)$/.exec(value) ?? [];
  if (digits !== undefined)
    return String(BigInt(digits) * BigInt(binary ? 1024 : 1000) ** BigInt(SUFFIXES.indexOf(suffix) + 1));
  return /^-?\d*\.\d*$/.test(value) ? String(Number(value)) : value;
}

/** Whether two mappings of settings mean the same. */
export function sameSettings(live: Elements['settings'], desired: Elements['settings']): boolean {
  const names = Object.keys(live);
  if (names.length !== Object.keys(desired).length) return false;
  return names.every((name) => {
    const [text, other] = [live[name], desired[name]];
    if (text === undefined || other === undefined) return false;
    const [a, b] = [readSetting(text), readSetting(other)];
    return (
      (['value', 'min', 'max'] as const).every((key) => meaning(a[key]) === meaning(b[key])) &&
      a.writability === b.writability
    );
  });
}
