import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { GATEWAY_TELEMETRY_FIELDS, type GatewayTelemetryRecord } from '../../src/domain/gateway-telemetry.ts';
import { type TelemetryEntry, type TelemetrySink, telemetryRecord } from '../../src/domain/telemetry.ts';
import { CSVTelemetryDataStore } from '../../src/stores/csv-telemetry-store.ts';
import { DatabaseTelemetryAdapter } from '../../src/stores/sql/database-telemetry-adapter.ts';
import { openDatabase } from '../../src/stores/sql/open-database.ts';
import { type FreshDatabase, freshDatabase } from '../servers/fresh-database.ts';

type Row = Readonly<Record<string, unknown>>;

const KNOWN = {
  model: 'gpt',
  tenant: 'acme',
  status: 200,
  streamed: true,
  queueMs: 12.5,
  cost: 0.25,
  inputTokens: 7,
  attempts: 1,
  outcome: 'completed',
};

function entry(n: number, known: Partial<GatewayTelemetryRecord> = {}): TelemetryEntry {
  const record = {
    ...telemetryRecord({ reqId: `r${n}`, reqType: 'openai-chat', requestReceivedAt: 1_735_689_600_000 + n }),
    ...KNOWN,
    ...known,
  };
  return { id: `id-${n}`, record };
}

const entries = (count: number): TelemetryEntry[] => Array.from({ length: count }, (_, n) => entry(n));

let folder: string;
let postgres: FreshDatabase;
beforeAll(async () => {
  postgres = await freshDatabase();
});
afterAll(() => postgres?.drop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-sinks-'));
});
afterEach(() => rm(folder, { recursive: true }));

let tables = 0;

/** A sink of its own for a test, and what is in it. */
interface Kind {
  readonly name: string;
  make(): { readonly open: () => TelemetrySink; readonly rows: () => Promise<Row[]> };
}

async function rowsIn(connectionString: string, table: string): Promise<Row[]> {
  const database = await openDatabase(connectionString);
  const { rows } = await sql<Row>`select * from ${sql.table(table)} order by request_received_at, record_id`.execute(database.db);
  await database.close();
  return rows;
}

const KINDS: readonly Kind[] = [
  {
    name: 'a CSV file',
    make: () => {
      const path = join(folder, 'telemetry.csv');
      const open = () => new CSVTelemetryDataStore(path, GATEWAY_TELEMETRY_FIELDS);
      const rows = async (): Promise<Row[]> => {
        const [header = '', ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\r\n');
        const fields = header.split(',').map((field) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
        return lines.map((line) => Object.fromEntries(line.split(',').map((cell, at) => [fields[at], cell])));
      };
      return { open, rows };
    },
  },
  {
    name: 'SQLite',
    make: () => {
      const connectionString = join(folder, 'telemetry.db');
      return { open: () => new DatabaseTelemetryAdapter({ connectionString }), rows: () => rowsIn(connectionString, 'headgate_telemetry') };
    },
  },
  {
    name: 'Postgres',
    make: () => {
      const table = `telemetry_${tables++}`;
      const { url } = postgres;
      return { open: () => new DatabaseTelemetryAdapter({ connectionString: url, table }), rows: () => rowsIn(url, table) };
    },
  },
];

describe.each(KINDS)('telemetry in $name', ({ name, make }) => {
  const isTable = name !== 'a CSV file';

  it('has a column for everything that is known of a call, and what is not known is empty', async () => {
    const { open, rows } = make();
    const sink = open();
    await sink.connect();
    await sink.insertTelemetryBatch?.([entry(1, { servedBy: null, errorMessage: 'a "quoted"; text' })]);
    await sink.disconnect();

    const [row = {}] = await rows();
    expect(Object.keys(row).filter((column) => column !== 'record_id')).toHaveLength(GATEWAY_TELEMETRY_FIELDS.length);
    const texts = Object.fromEntries(Object.entries(row).map(([column, value]) => [column, value === null ? '' : String(value)]));
    expect(texts).toMatchObject({
      req_id: 'r1',
      request_received_at: '1735689600001',
      response_queued_at: '-1',
      model: 'gpt',
      tenant: 'acme',
      served_by: '',
      queue_ms: '12.5',
      cost: '0.25',
      input_tokens: '7',
      output_tokens: '',
    });
  });

  it('is in order, whatever the size of its batches, and goes on where it was', async () => {
    const { open, rows } = make();
    const all = entries(1_000);
    const sizes = [1, 2, 5, 64, 65, 127, 300];
    for (const part of [sizes.slice(0, 4), sizes.slice(4)]) {
      const sink = open();
      await sink.connect();
      await sink.connect();
      for (const size of part) await sink.insertTelemetryBatch?.(all.splice(0, size));
      await sink.disconnect();
      await sink.disconnect();
    }

    expect((await rows()).map((row) => row['req_id'])).toEqual(Array.from({ length: 564 }, (_, n) => `r${n}`));
  });

  it('takes single records as every sink does', async () => {
    const { open, rows } = make();
    const sink = open();
    await sink.connect();
    for (const { record } of entries(3)) await sink.insertTelemetryData(record);
    await sink.disconnect();

    expect(await rows()).toHaveLength(3);
  });

  it.runIf(isTable)('stores what comes twice once, and all of a batch or nothing', async () => {
    const { open, rows } = make();
    const sink = open();
    await sink.connect();
    await sink.insertTelemetryBatch?.(entries(10));
    await sink.insertTelemetryBatch?.(entries(20));
    await sink.disconnect();

    expect(await rows()).toHaveLength(20);
  });

  it('rejects an insert while it is not connected', async () => {
    const sink = make().open();
    await expect((async () => sink.insertTelemetryBatch?.(entries(1)))()).rejects.toThrow('call connect() first');
  });

  it.runIf(isTable)('takes whatever an executor wrote into a record: nothing that it refuses may hold up the others', async () => {
    const { open, rows } = make();
    const sink = open();
    await sink.connect();
    let n = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(fc.constantFrom(...GATEWAY_TELEMETRY_FIELDS), nonsense()), { maxLength: 5 }),
        async (known) => {
          // What a record says of itself may be nonsense too.
          await sink.insertTelemetryBatch?.(known.map((fields) => ({ id: `n${n++}`, record: { ...entry(n).record, ...fields } })));
        },
      ),
      { numRuns: 100 },
    );
    await sink.disconnect();

    expect(await rows()).toHaveLength(n);
  });
});

