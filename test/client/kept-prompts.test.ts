import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { estimateWork } from '../../src/client/dispatch/work-estimates.ts';
import { OutputForecast } from '../../src/scheduling/estimates/output-forecast.ts';
import { UsageCalibration } from '../../src/scheduling/estimates/usage-calibration.ts';
import { chatBody } from './headgate-world.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function estimated() {
  const body = chatBody();
  const learning = { calibration: new UsageCalibration(), forecast: new OutputForecast() };
  const estimate = estimateWork('m', new Set(['largest-up-front'] as const), { format: 'openai-chat', body }, learning);
  return { estimate, prompt: new WeakRef(body) };
}

it('what is estimated of a call lives as long as its stream, and keeps no prompt', async () => {
  const { estimate, prompt } = estimated();
  // A weak reference holds its target until the end of the turn that made it.
  await new Promise(setImmediate);
  collect();

  expect(prompt.deref()).toBeUndefined();
  expect(estimate.tokens.inputTokens).toBeGreaterThan(0);
});
