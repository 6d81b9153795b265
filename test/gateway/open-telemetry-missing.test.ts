import { expect, it, vi } from 'vitest';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { loadPackages } from '../../src/gateway/open-telemetry/load-packages.ts';

vi.mock('@opentelemetry/sdk-trace', () => {
  throw new Error("Cannot find package '@opentelemetry/sdk-trace'");
});

it('OpenTelemetry without its packages says which ones to install', async () => {
  await expect(loadPackages()).rejects.toThrow(InvalidConfiguration);
  await expect(loadPackages()).rejects.toThrow(/npm install .*@opentelemetry\/sdk-trace/);
});
