/** A name of a database or an object goes in; a file name comes out that every file system takes and no other name gets. */
import { createHash } from 'node:crypto';

/** Lower case only: a file system may take `Orders` and `orders` for one name. */
const PLAIN = /^[a-z0-9_][a-z0-9_-]{0,79}$/;
/** Names that Windows keeps for devices. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/;

const HASH_LENGTH = 12;
const READABLE_LENGTH = 40;

/** The name itself where it is plain, else what can be read of it and a digest, behind a dot that no plain name has. */
export function fileNameOf(name: string): string {
  if (PLAIN.test(name) && !DEVICE.test(name)) return name;
  const readable = name
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, READABLE_LENGTH);
  const digest = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH);
  return `${readable || 'object'}.${digest}`;
}
