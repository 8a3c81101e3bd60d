/** Whether a node of one cluster gets through to a node of another over the native protocol, as it was tried. */
export interface Reach {
  /** `host:port`, as the node knows it. */
  readonly address: string;
  /** Undefined where the node does not know the cluster yet, or its user may not try. */
  readonly reached: boolean | undefined;
  readonly reason?: string;
}
