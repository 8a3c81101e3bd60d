/** Takes a plan or the mistakes of declarations and gives JUnit's XML, which CI systems show as tests that passed or failed. */
import { XMLBuilder } from 'fast-xml-parser';
import type { Finding } from '../model/finding.ts';
import { showPlace } from '../model/place.ts';
import type { ClusterPlan, NodePlan, Plan } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import { driftOf } from './drift-entry.ts';
import { diffBlock } from './markdown-change.ts';
import { visible, visibleId, visibleNode } from './visible.ts';

export interface JunitOptions {
  /** Whether a change fails: it does where everything should be as declared (drift), and not where it is only planned. */
  readonly changesFail: boolean;
}

interface Case {
  readonly name: string;
  readonly file?: string;
  readonly failure?: { readonly type: string; readonly message: string; readonly lines: readonly string[] };
  /** What is told of a test that passed. */
  readonly output?: readonly string[];
}

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
}

/** Characters that XML can't hold, in whatever way they are written. */
const UNFIT = /[^\t\n\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const inXml = (text: string): string => text.replace(UNFIT, '\ufffd');
const attribute = (text: string): string => inXml(visible(text));
const lines = (texts: readonly string[]): string => inXml(texts.map(visible).join('\n'));

function findingCase(finding: Finding): Case {
  const { severity, rule, message, place, object } = finding;
  const about = place ? showPlace(place) : (object ?? '');
  const name = about === '' ? rule : `${rule} ${about}`;
  const told = [...(place ? [showPlace(place)] : []), message];
  return {
    name,
    ...(place && { file: place.file }),
    ...(severity === 'error'
      ? { failure: { type: rule, message, lines: told } }
      : { output: [`warning: ${message}`] }),
  };
}

function stepCase(step: Step, { changesFail }: JunitOptions): Case {
  const drift = driftOf(step);
  const told = [...(step.place ? [showPlace(step.place)] : []), ...diffBlock(step)];
  return {
    name: visibleId(step.object),
    ...(step.place && { file: step.place.file }),
    ...(changesFail
      ? { failure: { type: drift, message: `${visibleId(step.object)}: ${drift}`, lines: told } }
      : { output: [`to ${step.action}`, ...told] }),
  };
}

function nodeCases({ unreadable, findings, steps }: NodePlan, options: JunitOptions): Case[] {
  if (unreadable !== undefined) {
    return [
      { name: 'can be read', failure: { type: 'unreadable', message: unreadable, lines: [unreadable] } },
    ];
  }
  const cases = [...findings.map(findingCase), ...steps.map((step) => stepCase(step, options))];
  return cases.length > 0 ? cases : [{ name: 'is as declared' }];
}

function clusterSuites({ cluster, nodes }: ClusterPlan, options: JunitOptions): Suite[] {
  return nodes.map((node) => ({
    name: node.node === cluster ? visibleNode(cluster) : `${visibleNode(cluster)} ${visibleNode(node.node)}`,
    cases: nodeCases(node, options),
  }));
}

const failures = ({ cases }: Suite): number => cases.filter(({ failure }) => failure !== undefined).length;

function suiteXml(suite: Suite): object {
  const { name, cases } = suite;
  return {
    '@name': attribute(name),
    '@tests': cases.length,
    '@failures': failures(suite),
    '@errors': 0,
    '@skipped': 0,
    testcase: cases.map(({ name: title, file, failure, output }) => ({
      '@classname': attribute(name),
      '@name': attribute(title),
      ...(file !== undefined && { '@file': attribute(file) }),
      ...(failure && {
        failure: {
          '@type': attribute(failure.type),
          '@message': attribute(failure.message),
          '#text': lines(failure.lines),
        },
      }),
      ...(output && { 'system-out': lines(output) }),
    })),
  };
}

function xml(suites: readonly Suite[]): string {
  const sum = (count: (suite: Suite) => number): number =>
    suites.reduce((total, suite) => total + count(suite), 0);
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    format: true,
    suppressBooleanAttributes: false,
  });
  return builder.build({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      '@name': 'plumbline',
      '@tests': sum(({ cases }) => cases.length),
      '@failures': sum(failures),
      testsuite: suites.map(suiteXml),
    },
  });
}

/** A suite per node: a test for each finding and each object that differs, or one that passes when there are none. */
export function renderJunit(plan: Plan, options: JunitOptions): string {
  return xml(plan.clusters.flatMap((cluster) => clusterSuites(cluster, options)));
}

/** One suite: a test for each mistake, or one that passes when there are none. */
export function renderJunitMistakes(findings: readonly Finding[]): string {
  const cases = findings.length > 0 ? findings.map(findingCase) : [{ name: 'have no mistakes' }];
  return xml([{ name: 'declarations', cases }]);
}
