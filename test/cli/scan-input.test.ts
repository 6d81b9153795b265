import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type InputScan, type ScanOptions, scanInput } from '../../src/cli/batch/scan-input.ts';
import { temporaryFolder } from './temp-folder.ts';

async function scan(content: string, options: Partial<ScanOptions> = {}): Promise<InputScan> {
  const path = join(temporaryFolder(), 'in.jsonl');
  writeFileSync(path, content);
  const fd = openSync(path, 'r');
  try {
    return await scanInput(fd, { name: 'in.jsonl', format: 'jsonl', model: 'm', limit: undefined, isStopped: () => false, ...options });
  } finally {
    closeSync(fd);
  }
}

const line = (id: string, model?: string): string => `${JSON.stringify({ id, prompt: 'a', model })}\n`;

describe('the look at the whole input', () => {
  it('counts requests and malformed lines, gathers models and makes a digest', async () => {
    const content = `${line('a')}\n${line('b', 'x')}nonsense\n${line('c', 'x')}`;
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(await scan(content)).toEqual({ sha256, bytes: content.length, total: 4, models: ['m', 'x'] });
  });

  it('takes the first lines only, and the digest of all', async () => {
    const content = line('a') + line('b', 'x') + line('a');
    const { sha256 } = await scan(content, { limit: 2 });
    expect(await scan(content, { limit: 1 })).toEqual({ sha256, bytes: content.length, total: 1, models: ['m'] });
  });

  it('refuses an id that stands there twice and names both lines', async () => {
    await expect(scan(line('a') + line('b') + line('a'))).rejects.toThrow(/'a' twice, on lines 1 and 3/);
    await expect(scan(`{"prompt":"a"}\n${line('line-1')}`)).rejects.toThrow(/'line-1' twice/);
  });

  it('refuses an input that holds nothing, names no model, or too many', async () => {
    await expect(scan('\n\n')).rejects.toThrow(/holds no requests: expected one per line/);
    await expect(scan(line('a'), { model: undefined })).rejects.toThrow(/--model/);
    await expect(scan('hello', { model: undefined, format: 'txt' })).rejects.toThrow(/--model/);
    await expect(scan(Array.from({ length: 101 }, (_, i) => line(`${i}`, `m${i}`)).join(''))).rejects.toThrow(/more than 100 models/);
  });

  it('stops when it is told to', async () => {
    expect(await scan(line('a') + line('b'), { isStopped: () => true })).toMatchObject({ total: 0 });
  });
});
