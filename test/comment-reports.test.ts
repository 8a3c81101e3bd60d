/** Findings and drift in the formats of other tools: SARIF and JUnit. */

import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import type { Finding } from '../src/model/finding.ts';
import type { Plan } from '../src/model/plan.ts';
import { planFindings } from '../src/model/plan.ts';
import { renderJunit, renderJunitMistakes } from '../src/render/junit.ts';
import { renderSarif } from '../src/render/sarif.ts';
import { hostileInput } from './support/gallery-hostile.ts';
import { hostileName } from './support/hostile-text.ts';

const KEY: Finding = {
  severity: 'error',
  rule: 'unknown-key',
  message: 'unknown key `colums`; see [here](https://x.example)',
  place: { file: 'schemas/our shop.yaml', line: 12, column: 3 },
};
const SEEN: Finding = {
  severity: 'warning',
  rule: 'other-version',
  message: 'the server runs 25.8',
  node: 'a-1',
};

const counter = () => {
  let at = 0;
  return () => `x${at++}`;
};

test('SARIF points to the lines of the declarations, inside the repository', () => {
  const text = renderSarif([KEY, SEEN, { ...SEEN, node: 'a-2' }], {
    ...{ estate: './estates/prod', version: '0.1.0' },
    nodePlaces: new Map([['a-1', { file: 'clusters/a.yaml', line: 7, column: 5 }]]),
  });
  expect(JSON.parse(text)).toMatchObject({
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Plumbline', rules: [{ id: 'other-version' }, { id: 'unknown-key' }] } },
        results: [
          {
            ruleId: 'unknown-key',
            ruleIndex: 1,
            level: 'error',
            message: { text: 'unknown key `colums`; see \\[here](https://x.example)' },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'estates/prod/schemas/our%20shop.yaml', uriBaseId: '%SRCROOT%' },
                  region: { startLine: 12, startColumn: 3 },
                },
              },
            ],
          },
          {
            ruleId: 'other-version',
            ruleIndex: 0,
            level: 'warning',
            message: { text: 'the server runs 25.8 (on a-1, a-2)' },
            locations: [{ physicalLocation: { artifactLocation: { uri: 'estates/prod/clusters/a.yaml' } } }],
          },
        ],
      },
    ],
  });
});

test('a finding keeps its fingerprint when its line moves, and every result has a location', () => {
  const fingerprints = (findings: readonly Finding[]) => {
    const log = JSON.parse(renderSarif(findings, { estate: '.', version: '0' }));
    return log.runs[0].results.map((result: { partialFingerprints: unknown; locations: unknown[] }) => {
      expect(result.locations).toHaveLength(1);
      return result.partialFingerprints;
    });
  };
  const moved = { ...KEY, place: { file: 'schemas/our shop.yaml', line: 99, column: 3 } };
  expect(fingerprints([moved])).toEqual(fingerprints([KEY]));
  expect(fingerprints([SEEN])).not.toEqual(fingerprints([{ ...SEEN, message: 'other' }]));
});

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  isArray: (name) => name.startsWith('test') && name !== 'testsuites',
});

/** What a reader of the XML counts: suites, tests, failures. */
function counts(text: string): { suites: number; tests: number; failures: number; claimed: number } {
  expect(XMLValidator.validate(text)).toBe(true);
  const { testsuites } = parser.parse(text);
  const tests = testsuites.testsuite.flatMap((suite: { testcase: unknown[] }) => suite.testcase);
  const failures = tests.filter((one: object) => 'failure' in one).length;
  return {
    suites: testsuites.testsuite.length,
    tests: tests.length,
    failures,
    claimed: Number(testsuites.failures),
  };
}

const planOf = (next: () => string): Plan => hostileInput(next, 1).plan;

test('JUnit has a suite for each node and a failure for each error, and for each change where there should be none', () => {
  const plan = planOf(counter());
  expect(counts(renderJunit(plan, { changesFail: false }))).toEqual({
    suites: 3,
    tests: 8,
    failures: 2,
    claimed: 2,
  });
  expect(counts(renderJunit(plan, { changesFail: true }))).toEqual({
    suites: 3,
    tests: 8,
    failures: 6,
    claimed: 6,
  });
  expect(renderJunitMistakes([KEY])).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="plumbline" tests="1" failures="1">
      <testsuite name="declarations" tests="1" failures="1" errors="0" skipped="0">
        <testcase classname="declarations" name="unknown-key schemas/our shop.yaml:12:3" file="schemas/our shop.yaml">
          <failure type="unknown-key" message="unknown key \`colums\`; see [here](https://x.example)">schemas/our shop.yaml:12:3
    unknown key \`colums\`; see [here](https://x.example)</failure>
        </testcase>
      </testsuite>
    </testsuites>
    "
  `);
  expect(counts(renderJunitMistakes([]))).toMatchObject({ tests: 1, failures: 0 });
});

test('hostile texts break neither of them', () => {
  const want = counts(renderJunit(planOf(counter()), { changesFail: true }));
  fc.assert(
    fc.property(fc.array(hostileName(60), { minLength: 40, maxLength: 40 }), (texts) => {
      let at = 0;
      const plan = planOf(() => texts[at++ % texts.length] ?? '');
      expect(counts(renderJunit(plan, { changesFail: true }))).toEqual(want);
      const { runs } = JSON.parse(renderSarif(planFindings(plan), { estate: '.', version: '0' }));
      for (const { message, locations } of runs[0].results) {
        expect(message.text).not.toMatch(/[\p{Cc}\p{Cf}]|(?<!\\)\[[^\]]*\]\(/u);
        expect(locations[0].physicalLocation.artifactLocation.uri).toMatch(/^[\w.~%/-]+$/);
      }
    }),
    { numRuns: 200 },
  );
});
