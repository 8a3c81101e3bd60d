/** Stands between Plumbline and a server: sees every request, and can hold, lose or cut any of them. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * What becomes of a request: `lost` never reaches the server, `unanswered` does but its answer never comes back, `answered`
 * is cut when the server has answered and the client has not heard it. `refused` is answered as by a server without memory.
 */
export type Fate = 'pass' | 'lost' | 'unanswered' | 'answered' | 'refused';

export interface SeenRequest {
  /** Counted from 1 over the life of the proxy. */
  readonly number: number;
  readonly text: string;
}

/** Whether somebody reads the lock. */
export const isLook = ({ text }: SeenRequest): boolean => text.includes("table = 'lock'");

/** Whether somebody changes the lock. */
export const isSwap = ({ text }: SeenRequest): boolean => text.startsWith('ALTER TABLE `plumbline`.`lock`');

export interface FaultProxy {
  readonly port: number;
  /** Asked before each request is passed on; a promise holds it back. Everything passes until it is set. */
  decide: (seen: SeenRequest) => Fate | Promise<Fate>;
  stop(): Promise<void>;
}

async function listening(server: ReturnType<typeof createTcpServer>, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The sockets stay open until they are ended by force, as a network that swallows packets would keep them. */
function openSockets(server: ReturnType<typeof createTcpServer>): { end(): Promise<void> } {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
  });
  return {
    async end() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

const NO_MEMORY =
  'Code: 241. DB::Exception: (total) memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.7)';

export async function startProxy(target: number): Promise<FaultProxy> {
  let count = 0;
  const passOn = (incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse, fate: Fate): void => {
    const { method, url: path, headers } = incoming;
    const upstream = request({ host: '127.0.0.1', port: target, method, path, headers, agent: false });
    const cut = (): void => void outgoing.destroy();
    upstream.on('error', cut);
    upstream.on('response', (answer) => {
      answer.on('error', cut);
      if (fate === 'answered') answer.resume().on('end', cut);
      else if (fate === 'unanswered') answer.resume();
      else answer.pipe(outgoing.writeHead(answer.statusCode ?? 500, answer.headers));
    });
    upstream.end(body, () => {
      if (fate === 'unanswered') setTimeout(cut, 50);
    });
  };
  const server = createServer(async (incoming, outgoing) => {
    outgoing.on('error', () => {});
    const body = await buffer(incoming).catch(() => undefined);
    if (!body) return;
    const fate = await proxy.decide({ number: ++count, text: body.toString() });
    if (fate === 'lost') outgoing.destroy();
    else if (fate === 'refused')
      outgoing.writeHead(500, { 'X-ClickHouse-Exception-Code': '241' }).end(NO_MEMORY);
    else passOn(incoming, body, outgoing, fate);
  });
  server.keepAliveTimeout = 60_000;
  const sockets = openSockets(server);
  const proxy: FaultProxy = {
    port: await listening(server),
    decide: () => 'pass',
    stop: () => sockets.end(),
  };
  return proxy;
}

/** Accepts connections and never says a word. */
export async function startBlackHole(): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const server = createTcpServer((socket) => socket.resume());
  const sockets = openSockets(server);
  return { port: await listening(server), stop: () => sockets.end() };
}