function nonsense(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\0', '\ud800', 'a\udfffb', Number.NaN, Number.POSITIVE_INFINITY, -0, 1e300, 2 ** 60, null, undefined, Symbol('s')),
    fc.double(),
    fc.boolean(),
    fc.array(fc.integer(), { maxLength: 3 }),
    fc.constant({
      toString() {
        throw new Error('no text');
      },
    }),
  );
}

describe('a telemetry database', () => {
  it('can be asked by time, tenant and model without reading everything', async () => {
    const connectionString = join(folder, 'telemetry.db');
    const sink = new DatabaseTelemetryAdapter({ connectionString });
    await sink.connect();
    const database = await openDatabase(connectionString);
    const questions = ['request_received_at > 5', "tenant = 'a' and request_received_at > 5", "model = 'm' and request_received_at > 5"];
    for (const question of questions) {
      const plan = await sql<{ detail: string }>`explain query plan select * from headgate_telemetry where ${sql.raw(question)}`.execute(
        database.db,
      );
      expect(plan.rows.map(({ detail }) => detail).join()).toContain('USING INDEX');
    }
    await database.close();
    await sink.disconnect();
  });

  it.each([
    [{ connectionString: '' }, 'connectionString'],
    [{ connectionString: 'x.db', table: 'Drop table;' }, 'table'],
    [{ dbName: 'd', user: 'u', password: '', host: 'h' }, 'password'],
    [{ connectionString: 'mysql://u:secret@h/d' }, 'connectionString'],
  ])('says what is wrong with %j, and no password', async (options, path) => {
    const made = async (): Promise<void> => new DatabaseTelemetryAdapter(options).connect();
    await expect(made()).rejects.toThrow(InvalidConfiguration);
    await expect(made()).rejects.toMatchObject({ path });
    await expect(made()).rejects.not.toThrow('secret');
  });

  it('may be told by the parts of its address', async () => {
    const { hostname, port, username, password, pathname } = new URL(postgres.url);
    const parts = { dbName: pathname.slice(1), user: username, password: password || 'any', host: hostname, port: Number(port) };
    const sink = new DatabaseTelemetryAdapter({ ...parts, table: 'of_parts' });
    await sink.connect();
    await sink.insertTelemetryBatch(entries(2));
    await sink.disconnect();

    expect(await rowsIn(postgres.url, 'of_parts')).toHaveLength(2);
  });
});
