/** What a server should be goes in; a server that can be started anew at its ports, because the engine can't reload, comes out. */
import { type EmbeddedServer, type ServerOptions, startServer } from './server.ts';

export interface RestartableServer {
  /** As it runs now. */
  current(): EmbeddedServer;
  /** Settles when it answers again, with its data and with what its configuration says now. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Throws a StartError. */
export async function startRestartable(options: ServerOptions): Promise<RestartableServer> {
  let server = await startServer(options);
  let last = Promise.resolve();
  const again = async (): Promise<void> => {
    await server.stop();
    server = await startServer(options);
  };
  return {
    current: () => server,
    restart() {
      last = last.catch(() => {}).then(again);
      return last;
    },
    async stop() {
      await last.catch(() => {});
      await server.stop();
    },
  };
}
