/** How a user proves who it is, as declared, goes in; the elements that say so in a configuration file come out. */
import type { MethodDeclaration } from '../kinds/user-methods.ts';
import type { XmlElement } from './users-file.ts';

/** The elements of methods with a secret, which is read from the server's environment and never stands in the file. */
const FROM_ENVIRONMENT: ReadonlyMap<string, string> = new Map(
  Object.entries({
    plaintext_password: 'password',
    // Hashes, whatever is declared: the variable of the server holds the hash in hex.
    sha256_password: 'password_sha256_hex',
    sha256_hash: 'password_sha256_hex',
    double_sha1_password: 'password_double_sha1_hex',
    double_sha1_hash: 'password_double_sha1_hex',
    scram_sha256_password: 'password_scram_sha256_hex',
    scram_sha256_hash: 'password_scram_sha256_hex',
  }),
);

const inside = (name: string, content: string): XmlElement => ({ name, content });

function elementOf(method: MethodDeclaration): XmlElement | undefined {
  const { with: type, password, hash, keys, common_names, subject_alt_names, server, realm, scheme } = method;
  const secret = password ?? hash;
  const name = FROM_ENVIRONMENT.get(type);
  if (name !== undefined && secret) return { name, content: [], attributes: { from_env: secret.secret } };
  if (type === 'no_password') return { name: 'no_password', content: [] };
  if (type === 'ldap') return { name: 'ldap', content: [inside('server', server ?? '')] };
  if (type === 'kerberos')
    return { name: 'kerberos', content: realm === undefined ? [] : [inside('realm', realm)] };
  if (type === 'http') {
    const content = [inside('server', server ?? ''), inside('scheme', (scheme ?? 'basic').toLowerCase())];
    return { name: 'http_authentication', content };
  }
  if (type === 'ssl_certificate') {
    const names = (common_names ?? []).map((text) => inside('common_name', text));
    const others = (subject_alt_names ?? []).map((text) => inside('subject_alt_name', text));
    return { name: 'ssl_certificates', content: [...names, ...others] };
  }
  if (type !== 'ssh_key') return undefined;
  const content = (keys ?? []).map(({ key, type: algorithm }) => ({
    name: 'ssh_key',
    content: [inside('type', algorithm), inside('base64_key', key)],
  }));
  return { name: 'ssh_keys', content };
}

/** The reason why a file has no word for the methods, or their elements. */
export function authenticationElements(
  methods: readonly MethodDeclaration[],
): { readonly reason: string } | readonly XmlElement[] {
  const salted = methods.find(({ salt }) => salt !== undefined);
  if (salted) return { reason: `a configuration file has no word for the salt of ${salted.with}` };
  const elements = methods.map(elementOf);
  const at = elements.indexOf(undefined);
  if (at >= 0) return { reason: `a configuration file has no word for ${methods[at]?.with}` };
  return elements.filter((element) => element !== undefined);
}
