import { expect, it } from 'vitest';
import { describeConfig } from '../../src/cli/check/describe-config.ts';
import { whatItKeeps } from '../../src/cli/check/telemetry-rows.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';

it('says where a gateway keeps what it keeps, without passwords', () => {
  expect(whatItKeeps(parseHeadgateConfig({}))).toBe('Keys and accepted work are in headgate.db; telemetry: headgate-telemetry.db.');
  const database = 'postgresql://u:hidden@db/x';
  expect(whatItKeeps(parseHeadgateConfig({ gateway: { database }, telemetry: { connectionString: database } }))).toBe(
    'Keys and accepted work are in postgresql://db/x; telemetry: postgresql://db/x.',
  );
  expect(whatItKeeps(parseHeadgateConfig({ telemetry: { sink: 'none' } }))).toMatch(/telemetry: none\.$/);
});

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
