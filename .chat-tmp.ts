import { measure } from './bench/measures/chats.ts';
const r = await measure({ way: process.argv[2] as any, warmUp: 30000, calls: 30000, concurrency: 64 });
console.log(process.argv[2], r);
process.exit(0);
