/** One tenant attacks the rows of two others on real servers, over HTTP; each attack is shown to succeed where its guard is missing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ATTACKS } from './support/isolation-attacks.ts';
import { type IsolationEstate, startIsolationEstate } from './support/isolation-estate.ts';
import { READING, WRITING } from './support/isolation-rights.ts';

let estate: IsolationEstate;
beforeAll(async () => {
  estate = await startIsolationEstate();
}, 180_000);
afterAll(() => estate?.stop());

/** Every text, amount, name and id of a row that is not acme's has one of these in it. */
const FOREIGN = /canary|globex|initech|77\d{4}/;
const REFUSED = /Code: 497\. /;

const withoutOrder = (text: string): string => text.split('\n').sort().join('\n');

describe('the policies keep apart', () => {
  test.each(ATTACKS.map((attack) => [attack.what, attack] as const))(
    '%s',
    async (_what, { sql, own, settings }) => {
      const [answer, leaked] = [
        await estate.ask('acme', sql, settings),
        await estate.ask('bare', sql, settings),
      ];
      expect(answer).not.toMatch(FOREIGN);
      if (own === undefined) {
        expect(answer).not.toMatch(/Code: /);
        expect(leaked).toMatch(FOREIGN);
      } else {
        expect(withoutOrder(answer)).toBe(withoutOrder(own));
        expect(withoutOrder(leaked)).not.toBe(withoutOrder(own));
      }
    },
  );
});

describe('the grants keep from', () => {
  test.each(READING.map((attack) => [attack.what, attack] as const))(
    'reading %s',
    async (_what, { sql, by }) => {
      const statements = estate.filled(sql);
      const answer = await estate.ask('acme', statements);
      expect(answer).toMatch(REFUSED);
      expect(answer.replace(/^Code: .*$/gm, '')).not.toMatch(FOREIGN);
      expect(await estate.ask(by ?? 'entitled', statements)).toMatch(FOREIGN);
    },
  );

  test.each(WRITING.map((attack) => [attack.what, attack] as const))('writing %s', async (_what, { sql }) => {
    expect(await estate.ask('acme', sql)).toMatch(REFUSED);
    expect(await estate.ask('entitled', sql)).not.toMatch(/Code: /);
  });
});
