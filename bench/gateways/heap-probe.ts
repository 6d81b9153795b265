/** Loaded into a gateway's process with `--import`: answers the message `heap` with its heap after a collection, in bytes. */
process.on('message', (message) => {
  if (message !== 'heap') return;
  globalThis.gc?.();
  process.send?.({ heap: process.memoryUsage().heapUsed });
});
