import { type MeasureName, measures } from './harness/measures.ts';

/** One measurement in a process of its own: `child.ts NAME JSON` sends its figures to the parent and ends. */
const [name = '', json = '{}'] = process.argv.slice(2);
const load = measures[name as MeasureName]; // checked in the next line
if (load === undefined) throw new Error(`There is no measurement named ${name}.`);
const measure = await load();
const figures = await measure(JSON.parse(json) as never); // typed where it was written, in run-measure.ts
if (process.send === undefined) console.log(JSON.stringify(figures, null, 2));
else process.send(figures, () => process.exit(0));
if (process.send === undefined) process.exit(0);
