import { writeFileSync } from 'node:fs';
import { seedParts } from './seeds/all.ts';
import { renderSeeds } from './seeds/render.ts';

/** Writes docs/seeds.md from the data beside this file. */
writeFileSync(new URL('../docs/seeds.md', import.meta.url), renderSeeds(seedParts));
console.log('Wrote docs/seeds.md.');
