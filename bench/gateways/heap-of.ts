import type { ChildProcess } from 'node:child_process';

/** Live bytes of a process that heap-probe.ts was loaded into. */
export function heapOf(child: ChildProcess | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    if (child === undefined) return reject(new Error('There is no process to ask.'));
    child.once('message', (message) => resolve((message as { heap: number }).heap)); // heap-probe.ts answers
    child.send('heap');
  });
}
