/** The text of a list of addresses goes in; that only what was asked for changes in it is checked. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressesIn, networkEntries, withAddresses, wrongEntry } from '../src/federation/networks-text.ts';

const blank = fc.constantFrom('', ' ', '\n', '\n  ');
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended());
const entry = fc.oneof(
  address.map((one) => `<ip>${one}</ip>`),
  fc.ipV4().map((one) => `<ip>${one}/24</ip>`),
  fc.domain().map((one) => `<host>${one}</host>`),
  fc.constant('<host_regexp>^a\\d+\\.example$</host_regexp>'),
);
const text = fc
  .array(fc.tuple(blank, entry), { minLength: 1, maxLength: 8 })
  .map((all) => all.map(([before, one]) => before + one).join(''));

test('what is added can be taken away, and then the text is what it was', () => {
  fc.assert(
    fc.property(text, fc.uniqueArray(fc.ipV4(), { maxLength: 4 }), (before, ours) => {
      const there = addressesIn(before);
      const add = ours.filter((one) => !there.has(one));
      const after = withAddresses(before, add, []);
      expect(after.startsWith(before)).toBe(true);
      expect([...addressesIn(after)]).toEqual([...there, ...add]);
      expect(withAddresses(after, add, [])).toBe(after);
      expect(withAddresses(after, [], add)).toBe(before);
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('an address that stands there twice is somebody else’s as well', () => {
  expect(withAddresses('<ip>10.0.0.1</ip><ip>10.0.0.1</ip>', [], ['10.0.0.1'])).toBe('<ip>10.0.0.1</ip>');
});

test.each([
  ['<ip>10.0.0.1', undefined],
  ['<ip>10.0.0.1</ip> and', undefined],
  ['<ip><ip>10.0.0.1</ip></ip>', undefined],
  ['<!-- a --><ip>10.0.0.1</ip>', undefined],
  ['<ip>10.0.0.1</host>', undefined],
  ['<ip>10.0.0.256</ip>', '`10.0.0.256` is no address'],
  ['<ip>10.0.0.0/255.0.0.0</ip><ip>fe80::/10</ip>', 'right'],
  ['<ip>a.example.com</ip>', '`a.example.com` is no address'],
  [' \n', 'right'],
])('%s', (list, expected) => {
  const entries = networkEntries(list);
  expect(entries && (wrongEntry(entries) ?? 'right')).toBe(expected);
});
