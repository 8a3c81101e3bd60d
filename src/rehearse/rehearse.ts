/**
 * Rehearses a plan on embedded servers that hold the live definitions, without data and without credentials: seeds them, runs
 * the plan's steps, and plans again, which must leave nothing to do.
 */
import type { Estate } from '../model/estate.ts';
import { isAccess, nameKey, pathKey, showId } from '../model/object.ts';
import { type NodePlan, type Plan, plannedSteps, unreadableNodes } from '../model/plan.ts';
import type { Rehearsal } from '../model/review.ts';
import type { State } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { creationOrder } from '../plan/order.ts';
import { everywhere } from '../plan/run-order.ts';
import { type Actors, actors, MOST_SERVERS } from './actors.ts';
import { onStage, playSteps, type Stage, tryStatement } from './stage.ts';

const SHOWN = 5;

/** Gives a server the live definitions; returns the objects that this engine can't create, by name key, with the reasons. */
async function seed(stage: Stage, node: string, state: State): Promise<Map<string, string>> {
  const impossible = new Map<string, string>();
  for (const { id, statement } of creationOrder([...state.values()])) {
    if ((id.kind === 'database' && id.path[0] === 'default') || isAccess(id)) continue;
    const reason = await tryStatement(stage.server(node), id, statement);
    if (reason) impossible.set(nameKey(id), `${showId(id)}: ${reason}`);
  }
  return impossible;
}

interface Scene {
  /** Objects that can't be rehearsed here, by name key, with the reasons. */
  readonly skipped: ReadonlyMap<string, string>;
  readonly failure: string | undefined;
}

async function play(stage: Stage, { node, steps }: NodePlan, state: State | undefined): Promise<Scene> {
  const skipped = state ? await seed(stage, node, state) : new Map<string, string>();
  const shadowLives = ({ object, rebuild }: Step): boolean =>
    rebuild !== undefined && state?.has(pathKey([object.path[0] ?? '', rebuild.shadow])) === true;
  const rights = steps.filter(({ object }) => isAccess(object)).length;
  if (rights > 0)
    skipped.set('access', `${rights} changes of users, roles and rights, which it does not store`);
  const playable = steps.filter((step) => !skipped.has(nameKey(step.object)) && !shadowLives(step));
  return { skipped, failure: await playSteps(stage.server(node), playable) };
}

function nothingLeft({ played, doubled, leftOut }: Actors, skipped: readonly string[]): string {
  const where = played.length === 1 ? 'an embedded server' : `${played.length} embedded servers`;
  return [
    `Rehearsed on ${where}: nothing is left to do.`,
    doubled > 0 ? ` They play for ${doubled} more nodes of the same state and steps.` : '',
    leftOut > 0
      ? ` ${leftOut} nodes are not rehearsed, because there are more than ${MOST_SERVERS} different ones.`
      : '',
    skipped.length > 0
      ? ` Not rehearsed, because the embedded engine can't: ${skipped.slice(0, SHOWN).join('; ')}.`
      : '',
  ].join('');
}

function verdict(cast: Actors, scenes: readonly Scene[], remaining: Plan): Rehearsal {
  const failures = [
    ...scenes.flatMap(({ failure }) => (failure === undefined ? [] : [failure])),
    ...unreadableNodes(remaining).map(({ node, unreadable }) => `reading ${node} again: ${unreadable}`),
  ];
  if (failures.length > 0)
    return { outcome: 'failed', text: `The rehearsal failed at ${failures.join('; ')}` };
  const skipped = new Map(scenes.flatMap((scene) => [...scene.skipped]));
  const left = plannedSteps(remaining).filter(
    ({ step: { verdict: how, object } }) =>
      how !== 'manual' && !isAccess(object) && !skipped.has(nameKey(object)),
  );
  if (left.length === 0) return { outcome: 'clean', text: nothingLeft(cast, [...skipped.values()]) };
  const names = left.slice(0, SHOWN).map(({ step, node }) => `${showId(step.object)} on ${node}`);
  return { outcome: 'not empty', text: `After the rehearsal a plan still changes ${names.join(', ')}` };
}

/** Plays a plan from the live state of the nodes, by name; a node without one starts empty. */
export async function rehearse(
  estate: Estate,
  plan: Plan,
  states: ReadonlyMap<string, State>,
): Promise<Rehearsal> {
  const clusters = plan.clusters.map(everywhere);
  const cast = actors({ ...plan, clusters }, states);
  if (cast.played.length === 0) return { outcome: 'skipped', text: 'There is nothing to rehearse.' };
  return onStage(estate, new Set(cast.played.map(({ node }) => node)), async (stage) => {
    const scenes = await Promise.all(cast.played.map((node) => play(stage, node, states.get(node.node))));
    return verdict(cast, scenes, await stage.plan(estate));
  });
}

/**
 * Plans and plays the way from one estate's declarations to another's without any live server: what a pull request from a
 * fork can show.
 */
export async function rehearseFrom(
  base: Estate,
  head: Estate,
): Promise<{ plan: Plan; rehearsal: Rehearsal }> {
  const nodes = head.clusters.flatMap((cluster) => cluster.nodes);
  const names = new Set(nodes.slice(0, MOST_SERVERS).map(({ name }) => name));
  return onStage(head, names, async (stage) => {
    const start = await stage.plan(base);
    for (const { nodes: plans } of start.clusters) {
      for (const { node, steps } of plans) {
        const failure = await playSteps(stage.server(node), steps);
        if (failure)
          return {
            plan: start,
            rehearsal: { outcome: 'failed', text: `The base can't be built: ${failure}` },
          };
      }
    }
    const plan = await stage.plan(head);
    const cast: Actors = {
      played: plan.clusters.flatMap((cluster) => cluster.nodes),
      doubled: 0,
      leftOut: nodes.length - names.size,
    };
    const scenes = await Promise.all(cast.played.map((node) => play(stage, node, undefined)));
    return { plan, rehearsal: verdict(cast, scenes, await stage.plan(head)) };
  });
}
