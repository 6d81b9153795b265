#!/usr/bin/env node
import { EXIT } from './exit-codes.ts';
import { runProgram } from './program.ts';

// Whoever reads our output may stop reading, as `head` does; the work goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    // As with a full disk behind it: what was finished is finished, but whoever asked has not been told.
    if (stream === process.stdout) process.stderr.write(`headgate: Can't write to standard output: ${error.message}.\n`);
    process.exitCode = EXIT.usage;
  });
}

const code = await runProgram(process.argv.slice(2));
process.exitCode ??= code;
