#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { EXIT } from './exit-codes.ts';

// What Node has compiled once it finds again in its cache: a quarter of the time that a short command takes.
enableCompileCache();

// Whoever reads our output may stop reading, as `head` does; the work goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    // As with a full disk behind it: what was finished is finished, but whoever asked has not been told.
    if (stream === process.stdout) process.stderr.write(`headgate: Can't write to standard output: ${error.message}.\n`);
    process.exitCode = EXIT.usage;
  });
}

const { runProgram } = await import('./program.ts');
const code = await runProgram(process.argv.slice(2));
process.exitCode ??= code;
