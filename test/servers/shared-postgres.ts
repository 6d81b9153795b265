import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { openPostgres } from './postgres.ts';
import type { PrivateServer } from './private-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Answers with the URL of the run's Postgres, which the first question starts. */
    readonly sharedPostgres: string;
  }
}

/** One Postgres for all files of a run, started when the first of them asks; it belongs to vitest's own process, which outlives them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<PrivateServer> | undefined;
  const broker = createServer((_, response) => {
    started ??= openPostgres();
    started.then(
      ({ url }) => response.end(url),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  project.provide('sharedPostgres', `http://127.0.0.1:${(broker.address() as AddressInfo).port}`);
  return async (): Promise<void> => {
    broker.close();
    broker.closeAllConnections();
    await started?.then((server) => server.remove()).catch(() => {});
  };
}
