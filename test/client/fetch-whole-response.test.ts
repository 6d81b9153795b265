import { describe, expect, it } from 'vitest';
import { WholeResponse } from '../../src/client/fetch/whole-response.ts';

const VALUE = { text: 'ü', list: [1, 2] };
const TEXT = JSON.stringify(VALUE);
const INIT = { status: 201, statusText: 'Made', headers: { 'content-type': 'application/json; charset=utf-8' } };

const pair = (): readonly [Response, Response] => [new WholeResponse(TEXT, structuredClone(VALUE), INIT), new Response(TEXT, INIT)];

/** What a read gives, or the kind of error that it ends with. */
async function outcome(read: () => unknown): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    return Object(error).constructor.name;
  }
}

const readers: Readonly<Record<string, (response: Response) => unknown>> = {
  text: (response) => response.text(),
  json: (response) => response.json(),
  arrayBuffer: async (response) => Buffer.from(await response.arrayBuffer()).toString(),
  bytes: async (response) => Buffer.from(await response.bytes()).toString(),
  blob: async (response) => {
    const blob = await response.blob();
    return [blob.type, await blob.text()];
  },
  formData: (response) => response.formData(),
  stream: async (response) => {
    let text = '';
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
    return text;
  },
  clone: (response) => response.clone().text(),
  used: (response) => response.bodyUsed,
  locked: (response) => response.body?.locked,
};

describe('a whole response is what the platform’s is', () => {
  it('in its head', () => {
    const [ours, theirs] = pair();

    expect(ours).toBeInstanceOf(Response);
    expect([ours.status, ours.statusText, ours.ok, [...ours.headers]]).toEqual([
      theirs.status,
      theirs.statusText,
      theirs.ok,
      [...theirs.headers],
    ]);
  });

  const orders = Object.keys(readers).flatMap((first) => Object.keys(readers).map((second) => [first, second] as const));

  it.each(orders)('when it is read by %s, then by %s', async (first, second) => {
    const [ours, theirs] = pair();

    for (const name of [first, second, 'used']) {
      const read = readers[name];
      if (read === undefined) throw new Error(`No reader '${name}'.`);
      expect([name, await outcome(() => read(ours))]).toEqual([name, await outcome(() => read(theirs))]);
    }
  });

  it('with JSON that is the reader’s own, and with text that is none', async () => {
    const first = new WholeResponse(TEXT, structuredClone(VALUE), INIT);
    const copy = first.clone();
    const read = (await first.json()) as typeof VALUE;
    read.list.push(3);

    expect(await copy.json()).toEqual(VALUE);
    await expect(new WholeResponse('no json', undefined, INIT).json()).rejects.toThrow(SyntaxError);
    expect(await new WholeResponse('null', null, INIT).json()).toBe(null);
  });

  it('also for whoever wraps its stream in another response', async () => {
    const [ours] = pair();

    expect(await new Response(ours.body, ours).json()).toEqual(VALUE);
  });
});
