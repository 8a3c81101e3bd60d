/** The hidden first line of a plan comment, which says what the comment is about and seals its text: written and read. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Raised when an older reader could misunderstand a comment. */
const COMMENT_FORMAT = 1;

/** What a signature holds for: a marker copied to another place is worth nothing there. */
export interface SealPlace {
  /** `owner/name`. */
  readonly repository: string;
  /** The pull request's number. */
  readonly number: number;
  /** `PLUMBLINE_SIGNING_KEY`, where one is configured. */
  readonly key: string | undefined;
}

export interface Marker {
  /** The estate's folder inside the repository, `.` for its root. */
  readonly estate: string;
  /** The commit that was planned. */
  readonly commit: string;
  /** Of the plan that is shown. */
  readonly digest: string;
  /** When this digest was first shown, `2026-01-31T12:00:00Z`; absent when the comment's last edit brought it. */
  readonly since?: string;
  /** A word that separates the parts of the comment and is in none of them. */
  readonly boundary: string;
}

export type MarkerReading =
  | { readonly status: 'intact'; readonly marker: Marker }
  | { readonly status: 'refused'; readonly marker?: Marker; readonly reason: string }
  | { readonly status: 'none' };

const PREFIX = '<!-- plumbline:plan:';
const LINE = new RegExp(
  [
    '^<!-- plumbline:plan:1 estate=(?<estate>\\S+) commit=(?<commit>[0-9a-f]{40}|[0-9a-f]{64})',
    'digest=(?<digest>[0-9a-f]{32}) since=(?<since>-|\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ)',
    'boundary=(?<boundary>[0-9a-f]{12}) text=(?<text>[0-9a-f]{64}) signature=(?<signature>-|[0-9a-f]{64}) -->$',
  ].join(' '),
);

/** A body without what a web form or a server may change without anybody seeing it: line ends and space before them. */
export function settledText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/[ \t]+$/gm, '')
    .trim();
}

const hashOf = (text: string): string => createHash('sha256').update(settledText(text)).digest('hex');

function fields({ estate, commit, digest, since = '-', boundary }: Marker, text: string): string {
  return `estate=${encodeURIComponent(estate)} commit=${commit} digest=${digest} since=${since} boundary=${boundary} text=${text}`;
}

function signatureOf(unsigned: string, { repository, number, key }: SealPlace): string {
  if (key === undefined) return '-';
  const signed = JSON.stringify(['plumbline', COMMENT_FORMAT, repository.toLowerCase(), number, unsigned]);
  return createHmac('sha256', key).update(signed).digest('hex');
}

/** In a time that does not tell where the two differ. */
function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** Whether a body claims to be a plan comment: only its very first characters count, whatever stands further down. */
export function claimsToBePlan(body: string): boolean {
  return body.startsWith(PREFIX);
}

/** The body with its marker: the first line, sealed over all the text below it. */
export function sealBody(marker: Marker, text: string, place: SealPlace): string {
  const unsigned = fields(marker, hashOf(text));
  return `${PREFIX}${COMMENT_FORMAT} ${unsigned} signature=${signatureOf(unsigned, place)} -->\n\n${text}`;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * What a body's first line says. With a key, a marker is intact when it is signed with it for this repository and pull
 * request, and the text below it is the signed one; nobody without the key can bring that about. Without a key, `intact`
 * only means that nobody edited the text without also writing its new hash: whoever calls this must make sure that the
 * comment is by the token's own identity, and even then people with write access, who can edit all comments, and other
 * workflows of the repository, which share the identity, can forge one.
 */
export function readMarker(body: string, place: SealPlace): MarkerReading {
  if (!claimsToBePlan(body)) return { status: 'none' };
  const [first = '', ...rest] = body.split('\n');
  const line = first.replace(/\r$/, '');
  const groups = LINE.exec(line)?.groups as Record<string, string> | undefined;
  const format = /^<!-- plumbline:plan:(\d{1,9}) /.exec(line)?.[1];
  if (format !== undefined && format !== String(COMMENT_FORMAT)) {
    return { status: 'refused', reason: `its marker has format ${format}; this version reads format 1` };
  }
  const estate = decode(groups?.estate ?? '%');
  if (!groups || estate === undefined || encodeURIComponent(estate) !== groups.estate) {
    return { status: 'refused', reason: 'its marker was changed: it is not as Plumbline writes it' };
  }
  const { commit = '', digest = '', since, boundary = '', text = '', signature = '' } = groups;
  const marker: Marker = {
    ...{ estate, commit, digest, boundary },
    ...(since === undefined || since === '-' ? {} : { since }),
  };
  const refuse = (reason: string): MarkerReading => ({ status: 'refused', marker, reason });
  if (place.key !== undefined) {
    if (signature === '-') return refuse('its marker is not signed');
    if (!isSame(signature, signatureOf(fields(marker, text), place))) {
      return refuse('the signature of its marker is not for this text, this pull request and this key');
    }
  }
  if (!isSame(text, hashOf(rest.join('\n')))) return refuse('its text was edited after it was written');
  return { status: 'intact', marker };
}
