import { type PaceOptions, serveChats } from './upstream/serve-chats.ts';

/** A provider in a process of its own: `upstream.ts JSON` tells its parent the port it listens on, and ends with it. */
const [json = '{}'] = process.argv.slice(2);
const port = await serveChats(JSON.parse(json) as PaceOptions); // written by start-upstream.ts, of this very version
process.once('disconnect', () => process.exit(0));
process.send?.(port);
