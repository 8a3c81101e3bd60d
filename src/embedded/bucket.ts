/** A folder goes in; an S3 endpoint on loopback with a bucket of one name comes out, for `s3()` of servers on this machine. */
import { mkdir } from 'node:fs/promises';
import { freePorts } from './free-ports.ts';

/** What s3rver, which has no types, offers. */
interface S3rver {
  run(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Bucket {
  /** Of the bucket, with a slash at its end. */
  readonly url: string;
  /** What the endpoint lets in. */
  readonly key: { readonly id: string; readonly secret: string };
  stop(): Promise<void>;
}

/** It comes with the tools for development only, so that the name must not be one that TypeScript or a bundler follows. */
const PACKAGE: string = 's3rver';

/** Undefined where the package is not installed. */
export async function startBucket(folder: string, bucket: string): Promise<Bucket | undefined> {
  const found: unknown = await import(PACKAGE).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  const { default: S3rver } = found as { readonly default: new (options: object) => S3rver };
  await mkdir(folder, { recursive: true });
  const [port = 0] = await freePorts(1);
  const server = new S3rver({
    port,
    address: '127.0.0.1',
    silent: true,
    directory: folder,
    configureBuckets: [{ name: bucket }],
  });
  await server.run();
  return {
    url: `http://127.0.0.1:${port}/${bucket}/`,
    key: { id: 'S3RVER', secret: 'S3RVER' },
    stop: () => server.close(),
  };
}
