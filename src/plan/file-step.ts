/** What a node's file should say, how it gets there, and what differs go in; the step that delivers it comes out. */
import { CONFIG_FILE, type FilePath, type Files, type StepFile, USERS_FILE } from '../model/node-file.ts';
import type { ObjectId } from '../model/object.ts';
import type { Place } from '../model/place.ts';
import type { Change, Hazard, Step } from '../model/step.ts';
import { fingerprint } from './fingerprint.ts';

/** `SYSTEM RELOAD CONFIG` does not read the users: https://clickhouse.com/docs/sql-reference/statements/system */
const RELOADS: Readonly<Record<FilePath, readonly string[]>> = {
  [CONFIG_FILE]: ['SYSTEM RELOAD CONFIG'],
  [USERS_FILE]: ['SYSTEM RELOAD CONFIG', 'SYSTEM RELOAD USERS'],
};

/** The file of a node as an object of its plan. */
export function fileId(path: FilePath): ObjectId {
  return { kind: 'file', path: [path] };
}

export interface WantedFile {
  readonly path: FilePath;
  readonly text: string;
  /** What was delivered last, where that is known. */
  readonly delivered: string | undefined;
  readonly files: Files;
  /** What it changes on the node, as people read it. */
  readonly changes: readonly Change[];
  readonly hazards?: readonly Hazard[];
  /** What was seen on the node, as one text. */
  readonly seen: string;
  readonly place: Place | undefined;
}

/** A file that says what was delivered before is shown as a whole: the node has something else. */
export function fileStep(wanted: WantedFile): Step {
  const { path, text, delivered, files, changes, hazards = [], seen, place } = wanted;
  const file: StepFile = {
    ...files,
    path,
    text,
    ...(delivered !== undefined && delivered !== text && { before: delivered }),
  };
  const reloads = files.reload === 'config' && !('manual' in files.by);
  return {
    action: delivered === undefined ? 'create' : 'alter',
    object: fileId(path),
    statements: reloads ? RELOADS[path] : [],
    file,
    verdict: 'metadata',
    hazards,
    changes,
    refusals: [],
    fingerprint: fingerprint(JSON.stringify([seen, delivered ?? null])),
    ...(place && { place }),
  };
}
