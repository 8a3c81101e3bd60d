/** How users prove who they are: declarations and rows of a server go in, canonical SQL comes out, and what a declaration would say. */
import { Cursor, ParseError } from '../sql/cursor.ts';
import { literal, unquote } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';
import { type AccessRow, listOf } from './access-row.ts';
import { said } from './said.ts';
import {
  isHidden,
  type SecretReference,
  STALE,
  secretLiteral,
  secretsIn,
  suggestedSecret,
} from './secret.ts';

export interface MethodDeclaration {
  readonly with: string;
  readonly password?: SecretReference;
  readonly hash?: SecretReference;
  readonly salt?: SecretReference;
  readonly keys?: readonly { readonly key: string; readonly type: string }[];
  readonly common_names?: readonly string[];
  readonly subject_alt_names?: readonly string[];
  readonly server?: string;
  readonly realm?: string;
  readonly scheme?: string;
}

/** One method as a statement says it: pieces of words and strings behind its name. */
interface Method {
  readonly type: string;
  readonly password?: string;
  readonly salt?: string;
  readonly keys?: readonly { readonly key: string; readonly type: string }[];
  readonly names?: { readonly word: 'CN' | 'SAN'; readonly list: readonly string[] };
  readonly server?: string;
  readonly realm?: string;
  readonly scheme?: string;
}

const HIDDEN = '[HIDDEN]';

/** Servers show a list of strings in any order. */
const strings = (list: readonly string[]): string => [...list].sort().map(literal).join(', ');

function methodText({ type, password, salt, keys, names, server, realm, scheme }: Method): string {
  return [
    type,
    password !== undefined && `BY ${literal(password)}`,
    salt !== undefined && `SALT ${literal(salt)}`,
    keys && `BY ${keys.map(({ key, type }) => `KEY ${literal(key)} TYPE ${literal(type)}`).join(', ')}`,
    names && `${names.word} ${strings(names.list)}`,
    server !== undefined && `SERVER ${literal(server)}`,
    realm !== undefined && `REALM ${literal(realm)}`,
    scheme !== undefined && `SCHEME ${literal(scheme.toUpperCase())}`,
  ]
    .filter(Boolean)
    .join(' ');
}

const markOf = (reference: SecretReference): string => unquote(secretLiteral(reference));

function declareMethod(declared: MethodDeclaration): Method {
  const {
    with: type,
    password,
    hash,
    salt,
    keys,
    common_names,
    subject_alt_names,
    server,
    realm,
    scheme,
  } = declared;
  const secret = password ?? hash;
  const list = common_names ?? subject_alt_names;
  return said({
    type,
    password: secret && markOf(secret),
    salt: salt && markOf(salt),
    keys,
    names: list && { word: common_names ? ('CN' as const) : ('SAN' as const), list },
    server,
    realm,
    scheme,
  }) as Method;
}

export function declareMethods(declared: MethodDeclaration | readonly MethodDeclaration[]): string {
  return [declared]
    .flat()
    .map((one) => methodText(declareMethod(one as MethodDeclaration)))
    .join(', ');
}

/** What a server shows of a method: its type, and of few types what they ask. */
function methodOfRow(type: string, parameters: string): Method {
  const shown = JSON.parse(parameters || '{}') as Readonly<Record<string, unknown>>;
  const text = (key: string): string | undefined => (shown[key] ? String(shown[key]) : undefined);
  const list = (key: string): string[] | undefined =>
    Array.isArray(shown[key]) ? shown[key].map(String) : undefined;
  const [cn, san] = [list('common_names'), list('subject_alt_names')];
  if (type.endsWith('_password') && type !== 'no_password') return { type, password: HIDDEN };
  if (type === 'ssh_key') return { type, keys: [{ key: HIDDEN, type: HIDDEN }] };
  if (type === 'http') return { type, server: text('server') ?? HIDDEN, scheme: text('scheme') ?? HIDDEN };
  if (type === 'ssl_certificate')
    return { type, names: cn ? { word: 'CN', list: cn } : { word: 'SAN', list: san ?? [] } };
  return said({ type, server: text('server'), realm: text('realm') }) as Method;
}

/** From the columns `auth_type` and `auth_params`; older servers show one method. */
export function methodsOfRow(row: AccessRow): string {
  const parameters = listOf(row, 'auth_params');
  return listOf(row, 'auth_type')
    .map((type, at) => methodText(methodOfRow(type, parameters[at] ?? '')))
    .join(', ');
}

