/** What was written where goes in, and what queries may do without; whether a query saw all that it must comes out. */

export type Member = 'community' | 'enterprise';

export interface Lack {
  /** The rows can be read again. */
  back(): void;
  /** They are gone for good. */
  gone(): void;
}

/** A query that is under way, and what was there when it began. */
export interface Read {
  readonly on: Readonly<Record<Member, number>>;
  /** Members whose rows it may lack. */
  readonly away: Set<Member>;
  /** So many rows it may lack. */
  fewer: number;
  readonly gone: number;
  readonly age: number;
}

export interface Books {
  /** Acknowledged rows. */
  readonly on: Record<Member, number>;
  sent(rows: number): void;
  begin(): Read;
  /** Every query that was begun is ended, whatever became of it. */
  end(read: Read): void;
  isIdle(): boolean;
  /** Of a query over the whole federation. Throws where it saw too few rows, or too many. */
  judge(read: Read, rows: number): 'complete' | 'lacking';
  /** Of a query of a node's own rows, which must not become fewer. */
  judgeNode(read: Read, node: string, rows: number): void;
  /** Queries may do without all rows of a member, or without so many rows; never without any other. */
  lack(what: Member | number): Lack;
}

export function startBooks(filled: number): Books {
  const on: Record<Member, number> = { community: filled, enterprise: 0 };
  const away = new Set<Member>();
  const active = new Set<Read>();
  const most = new Map<string, { readonly rows: number; readonly age: number }>();
  let [sent, fewer, gone, age] = [filled, 0, 0, 0];
  /** Whether nothing was lacking while it was under way. */
  const isQuiet = (read: Read): boolean => read.age === age && away.size === 0 && fewer === 0;
  return {
    on,
    sent: (rows) => {
      sent += rows;
    },
    begin() {
      const read = { on: { ...on }, away: new Set(away), fewer: fewer + gone, gone, age };
      active.add(read);
      return read;
    },
    end: (read) => void active.delete(read),
    isIdle: () => active.size === 0,
    judge(read, rows) {
      const { community, enterprise } = read.on;
      const here = (member: Member): number => (read.away.has(member) ? 0 : read.on[member]);
      const least = here('community') + here('enterprise') - read.fewer;
      if (rows < least || rows > sent - read.gone)
        throw new Error(`a reader saw ${rows} rows, and must see ${least} to ${sent - read.gone}`);
      return rows < community + enterprise - read.gone ? 'lacking' : 'complete';
    },
    judgeNode(read, node, rows) {
      if (!isQuiet(read)) return;
      const before = most.get(node);
      if (before?.age === age && rows < before.rows)
        throw new Error(`${node} had ${before.rows} rows, and then ${rows}`);
      most.set(node, { rows, age });
    },
    lack(what) {
      age++;
      if (typeof what === 'string') {
        away.add(what);
        for (const read of active) read.away.add(what);
      } else {
        fewer += what;
        for (const read of active) read.fewer += what;
      }
      const back = (): void => {
        age++;
        if (typeof what === 'string') away.delete(what);
        else fewer -= what;
      };
      return {
        back,
        gone() {
          back();
          if (typeof what === 'number') gone += what;
        },
      };
    },
  };
}
