import { expect, it } from 'vitest';
import { describeConfig } from '../../src/cli/check/describe-config.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';

const linesFor = (telemetry: object): string[] => describeConfig(parseHeadgateConfig({ telemetry }), 'a.yaml', {});

it('tells where telemetry goes, without passwords, where that is not the usual place', () => {
  expect(
    linesFor({ connectionString: 'postgresql://u:hidden@db/x', payloads: true, openTelemetry: { endpoint: 'http://c:4318' } }),
  ).toEqual(
    expect.arrayContaining([
      'telemetry',
      '  records        postgres · postgresql://db/x · with payloads',
      '  OpenTelemetry  http://c:4318',
    ]),
  );
  expect(linesFor({ sink: 'none' })).toContain('  records  none');
  expect(linesFor({})).not.toContain('telemetry');
});