function readStrings(cursor: Cursor): string[] {
  const list = [cursor.string()];
  while (cursor.sees(',') && cursor.peek(1)?.kind === 'string') {
    cursor.expect(',');
    list.push(cursor.string());
  }
  return list;
}

function readKeys(cursor: Cursor): { key: string; type: string }[] {
  const keys: { key: string; type: string }[] = [];
  do {
    cursor.expect('KEY');
    const key = cursor.string();
    cursor.expect('TYPE');
    keys.push({ key, type: cursor.string() });
  } while (cursor.sees(', KEY') && cursor.takes(','));
  return keys;
}

function readMethod(cursor: Cursor): Method {
  const type = cursor.name();
  if (cursor.takes('BY')) {
    if (cursor.sees('KEY')) return { type, keys: readKeys(cursor) };
    const password = cursor.string();
    return cursor.takes('SALT') ? { type, password, salt: cursor.string() } : { type, password };
  }
  if (cursor.takes('CN')) return { type, names: { word: 'CN', list: readStrings(cursor) } };
  if (cursor.takes('SAN')) return { type, names: { word: 'SAN', list: readStrings(cursor) } };
  const server = cursor.takes('SERVER') ? cursor.string() : undefined;
  const realm = cursor.takes('REALM') ? cursor.string() : undefined;
  const scheme = cursor.takes('SCHEME') ? cursor.string() : undefined;
  return said({ type, server, realm, scheme }) as Method;
}

function readAll(cursor: Cursor): Method[] {
  const methods = [readMethod(cursor)];
  while (cursor.takes(',')) methods.push(readMethod(cursor));
  return methods;
}

/** Takes methods with commas between them, as {@link declareMethods} writes them. */
export function readMethods(cursor: Cursor): string {
  return readAll(cursor).map(methodText).join(', ');
}

const methodsIn = (text: string): Method[] => readAll(new Cursor(text));

/** A server shows no secret, and calls a method that was given as a hash by the name of the password's. */
function sameMethod(live: Method, desired: Method): boolean {
  const shown = ({ type, names, server, realm, scheme }: Method): Method =>
    said({ type: type.replace(/_hash$/, '_password'), names, server, realm, scheme }) as Method;
  const [a, b] = [shown(live), shown(desired)];
  const hides = live.server !== undefined && isHidden(live.server);
  return hides ? a.type === b.type : methodText(a) === methodText(b);
}

/** Whether two texts mean the same methods, as far as a server shows them; what has to be written again never does. */
export function sameMethods(live: string, desired: string): boolean {
  if (live.includes(STALE)) return false;
  const [before, after] = [methodsIn(live), methodsIn(desired)];
  return (
    before.length === after.length && before.every((method, at) => sameMethod(method, after[at] as Method))
  );
}

/** The live methods as if each secret of them had to be written again. */
export function staleMethods(live: string): string {
  return live.replaceAll(HIDDEN, STALE);
}

/** What a declaration says of these methods. Throws {@link ParseError} where a server does not show enough. */
export function describeMethods(
  text: string,
  path: readonly string[],
): MethodDeclaration | readonly MethodDeclaration[] {
  const described = methodsIn(text).map(
    ({ type, password, salt, keys, names, server, realm, scheme }, at, all) => {
      if (isHidden(`${server} ${keys?.map(({ key }) => key)}`))
        throw new ParseError(`the server does not show what its ${type} asks; declare it by hand`);
      const number = all.length > 1 ? [String(at + 1)] : [];
      const reference = (value: string | undefined, what: string): SecretReference | undefined => {
        if (value === undefined) return undefined;
        const [known] = secretsIn(literal(value));
        return { secret: known ?? suggestedSecret([...path, what, ...number]) };
      };
      const isHash = type.endsWith('_hash');
      return said({
        with: type,
        password: isHash ? undefined : reference(password, 'password'),
        hash: isHash ? reference(password, 'hash') : undefined,
        salt: reference(salt, 'salt'),
        keys,
        common_names: names?.word === 'CN' ? names.list : undefined,
        subject_alt_names: names?.word === 'SAN' ? names.list : undefined,
        server,
        realm,
        scheme,
      }) as MethodDeclaration;
    },
  );
  const [only] = described;
  return described.length === 1 && only ? only : described;
}

/** Where in a statement about a user servers hide what stands there: the strings behind BY and SALT. */
export function maskedInUser(statement: string): { readonly start: number; readonly end: number }[] {
  const tokens = tokenize(statement);
  return tokens.filter(({ kind }, at) => kind === 'string' && /^(BY|SALT)$/.test(tokens[at - 1]?.text ?? ''));
}
