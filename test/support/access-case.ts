/** A folder of test/corpus-access goes in; its declarations, by the folder they belong in, and what is asked of the server come out. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Estate } from '../../src/model/estate.ts';
import type { Place } from '../../src/model/place.ts';

export type State = 'before' | 'after';

export interface AccessCase {
  readonly name: string;
  readonly folder: string;
  readonly texts: Readonly<Record<State, string>>;
  /** Names of its users, roles, profiles and quotas, also of those that a file makes of them. */
  readonly names: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
  /** Statements that fill its tables. */
  readonly data: readonly string[];
  /** `-- user` and a query below it, each. */
  readonly asks: string;
}

const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

const namedIn = (text: string): string[] =>
  [...text.matchAll(/^kind: (\w+)\n(?:.+\n)*?name: (\S+)$/gm)].flatMap(([, kind = '', name = '']) => {
    if (kind === 'Tenant') return [`tenant_${name}`, `${name}_app`];
    return [name];
  });

/** The profile that all begin with, where the case gives them another one. */
const forAll = (text: string): string[] =>
  /^kind: SettingsProfile$[^-]*^to: all$/m.test(text) ? ['default'] : [];

export function accessCase(folder: string, name: string): AccessCase {
  const texts = { before: read(join(folder, 'before.yaml')), after: read(join(folder, 'after.yaml')) };
  const both = texts.before + texts.after;
  const names = [...namedIn(both), ...forAll(both)].flatMap((one) => [
    one,
    `settings_of_user_${one}`,
    `settings_of_role_${one}`,
  ]);
  const secrets = [...both.matchAll(/secret: (\w+)/g)].map(([, secret = '']) => secret);
  const data = read(join(folder, 'data.sql'))
    .split(/;\s*\n/)
    .filter((statement) => statement.trim() !== '');
  return {
    ...{ name, folder, texts, names: new Set(names), secrets: new Set(secrets) },
    ...{ data, asks: read(join(folder, 'ask.sql')) },
  };
}

/** The documents that `isWanted` says, on their own lines. */
function only(text: string, isWanted: (document: string) => boolean): string {
  return text
    .split(/^(?=---$)/m)
    .map((document) => (isWanted(document) ? document : document.replace(/.+/g, '')))
    .join('');
}

/** By path below the estate. Tenants have a folder of their own. */
export function filesOf({ name, texts }: AccessCase, state: State): Record<string, string> {
  const isTenant = (document: string): boolean => /^kind: Tenant$/m.test(document);
  const [tenants, others] = [true, false].map((wanted) =>
    only(texts[state], (document) => isTenant(document) === wanted),
  );
  return {
    [`schemas/${name}.yaml`]: others ?? '',
    ...(tenants?.trim() && { [`tenants/${name}.yaml`]: tenants }),
  };
}

/** What is declared for this case alone, out of an estate of several. */
export function ofCase(estate: Estate, { name }: AccessCase, isWanted = true): Estate {
  const isIn = (place: Place | undefined): boolean => place?.file.endsWith(`/${name}.yaml`) === isWanted;
  const { objects, tenants = [], absent = [] } = estate;
  return {
    ...estate,
    objects: objects.filter(({ tree }) => isIn(tree.root.place)),
    tenants: tenants.filter(({ place }) => isIn(place)),
    absent: absent.filter(({ place }) => isIn(place)),
  };
}

/** An estate in which one case is as another estate has it. */
export function withCase(estate: Estate, one: AccessCase, other: Estate): Estate {
  const [rest, own] = [ofCase(estate, one, false), ofCase(other, one)];
  return {
    ...rest,
    objects: [...rest.objects, ...own.objects],
    tenants: [...(rest.tenants ?? []), ...(own.tenants ?? [])],
    absent: [...(rest.absent ?? []), ...(own.absent ?? [])],
  };
}
