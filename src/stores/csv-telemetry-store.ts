import { type FileHandle, open } from 'node:fs/promises';
import { InvalidConfiguration, textOf } from '../domain/errors.ts';
import { TELEMETRY_FIELDS, type TelemetryRecord, type TelemetrySink } from '../domain/telemetry.ts';
import { csvRow } from './csv-row.ts';

const HEADER = csvRow(TELEMETRY_FIELDS);
const NEWLINE = '\n'.charCodeAt(0);

interface Waiting {
  readonly line: string;
  readonly written: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Telemetry as lines of one CSV file, in the order of their inserts. A missing or empty file gets a header first; an
 * existing one is continued. One process writes a file.
 */
export class CSVTelemetryDataStore implements TelemetrySink {
  readonly #path: string;
  #file: FileHandle | undefined;
  /** The last write may have ended inside a line: what comes next must not continue it. */
  #torn = false;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  /** @param filePath the file; its folder must exist */
  constructor(filePath: string) {
    this.#path = filePath;
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
  async insertTelemetryData(record: Readonly<TelemetryRecord>): Promise<void> {
    const line = csvRow(TELEMETRY_FIELDS.map((field) => record[field]));
    return new Promise((written, failed) => {
      this.#waiting.push({ line, written, failed });
      this.#writing ??= this.#write();
    });
  }

  /** Writes what waits, then closes the file. */
  async disconnect(): Promise<void> {
    await this.#writing;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #open(): Promise<FileHandle> {
    try {
      return await open(this.#path, 'a+');
    } catch (cause) {
      throw new InvalidConfiguration(`Telemetry file '${this.#path}' cannot be opened: ${textOf(cause)}`, 'filePath', { cause });
    }
  }

  async #begin(file: FileHandle): Promise<void> {
    const { size } = await file.stat();
    if (size === 0) {
      await file.appendFile(HEADER);
      return;
    }
    const start = Buffer.alloc(HEADER.length);
    await file.read(start, 0, start.length, 0);
    if (start.toString('latin1') !== HEADER) {
      const message = `Telemetry file '${this.#path}' begins with other columns than ${TELEMETRY_FIELDS.join(',')}. Name another file.`;
      throw new InvalidConfiguration(message, 'filePath');
    }
    const last = Buffer.alloc(1);
    await file.read(last, 0, 1, size - 1);
    // As a process that was killed while it wrote leaves it.
    this.#torn = last[0] !== NEWLINE;
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
        await this.#append(this.#file, batch.map(({ line }) => line).join(''));
        for (const { written } of batch) written();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#writing = undefined;
  }

  async #append(file: FileHandle, lines: string): Promise<void> {
    const text = this.#torn ? `\r\n${lines}` : lines;
    this.#torn = true;
    await file.appendFile(text);
    this.#torn = false;
  }
}
