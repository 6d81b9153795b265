import { z } from 'zod';
import { endpointUrl, field, flag, REFERENCES } from './headgate-config-fields.ts';
import { whole } from './rate-limiter-config.ts';

const SINKS = ['sqlite', 'postgres', 'csv', 'none'] as const;
const POSTGRES = 'expected a connection string as postgresql://user:password@host:5432/database';
/** Where they go unless somebody says otherwise. */
export const TELEMETRY_FILES = { sqlite: 'headgate-telemetry.db', csv: 'telemetry.csv' } as const;

const share = 'expected a share from 0 to 1';

export const openTelemetrySchema = z.strictObject({
  endpoint: field(
    endpointUrl('the URL of an OTLP receiver').optional(),
    'Where traces and metrics go, by OTLP over HTTP: `http://collector:4318`. Headers, such as a key, stand in `OTEL_EXPORTER_OTLP_HEADERS`.',
    { otherwise: '`OTEL_EXPORTER_OTLP_ENDPOINT`; without it nothing is sent' },
  ),
  serviceName: field(z.string('expected a name').min(1, 'expected a name').optional(), 'What it is called there.', {
    otherwise: '`OTEL_SERVICE_NAME`, or `headgate`',
  }),
  sampleRatio: field(
    z.number(share).min(0, share).max(1, share).default(1),
    'Part of the calls that leave a trace, where their callers sent no `traceparent` that says so.',
  ),
});

export const telemetrySchema = z
  .strictObject({
    sink: field(z.enum(SINKS, `expected one of ${SINKS.join(', ')}`).optional(), 'Where a record of every call goes.', {
      otherwise: '`postgres` where there is a `connectionString`, else `sqlite`',
    }),
    connectionString: field(
      z.string(POSTGRES).refine(isPostgresUrl, POSTGRES).optional(),
      `Of the Postgres database, or where it is: ${REFERENCES}.`,
    ),
    path: field(z.string('expected a path').min(1, 'expected a path').optional(), 'The SQLite or CSV file.', {
      otherwise: `\`${TELEMETRY_FILES.sqlite}\`, \`${TELEMETRY_FILES.csv}\``,
    }),
    payloads: field(flag().default(false), "Whether records hold the calls' bodies, prompts and all."),
    bufferSize: field(
      whole('a number of records').default(10_000),
      'Most records that wait while the sink is down or slow; more are lost and counted.',
    ),
    openTelemetry: field(openTelemetrySchema.prefault({}), 'Traces and metrics for an OpenTelemetry collector.'),
  })
  .superRefine(({ sink, connectionString, path }, context) => {
    const complain = (at: string, message: string): void => context.addIssue({ code: 'custom', path: [at], message });
    if (sink === 'postgres' && connectionString === undefined) complain('connectionString', POSTGRES);
    if (sink !== undefined && sink !== 'postgres' && connectionString !== undefined)
      complain('sink', "expected postgres, whose 'connectionString' stands beside it");
    if (path !== undefined && (sink === 'none' || connectionString !== undefined))
      complain('path', 'expected no path: nothing is written to a file');
  });

/** The section after validation. */
export type CheckedTelemetry = z.output<typeof telemetrySchema>;

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol) && new URL(text).hostname !== '';
}
