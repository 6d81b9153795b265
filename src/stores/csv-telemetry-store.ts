import { type FileHandle, open } from 'node:fs/promises';
import { InvalidConfiguration, textOf } from '../domain/errors.ts';
import { TELEMETRY_FIELDS, type TelemetryEntry, type TelemetryRecord, type TelemetrySink } from '../domain/telemetry.ts';
import { csvRow } from './csv-row.ts';

const NEWLINE = '\n'.charCodeAt(0);

interface Waiting {
  readonly lines: string;
  readonly written: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Telemetry as lines of one CSV file, in the order of their inserts. A missing or empty file gets a header first; an
 * existing one is continued. One process writes a file. What a failed write left of its lines is taken away before the next one.
 */
export class CSVTelemetryDataStore implements TelemetrySink {
  readonly #path: string;
  readonly #fields: readonly string[];
  readonly #header: string;
  #file: FileHandle | undefined;
  /** How long the file was before a write that failed. */
  #soundSize: number | undefined;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  /**
   * @param filePath the file; its folder must exist
   * @param fields of the records, one column each; default: those that every record has
   */
  constructor(filePath: string, fields: readonly string[] = TELEMETRY_FIELDS) {
    this.#path = filePath;
    this.#fields = fields;
    this.#header = csvRow(fields);
  }

  /** Throws `InvalidConfiguration` where the file can't be written, or is another table. */
  async connect(): Promise<void> {
    if (this.#file !== undefined) return;
    const file = await this.#open();
    try {
      await this.#begin(file);
      this.#file = file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Resolves once the line is with the operating system. */
  insertTelemetryData(record: Readonly<TelemetryRecord>): Promise<void> {
    return this.#add(this.#lineOf(record));
  }

  /** All of their lines or none. */
  insertTelemetryBatch(entries: readonly TelemetryEntry[]): Promise<void> {
    return this.#add(entries.map(({ record }) => this.#lineOf(record)).join(''));
  }

  /** Writes what waits, then closes the file. */
  async disconnect(): Promise<void> {
    await this.#writing;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #lineOf(record: Readonly<TelemetryRecord>): string {
    return csvRow(this.#fields.map((field) => Reflect.get(record, field)));
  }

  #add(lines: string): Promise<void> {
    return new Promise((written, failed) => {
      this.#waiting.push({ lines, written, failed });
      this.#writing ??= this.#write();
    });
  }

  async #open(): Promise<FileHandle> {
    try {
      // A new one nobody else on the machine reads: it tells who asked what.
      return await open(this.#path, 'a+', 0o600);
    } catch (cause) {
      throw new InvalidConfiguration(`Telemetry file '${this.#path}' cannot be opened: ${textOf(cause)}`, 'filePath', { cause });
    }
  }

  async #begin(file: FileHandle): Promise<void> {
    const { size } = await file.stat();
    if (size === 0) {
      await file.appendFile(this.#header);
      return;
    }
    const start = Buffer.alloc(this.#header.length);
    await file.read(start, 0, start.length, 0);
    if (start.toString('latin1') !== this.#header) {
      const message = `Telemetry file '${this.#path}' begins with other columns than ${this.#fields.join(',')}. Name another file.`;
      throw new InvalidConfiguration(message, 'filePath');
    }
    const last = Buffer.alloc(1);
    await file.read(last, 0, 1, size - 1);
    // A process that was killed while it wrote leaves a torn line, which what comes next must not continue.
    if (last[0] !== NEWLINE) await file.appendFile('\r\n');
  }

  /** Writes everything that waits, in order; lines that came meanwhile go together in one write. */
  async #write(): Promise<void> {
    // Only then does the caller keep this promise: a file that isn't open would end the loop before that.
    await undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        if (this.#file === undefined) throw new Error(`Telemetry file '${this.#path}' is not open: call connect() first.`);
        await this.#append(this.#file, batch.map(({ lines }) => lines).join(''));
        for (const { written } of batch) written();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#writing = undefined;
  }

  async #append(file: FileHandle, lines: string): Promise<void> {
    const { size } = await file.stat();
    if (this.#soundSize !== undefined && this.#soundSize < size) await file.truncate(this.#soundSize);
    this.#soundSize = Math.min(size, this.#soundSize ?? size);
    await file.appendFile(lines);
    this.#soundSize = undefined;
  }
}
