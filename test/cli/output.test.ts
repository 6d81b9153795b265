import { appendFileSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replaceFile } from '../../src/cli/batch/atomic-file.ts';
import { outputPlace } from '../../src/cli/batch/earlier-run.ts';
import { OutputFile } from '../../src/cli/batch/output-file.ts';
import { repairOutput } from '../../src/cli/batch/repair-output.ts';
import { readResultLine, resultLine } from '../../src/cli/batch/result-line.ts';
import { readRunFile, runFilePath } from '../../src/cli/batch/run-file.ts';
import { httpReply } from '../../src/providers/http-reply.ts';
import { temporaryFolder } from './temp-folder.ts';

const good = (id: string): string => resultLine(id, httpReply(200, { 'x-request-id': 'r' }, '{"a":1}'), undefined);
const bad = (id: string): string => resultLine(id, undefined, { code: 'x', message: 'y' });

describe('a result line', () => {
  it("is OpenAI's Batch output", () => {
    expect(JSON.parse(good('a"b'))).toEqual({
      id: expect.stringMatching(/^batch_req_[0-9a-f]{16}$/) as string,
      custom_id: 'a"b',
      response: { status_code: 200, request_id: 'r', body: { a: 1 } },
      error: null,
    });
    expect(JSON.parse(bad('a'))).toMatchObject({ response: null, error: { code: 'x', message: 'y' } });
  });

  it('has response and error for a final HTTP error', () => {
    const line = resultLine('a', httpReply(404, {}, '<html>'), { code: 'http_404', message: 'm' });
    expect(JSON.parse(line)).toMatchObject({
      response: { status_code: 404, request_id: null, body: '<html>' },
      error: { code: 'http_404' },
    });
  });

  it('stays one line, whatever the body and the id hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), fc.boolean(), (id, value, isPretty) => {
        const line = resultLine(id, httpReply(200, {}, JSON.stringify(value, null, isPretty ? 2 : undefined)), undefined);
        expect(line.slice(0, -1)).not.toMatch(/[\r\n]/);
        expect(line.endsWith('\n')).toBe(true);
        const read = JSON.parse(line) as { custom_id: string; response: { body: unknown } };
        expect(read.custom_id).toBe(id);
        expect(read.response.body).toEqual(JSON.parse(JSON.stringify(value)));
        expect(readResultLine(line)).toEqual({ customId: id, isCompleted: true });
      }),
    );
  });
});

describe('the output at the start of a run', () => {
  it('keeps completed lines and drops failed, torn, doubled and foreign ones', async () => {
    const path = join(temporaryFolder(), 'out.jsonl');
    writeFileSync(path, [good('a'), bad('b'), 'nonsense\n', good('c'), good('a'), '{"custom_id":"d"}\n', good('e').slice(0, -1)].join(''));
    const { finished, dropped } = await repairOutput(path);
    expect(dropped).toBe(5);
    expect(readFileSync(path, 'utf8')).toBe(good('a') + good('c'));
    expect(['a', 'b', 'c', 'd', 'e'].map((id) => finished.has(id))).toEqual([true, false, true, false, false]);
    expect(existsSync(`${path}.tmp`)).toBe(false);
  });

  it('is not touched where nothing has to go', async () => {
    const path = join(temporaryFolder(), 'out.jsonl');
    writeFileSync(path, good('a') + good('b'));
    const { ino } = statSync(path);
    expect(await repairOutput(path)).toMatchObject({ dropped: 0 });
    expect(statSync(path).ino).toBe(ino);
    expect(await repairOutput(join(temporaryFolder(), 'none'))).toMatchObject({ dropped: 0 });
  });

  it('recovers from a cut at any byte', async () => {
    const path = join(temporaryFolder(), 'out.jsonl');
    const whole = Buffer.from(good('ä') + good('b'));
    for (let cut = 0; cut <= whole.length; cut++) {
      writeFileSync(path, whole.subarray(0, cut));
      await repairOutput(path);
      appendFileSync(path, good('c'));
      const ids = readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { custom_id: string }).custom_id);
      expect(ids).toEqual([...(cut >= Buffer.byteLength(good('ä')) ? ['ä'] : []), ...(cut === whole.length ? ['b'] : []), 'c']);
    }
  });

  it('is replaced behind a symbolic link, and a device is only written to', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'real'), '');
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    expect(outputPlace(join(folder, 'link')).path).toMatch(/real$/);
    expect(outputPlace('/dev/null').isResumable).toBe(false);
    expect(() => outputPlace(folder)).toThrow(/is a folder/);
  });
});

describe('files', () => {
  it('are replaced as a whole or not at all', () => {
    const path = join(temporaryFolder(), 'file');
    replaceFile(path, 'one');
    replaceFile(path, 'two', { isDurable: true });
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(existsSync(`${path}.tmp`)).toBe(false);
    expect(() => replaceFile(join(path, 'below'), 'x')).toThrow();
  });

  it.skipIf(!existsSync('/dev/full'))('say that the disk is full, and take nothing after that', () => {
    const output = new OutputFile('/dev/full');
    expect(() => output.write('a\n')).toThrow(/no space left/);
    expect(() => output.write('a\n')).toThrow(/earlier write failed/);
    output.close();
  });

  it('of a run that are no run file are refused, by their name', () => {
    const output = join(temporaryFolder(), 'out.jsonl');
    expect(readRunFile(output)).toBeUndefined();
    for (const content of ['', '{"version":1', '{"version":2}', '[]']) {
      writeFileSync(runFilePath(output), content);
      expect(() => readRunFile(output)).toThrow(/out\.jsonl\.run\.json/);
    }
  });
});
