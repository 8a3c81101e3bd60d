/** Remembers which declared texts were found equal to which live texts, so that nobody asks the server twice. */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasSecret } from '../kinds/secret.ts';
import type { Engines } from '../model/estate.ts';
import type { State } from '../model/state.ts';
import { VERSION } from '../model/version.ts';
import type { ServerFacts } from './read.ts';

/** Raised whenever the rules of comparison change: what older ones found equal may no longer be. */
const RULES = `47 ${VERSION}`;

export interface Settled {
  has(server: string, declared: string, live: string): boolean;
  add(server: string, declared: string, live: string): void;
  /** Writes what was asked for or added in this run; a place that can't be written costs the next run some time only. */
  save(): void;
}

const digest = (text: string): string => createHash('sha1').update(text).digest('base64url');

/**
 * Servers of one class store a definition alike, and mean the same by it; calls of SQL functions become their bodies in what
 * is stored.
 */
export function serverClass(facts: ServerFacts, engines: Engines, live: State): string {
  const functions = [...live.values()].filter(({ id }) => id.kind === 'function');
  const bodies = functions.map(({ statement }) => statement).sort();
  return digest(JSON.stringify([facts.version, facts.indexGranularity, facts.settingsHash, engines, bodies]));
}

/** As if nothing that holds a secret had ever been found equal. */
export function withoutSecrets(settled: Settled): Settled {
  return {
    ...settled,
    has: (server, declared, live) => !hasSecret(declared) && settled.has(server, declared, live),
  };
}

function load(file: string): Set<string> {
  try {
    const { rules, pairs } = JSON.parse(readFileSync(file, 'utf8')) as { rules: unknown; pairs: unknown };
    return new Set(rules === RULES && Array.isArray(pairs) ? (pairs as string[]) : []);
  } catch {
    return new Set();
  }
}

export function openSettled(file: string): Settled {
  const known = load(file);
  const used = new Set<string>();
  const pair = (server: string, declared: string, live: string): string =>
    digest(`${server}\0${declared}\0${live}`);
  return {
    has(server, declared, live) {
      const key = pair(server, declared, live);
      if (known.has(key)) used.add(key);
      return used.has(key);
    },
    add: (server, declared, live) => used.add(pair(server, declared, live)),
    save() {
      if (used.size === known.size && [...used].every((key) => known.has(key))) return;
      try {
        mkdirSync(dirname(file), { recursive: true });
        const draft = `${file}.${process.pid}`;
        writeFileSync(draft, JSON.stringify({ rules: RULES, pairs: [...used].sort() }));
        renameSync(draft, file);
      } catch (error) {
        if (!['EACCES', 'EROFS', 'ENOSPC', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? ''))
          throw error;
      }
    },
  };
}
