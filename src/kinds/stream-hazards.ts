/** A table that reads a stream goes in, live and desired; what the stream makes of creating it anew comes out. */
import type { Tree } from '../model/object.ts';
import type { Hazard } from '../model/step.ts';
import { Cursor } from '../sql/cursor.ts';
import { unquote } from '../sql/quote.ts';
import { hazard } from './drafts.ts';
import { engineOf } from './table-engine.ts';

/** `Kafka('broker', 'topic', 'group', …)`, or the same as settings. */
function kafkaGroup({ root: { attributes } }: Tree): string {
  const parameters = new Cursor(engineOf(String(attributes.engine)).parameters).list();
  const settings = (attributes.settings ?? {}) as Readonly<Record<string, string>>;
  return unquote(parameters[2] ?? settings.kafka_group_name ?? "''");
}

/** The offsets of Kafka live in the broker, by group; RabbitMQ removes the queues that a table made along with it. */
export function streamHazards(to: Tree, from: Tree): Hazard[] {
  const { name } = engineOf(String(from.root.attributes.engine));
  if (name === 'RabbitMQ') {
    return [
      hazard(
        'loses data',
        'the messages that wait in the queues which the table made, unless it consumes a queue of its own',
      ),
    ];
  }
  if (name === 'NATS')
    return [hazard('misses inserts', 'messages that are sent while the table is created anew are lost')];
  if (name !== 'Kafka') return [];
  const [before, after] = [kafkaGroup(from), kafkaGroup(to)];
  if (engineOf(String(to.root.attributes.engine)).name !== 'Kafka' || before === after) {
    return [
      hazard(
        'changes results',
        'its consumers leave and join their group: what was read and not committed is read again',
      ),
    ];
  }
  const where = `the group ${after} begins where Kafka says, not where ${before} has committed`;
  return [hazard('misses inserts', where)];
}
