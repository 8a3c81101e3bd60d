/** A port that forwards to a ZooKeeper and cuts the connection at the first SET_DATA: before it gets there, or before its answer comes back. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

export interface CuttingProxy {
  readonly address: string;
  cuts(): number;
  stop(): Promise<void>;
}

/** A request is its length, its number, and what it asks for: https://zookeeper.apache.org/doc/r3.8.0/zookeeperInternals.html */
const SET_DATA = 5;
const isSetData = (data: Buffer): boolean => data.length >= 12 && data.readInt32BE(8) === SET_DATA;

export async function cutAt(port: number, when: 'before' | 'after'): Promise<CuttingProxy> {
  let cuts = 0;
  const server = createServer((client) => {
    const keeper = connect(port, '127.0.0.1');
    let isCut = false;
    const end = (): void => {
      client.destroy();
      keeper.destroy();
    };
    client.on('data', (data) => {
      const first = cuts === 0 && isSetData(data);
      if (first) cuts += 1;
      if (first && when === 'before') return end();
      isCut ||= first;
      keeper.write(data);
    });
    keeper.on('data', (data) => {
      if (isCut) end();
      else client.write(data);
    });
    for (const socket of [client, keeper]) socket.on('error', end).on('close', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    stop: async () => {
      server.close();
    },
  };
}
