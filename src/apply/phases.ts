/** The clusters of a run go in; what lets none of them begin a phase before all are done with the earlier ones comes out. */
export interface Phases {
  /** The cluster has done all steps of lower phases. False where another cluster could not: then nothing more may be run. */
  enter(cluster: string, phase: number): Promise<boolean>;
  /** The cluster has ended, and whether all went well. */
  leave(cluster: string, ok: boolean): void;
}

export function phasesOf(clusters: readonly string[]): Phases {
  const reached = new Map(clusters.map((cluster) => [cluster, 0]));
  let failed = false;
  let waiting: { readonly phase: number; readonly resolve: (goOn: boolean) => void }[] = [];
  const wake = (): void => {
    const lowest = Math.min(...reached.values());
    const ready = waiting.filter(({ phase }) => phase <= lowest);
    waiting = waiting.filter(({ phase }) => phase > lowest);
    for (const { resolve } of ready) resolve(!failed);
  };
  return {
    enter(cluster, phase) {
      reached.set(cluster, phase);
      const entered = new Promise<boolean>((resolve) => waiting.push({ phase, resolve }));
      wake();
      return entered;
    },
    leave(cluster, ok) {
      reached.set(cluster, Number.POSITIVE_INFINITY);
      failed ||= !ok;
      wake();
    },
  };
}
