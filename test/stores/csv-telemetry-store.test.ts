import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { TELEMETRY_FIELDS, type TelemetryRecord, telemetryRecord } from '../../src/domain/telemetry.ts';
import { csvRow } from '../../src/stores/csv-row.ts';
import { CSVTelemetryDataStore } from '../../src/stores/csv-telemetry-store.ts';

const HEADER =
  'userId,reqId,reqPayload,reqType,deploymentName,requestReceivedAt,requestQueuedAt,requestDequeuedAt,responseQueuedAt,' +
  'responseDequeuedAt,promptTokens,completionTokens,embeddingTokens,errorMessage';
const DEFAULTS = '[redacted],chat,DEFAULT DEPLOYMENT NAME,1735689600123,-1,-1,-1,-1,-1,-1,-1,NO ERROR';

const record = (reqId: string, known: Partial<TelemetryRecord> = {}): TelemetryRecord =>
  telemetryRecord({ reqId, reqType: 'chat', requestReceivedAt: 1_735_689_600_123, ...known });

describe('telemetry in a CSV file', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headgate-csv-'));
    path = join(folder, 'telemetry.csv');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const lines = async (): Promise<string[]> => (await readFile(path, 'utf8')).split('\r\n');

  it('begins with a header where the file is missing, and has all 14 fields with their defaults', async () => {
    const store = new CSVTelemetryDataStore(path);
    await store.connect();
    await store.insertTelemetryData(record('a'));
    await store.disconnect();

    expect(TELEMETRY_FIELDS).toHaveLength(14);
    expect(await lines()).toEqual([HEADER, `NO_USER_ID,a,${DEFAULTS}`, '']);
  });

  it.skipIf(process.platform === 'win32')('makes a file that nobody else reads, as those of SQLite', async () => {
    const store = new CSVTelemetryDataStore(path);
    await store.connect();
    await store.insertTelemetryData(record('a'));
    await store.disconnect();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('continues a file without a second header, and never inside a torn line', async () => {
    for (const id of ['a', 'b']) {
      const store = new CSVTelemetryDataStore(path);
      await store.connect();
      await store.insertTelemetryData(record(id));
      await store.disconnect();
      await appendFile(path, 'torn');
    }

    expect(await lines()).toEqual([HEADER, `NO_USER_ID,a,${DEFAULTS}`, 'torn', `NO_USER_ID,b,${DEFAULTS}`, 'torn']);
  });

  it('writes on after inserts that failed because it was not open yet', async () => {
    const store = new CSVTelemetryDataStore(path);
    for (const id of ['early', 'early too']) await expect(store.insertTelemetryData(record(id))).rejects.toThrow('call connect() first');
    await store.connect();
    await store.insertTelemetryData(record('a'));
    await store.disconnect();

    expect(await lines()).toEqual([HEADER, `NO_USER_ID,a,${DEFAULTS}`, '']);
  });

  it('keeps the order of inserts that were not awaited, and has written all of them once it is disconnected', async () => {
    const store = new CSVTelemetryDataStore(path);
    await store.connect();
    const ids = Array.from({ length: 500 }, (_, index) => `request-${index}`);
    const inserts = ids.map((id) => store.insertTelemetryData(record(id)));
    await store.disconnect();
    await Promise.all(inserts);

    expect((await lines()).slice(1, -1).map((line) => line.split(',')[1])).toEqual(ids);
  });

  it('refuses a file with other columns, and one that cannot be opened, by its name', async () => {
    await writeFile(path, 'user_id,req_id\r\n');

    await expect(new CSVTelemetryDataStore(path).connect()).rejects.toThrow(InvalidConfiguration);
    await expect(new CSVTelemetryDataStore(path).connect()).rejects.toThrow(path);
    await expect(new CSVTelemetryDataStore(join(folder, 'missing', 'x.csv')).connect()).rejects.toThrow(InvalidConfiguration);
  });

  it('rejects an insert while it is not connected', async () => {
    await expect(new CSVTelemetryDataStore(path).insertTelemetryData(record('a'))).rejects.toThrow('call connect() first');
  });
});

describe('a line of CSV', () => {
  it('quotes what has to be quoted, and lets no text run as a formula', () => {
    expect(csvRow(['plain', 'a,b', 'say "hi"', 'two\nlines', -1])).toBe('plain,"a,b","say ""hi""","two\nlines",-1\r\n');
    expect(csvRow(['=1+1', '+1', '-1', '@x', '\tx', '=A1,"x"'])).toBe(`'=1+1,'+1,'-1,'@x,'\tx,"'=A1,""x"""\r\n`);
  });

  it('is read back as it was written, but for the mark before formulas', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 6 }), (values) => {
        expect(parsed(csvRow(values))).toEqual(values.map((value) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value)));
      }),
    );
  });
});

/** A reader of its own: one line of RFC 4180. */
function parsed(line: string): string[] {
  const cells: string[] = [];
  let rest = `,${line}`;
  while (rest.startsWith(',')) {
    rest = rest.slice(1);
    const quoted = /^"((?:[^"]|"")*)"/.exec(rest);
    const text = quoted?.[0] ?? /^[^,\r]*/.exec(rest)?.[0] ?? '';
    cells.push(quoted === null ? text : (quoted[1] ?? '').replaceAll('""', '"'));
    rest = rest.slice(text.length);
  }
  expect(rest).toBe('\r\n');
  return cells;
}
