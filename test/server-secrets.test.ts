/** What the environment of an embedded server holds for the users that its file has. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serverSecrets } from '../src/embedded/server-secrets.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('hashes of passwords, hashes as they are, and something that nobody knows', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-secrets-'));
  try {
    expect(serverSecrets(folder, { A: 'a' })).toEqual({});
    await mkdir(join(folder, 'users.d'));
    const elements = ['sha256_hex', 'sha256_hex', 'double_sha1_hex', 'sha256_hex'].map(
      (kind, at) => `<password_${kind} from_env="${'ABCD'[at]}"/>`,
    );
    await writeFile(
      join(folder, 'users.d', 'plumbline.xml'),
      `${elements.join('\n')}\n<password from_env="E"/>`,
    );
    const found = serverSecrets(folder, { A: 'secret', B: sha256('b'), C: 'secret', E: 'a<b&c' });
    expect(found).toMatchObject({
      A: sha256('secret'),
      B: sha256('b'),
      // What MySQL keeps as the double SHA-1 of this password.
      C: '14e65567abdb5135d0cfd9a70b3032c179a49ee7',
      E: 'a&lt;b&amp;c',
    });
    expect(found.D).toMatch(/^[0-9a-f]{64}$/);
    expect(serverSecrets(folder, {}).D).not.toBe(found.D);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
