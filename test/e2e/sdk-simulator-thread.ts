import { parentPort, workerData } from 'node:worker_threads';
import { type StartSimulatorOptions, startSimulator } from '../../src/simulator/index.ts';

// A thread of its own, as a provider is: whatever halts its callers, it goes on counting.
const simulator = await startSimulator(workerData as StartSimulatorOptions);
parentPort?.postMessage(simulator.url);
