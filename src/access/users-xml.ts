/** What a `users.d` file is to say goes in; its text comes out, the same for the same content. */
import { XMLBuilder } from 'fast-xml-parser';
import type {
  UsersFile,
  XmlElement,
  XmlFilter,
  XmlInterval,
  XmlProfile,
  XmlQuota,
  XmlSetting,
  XmlUser,
} from './users-file.ts';

/** A name that stands as an element. Dots come back with a backslash before them, everything else is no XML. */
const ELEMENT_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** XML has no place for most control characters; the others it changes, as a configuration does with `${…}`. */
const UNWRITABLE = /[\p{Cc}\p{Cs}\uFFFE\uFFFF]|\$\{/u;

/** Why a configuration file has no place for this name of a user, role, profile or quota; undefined where it has one. */
export function unwritableName(name: string): string | undefined {
  if (ELEMENT_NAME.test(name)) return undefined;
  return 'its name is no XML element of letters, digits, `_` and `-`';
}

/** Why a configuration file can't hold this text as it is; undefined where it can. */
export function unwritableText(text: string): string | undefined {
  if (!UNWRITABLE.test(text)) return undefined;
  return text.includes('${')
    ? 'it holds `${`, which ClickHouse replaces in configuration files'
    : 'it holds control characters, which XML has no place for';
}

const element = (
  name: string,
  content: XmlElement['content'] = [],
  attributes?: XmlElement['attributes'],
): XmlElement => ({ name, content, ...(attributes && { attributes }) });

/** Other files may speak of the same name: this one counts alone. */
const ALONE = { replace: 'replace' };

/** Servers of every version understand a plain element; an attribute takes the names that are none. */
function named(word: 'database' | 'table', name: string, content: readonly XmlElement[]): XmlElement {
  return ELEMENT_NAME.test(name) ? element(name, content) : element(word, content, { name });
}

function filterElements(filters: readonly XmlFilter[]): XmlElement[] {
  const databases = [...new Set(filters.map(({ database }) => database))];
  const inside = databases.map((database) =>
    named(
      'database',
      database,
      filters
        .filter((filter) => filter.database === database)
        .map(({ table, filter }) => named('table', table, [element('filter', filter)])),
    ),
  );
  return inside.length > 0 ? [element('databases', inside)] : [];
}

/** A user without `<grants>` may do everything, and one with an empty one nothing. */
function grantsElement(grants: readonly string[]): XmlElement {
  return element(
    'grants',
    grants.map((text) => element('query', text)),
  );
}

function userElement(user: XmlUser): XmlElement {
  const [only, ...more] = user.authentication;
  const methods = user.authentication.map((method, at) => element(`method_${at + 1}`, [method]));
  const { networks, profile, quota, defaultDatabase } = user;
  const content = [
    ...(more.length > 0 ? [element('auth_methods', methods)] : only ? [only] : []),
    ...(networks
      ? [
          element(
            'networks',
            networks.map(([name, value]) => element(name, value)),
          ),
        ]
      : []),
    ...(profile === undefined ? [] : [element('profile', profile)]),
    ...(quota === undefined ? [] : [element('quota', quota)]),
    ...(defaultDatabase === undefined ? [] : [element('default_database', defaultDatabase)]),
    grantsElement(user.grants),
    ...filterElements(user.filters),
  ];
  return element(user.name, content, ALONE);
}

function constraintElements({ name, min, max, writability }: XmlSetting): XmlElement[] {
  const inside = [
    ...(min === undefined ? [] : [element('min', min)]),
    ...(max === undefined ? [] : [element('max', max)]),
    ...(writability === undefined ? [] : [element(writability)]),
  ];
  return inside.length > 0 ? [element(name, inside)] : [];
}

function profileElement({ name, inherit, settings, isShared }: XmlProfile): XmlElement {
  const values = settings.flatMap(({ name: setting, value }) =>
    value === undefined ? [] : [element(setting, value)],
  );
  const constraints = settings.flatMap(constraintElements);
  const content = [
    ...inherit.map((parent) => element('profile', parent)),
    ...values,
    ...(constraints.length > 0 ? [element('constraints', constraints)] : []),
  ];
  return element(name, content, isShared ? undefined : ALONE);
}

function intervalElement({ seconds, randomized, limits }: XmlInterval): XmlElement {
  return element('interval', [
    element('duration', String(seconds)),
    ...(randomized ? [element('randomize', '1')] : []),
    ...Object.entries(limits).map(([what, most]) => element(what, most)),
  ]);
}

function quotaElement({ name, keyed, intervals }: XmlQuota): XmlElement {
  return element(name, [...(keyed ? [element(keyed)] : []), ...intervals.map(intervalElement)], ALONE);
}

/** As fast-xml-parser wants it where order counts and names repeat. */
function ordered({ name, content, attributes }: XmlElement): object {
  const inside = typeof content === 'string' ? [{ '#text': content }] : content.map(ordered);
  return { [name]: inside, ...(attributes && { ':@': attributes }) };
}

const builder = new XMLBuilder({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
  format: true,
});

/** The file as text. Names and texts must be writable (`unwritableName`, `unwritableText`). */
export function usersXml({ users, roles, profiles, quotas }: UsersFile): string {
  const sections = [
    element('profiles', profiles.map(profileElement)),
    element('quotas', quotas.map(quotaElement)),
    element(
      'roles',
      roles.map(({ name, grants }) => element(name, [grantsElement(grants)], ALONE)),
    ),
    element('users', users.map(userElement)),
  ].filter(({ content }) => content.length > 0);
  return `${builder.build([ordered(element('clickhouse', sections))]).trim()}\n`;
}
