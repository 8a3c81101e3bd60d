/** What the history of a table must be: batches of events go in, one key after the other; versions come out. Knows no SQL. */

export interface OracleEvent {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly deleted: boolean;
  /** What is tracked. */
  readonly value: string;
  /** What is stored but makes no version. */
  readonly note: string;
}

export interface OracleVersion {
  readonly key: string;
  readonly from: number;
  /** Infinity while it holds. */
  readonly to: number;
  readonly value: string;
  readonly note: string;
}

/** One moment at which a key changes; without a value it is deleted from then on. */
interface Turn {
  readonly at: number;
  readonly value: string | undefined;
  readonly note: string;
}

/** Of several rows of one moment in one batch the highest counts. */
export type Rank = (event: OracleEvent) => bigint;

export class History {
  private readonly turns = new Map<string, Turn[]>();
  private readonly rank: Rank;

  constructor(rank: Rank) {
    this.rank = rank;
  }

  /** What was true at a moment and changed at none of the batch's moments stays; what changes nothing leaves no trace. */
  load(batch: readonly OracleEvent[]): void {
    const byKey = new Map<string, Map<number, OracleEvent>>();
    for (const event of batch) {
      const moments = byKey.get(event.key) ?? new Map<number, OracleEvent>();
      const other = moments.get(event.at);
      if (!other || this.beats(event, other)) moments.set(event.at, event);
      byKey.set(event.key, moments);
    }
    for (const [key, moments] of byKey) this.lay(key, moments);
  }

  /** A load of everything there is: keys that it lacks are deleted at its time, keys that were deleted come back. */
  loadAll(batch: readonly OracleEvent[], time: number): void {
    const latest = new Map<string, OracleEvent>();
    for (const event of batch) {
      const other = latest.get(event.key);
      if (!other || event.at > other.at || (event.at === other.at && this.beats(event, other)))
        latest.set(event.key, event);
    }
    const more: OracleEvent[] = [];
    for (const [key, turns] of this.turns) {
      const last = turns.at(-1);
      if (!last) continue;
      const then = Math.max(time, last.at + 1);
      const row = latest.get(key);
      const gone = { key, at: then, deleted: true, value: '', note: '' };
      if (!row && last.value !== undefined) more.push(gone);
      if (row && !row.deleted && last.value === undefined && row.at < last.at)
        more.push({ ...row, at: then });
    }
    this.load([...batch, ...more]);
  }

  versions(): OracleVersion[] {
    const all = [...this.turns].flatMap(([key, turns]) =>
      turns.flatMap(({ at, value, note }, number): OracleVersion[] =>
        value === undefined
          ? []
          : [{ key, from: at, to: turns[number + 1]?.at ?? Number.POSITIVE_INFINITY, value, note }],
      ),
    );
    return all.sort((a, b) => (a.key === b.key ? a.from - b.from : a.key < b.key ? -1 : 1));
  }

  private beats(event: OracleEvent, other: OracleEvent): boolean {
    if (event.deleted !== other.deleted) return other.deleted;
    return this.rank(event) > this.rank(other);
  }

  private lay(key: string, moments: ReadonlyMap<number, OracleEvent>): void {
    const turns = new Map((this.turns.get(key) ?? []).map((turn) => [turn.at, turn]));
    for (const { at, deleted, value, note } of moments.values()) {
      const stored = turns.get(at);
      const turn = { at, value: deleted ? undefined : value, note };
      if (!stored || stored.value !== turn.value) turns.set(at, turn);
    }
    const kept: Turn[] = [];
    for (const turn of [...turns.values()].sort((a, b) => a.at - b.at)) {
      const before = kept.at(-1);
      if (!before || before.value !== turn.value) kept.push(turn);
    }
    this.turns.set(key, kept);
  }
}
