/** One plan in a process of its own: an estate's folder and a memory file go in, times, bytes and peak memory come out as JSON. */
import { survey } from '../src/apply/survey.ts';
import { loadEstate } from '../src/commands/estate-options.ts';
import { openSettled } from '../src/live/settled.ts';
import { plannedSteps } from '../src/model/plan.ts';

export interface PlanCost {
  /** Milliseconds to read and check the declarations. */
  readonly reading: number;
  /** Milliseconds from there to the plan. */
  readonly planning: number;
  /** Bytes of answers. */
  readonly bytes: number;
  /** Peak resident memory in MiB, Node.js itself and the TypeScript loader included. */
  readonly memory: number;
}

const [folder = '', memory = ''] = process.argv.slice(2);
const began = performance.now();
const estate = await loadEstate(folder);
const read = performance.now();
const { plan, servers, close } = await survey(estate, {
  settled: openSettled(memory),
  connectTimeout: 10_000,
});
const planned = performance.now();
const bytes = [...servers.values()].reduce((sum, server) => sum + server.received(), 0);
await close();
if (plannedSteps(plan).length > 0) throw new Error('the plan is not empty');
const cost: PlanCost = {
  reading: read - began,
  planning: planned - read,
  bytes,
  memory: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(JSON.stringify(cost));
