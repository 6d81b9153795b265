import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { maskedConfig } from '../../src/config/expand/masked-dump.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { InvalidConfiguration } from '../../src/domain/errors.ts';

const telemetryOf = (telemetry: unknown, env = {}) => parseHeadgateConfig({ telemetry }, { env }).telemetry;
const URL_WITH_PASSWORD = 'postgresql://user:hidden-word@db:5432/headgate';

describe('telemetry in a configuration', () => {
  it('goes to a SQLite file, without payloads, where nothing is said', () => {
    expect(parseHeadgateConfig({}).telemetry).toEqual({
      sink: 'sqlite',
      path: 'headgate-telemetry.db',
      payloads: false,
      bufferSize: 10_000,
      openTelemetry: { sampleRatio: 1 },
    });
  });

  it('may go elsewhere, or nowhere', () => {
    expect(telemetryOf({ sink: 'csv' })).toMatchObject({ sink: 'csv', path: 'telemetry.csv' });
    expect(telemetryOf({ path: '/data/t.db', buffer_size: 5 })).toMatchObject({ sink: 'sqlite', path: '/data/t.db', bufferSize: 5 });
    expect(telemetryOf({ sink: 'none' })).not.toHaveProperty('path');
    expect(telemetryOf({ connection_string: URL_WITH_PASSWORD })).toMatchObject({ sink: 'postgres', database: { url: URL_WITH_PASSWORD } });
    expect(telemetryOf({ sink: 'postgres', connectionString: 'env:DB' }, { DB: URL_WITH_PASSWORD }).database?.url).toBe(URL_WITH_PASSWORD);
  });

  it('shows no password, however it is shown', () => {
    const config = parseHeadgateConfig({ telemetry: { connectionString: URL_WITH_PASSWORD } });
    for (const shown of [config, maskedConfig(config)]) {
      expect(JSON.stringify(shown) + inspect(shown, { depth: 9 })).not.toContain('hidden-word');
    }
    expect(JSON.stringify(config)).toContain('postgresql://db:5432/headgate');
  });

  it.each([
    [{ sink: 'postgres' }, 'telemetry.connectionString'],
    [{ sink: 'csv', connectionString: URL_WITH_PASSWORD }, 'telemetry.sink'],
    [{ connectionString: 'mysql://user:hidden-word@db/x' }, 'telemetry.connectionString'],
    [{ connectionString: 'hidden-word' }, 'telemetry.connectionString'],
    [{ sink: 'none', path: 'x.db' }, 'telemetry.path'],
    [{ sink: 'mongo' }, 'telemetry.sink'],
    [{ bufferSize: 0 }, 'telemetry.bufferSize'],
    [{ openTelemetry: { endpoint: 'collector' } }, 'telemetry.openTelemetry.endpoint'],
    [{ openTelemetry: { sampleRatio: 2 } }, 'telemetry.openTelemetry.sampleRatio'],
  ])('refuses %j by the path of what is wrong, and shows no password', (telemetry, path) => {
    const refused = (): unknown => telemetryOf(telemetry);
    expect(refused).toThrow(InvalidConfiguration);
    expect(refused).toThrow(path);
    expect(refused).not.toThrow('hidden-word');
  });

  it('is left out where its database’s variable is not set and only calls are wanted', () => {
    const config = {
      models: { gpt: { deployments: [{ provider: 'openai' }] } },
      telemetry: { sink: 'postgres', connectionString: 'env:DB' },
    };
    expect(() => parseHeadgateConfig(config)).toThrow('the environment variable DB is not set');

    const only = parseHeadgateConfig(config, { only: ['gpt'] });
    expect(only.telemetry.sink).toBe('sqlite');
    expect(only.warnings).toContain('telemetry is left out: it refers to a variable that is not set, and no model in use needs it.');
  });
});
