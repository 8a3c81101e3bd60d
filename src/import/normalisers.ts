/** The nodes of a survey go in; a way to ask each of them how it stores a definition comes out. */
import type { Survey } from '../apply/survey.ts';
import type { Normaliser } from '../kinds/kind.ts';
import { abilitiesByClass } from '../live/abilities.ts';
import { normaliserOf } from '../live/normalise.ts';
import { readFacts } from '../live/read.ts';
import type { Estate } from '../model/estate.ts';

/** Asks a node what it is when it is first needed. `timeout` in milliseconds. Throws for a node that was not read. */
export function askers(
  { servers, states }: Survey,
  { clusters }: Estate,
  timeout: number,
): (node: string) => Promise<Normaliser> {
  const abilities = abilitiesByClass();
  const known = new Map<string, Promise<Normaliser>>();
  const open = async (node: string): Promise<Normaliser> => {
    const [server, state] = [servers.get(node), states.get(node)];
    if (!server || !state) throw new Error(`node ${node} was not read`);
    const engines = clusters.find(({ name }) => name === server.node.cluster)?.engines ?? { as: 'plain' };
    const facts = await readFacts(server, timeout);
    return normaliserOf(server, facts, state.values(), abilities(node, server), engines);
  };
  return (node) => {
    const asked = known.get(node) ?? open(node);
    known.set(node, asked);
    return asked;
  };
}
