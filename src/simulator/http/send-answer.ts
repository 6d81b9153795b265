import { Buffer } from 'node:buffer';
import { GARBAGE, longLine, openRouterBody, openRouterEvents } from '../broken-texts.ts';
import type { ExchangeListener } from '../exchange.ts';
import { DEFAULT_LONG_LINE_BYTES } from '../faults.ts';
import { type CallOutcome, type ResponseHead, SimulatedNetworkError } from '../simulated-call.ts';
import type { SimulatedProvider } from '../simulated-provider.ts';
import { type AnswerSink, type HeaderFields, sendBody, sendJson } from './answer-sink.ts';
import type { ApiRequest, ErrorOutcome } from './api-answer.ts';

const STREAM_TYPE = 'text/event-stream; charset=utf-8';

/** A request, where its answer goes, and what every answer has. */
interface Sending {
  readonly request: ApiRequest;
  readonly sink: AnswerSink;
  readonly extra: HeaderFields;
  readonly longLineBytes: number;
}

function isTruncation(error: Error): boolean {
  return error instanceof SimulatedNetworkError && error.truncated;
}

/** Answers that come whole and in place of what was asked for. */
function sendInstead({ sink, extra }: Sending, head: ResponseHead): boolean {
  if (head.html !== undefined) sendBody(sink, head.status, head.headers, 'text/html; charset=UTF-8', head.html);
  else if (head.error) sendJson(sink, head.status, { ...extra, ...head.headers }, JSON.stringify(head.error));
  else return false;
  return true;
}

/** A whole body with an error in it, or something worse. */
function spoiledBody({ request, longLineBytes }: Sending, outcome: ErrorOutcome): string {
  if (outcome.fault === 'garbage') return GARBAGE;
  if (outcome.fault === 'longLine') return longLine(longLineBytes);
  return outcome.fault === 'openrouterError' ? openRouterBody() : request.answer.bodyError(outcome);
}

/** A body that is sent as one; its head goes out alone when the rest takes longer. */
function wholeBody(sending: Sending): ExchangeListener {
  const { request, sink, extra } = sending;
  const outputTokens = request.call.outputTokens ?? 0;
  let head: ResponseHead | undefined;
  let body = '';
  let ended = false;
  const sendHead = () => {
    if (ended || sink.headSent || sink.gone) return;
    const length = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    sink.head(200, { ...extra, ...head?.headers, ...length }, true);
  };
  return {
    head(given, fault) {
      head = given;
      if (given.error || given.html !== undefined) return;
      body = request.answer.whole(outputTokens);
      // With an error in place of the body the length isn't known yet.
      if (fault === undefined || fault === 'truncate' || fault === 'stall' || fault === 'resetInBody' || fault === 'nonsenseHeaders')
        queueMicrotask(sendHead);
    },
    done(outcome) {
      ended = true;
      if (head && sendInstead(sending, head)) return;
      if (sink.headSent) return sink.end(body);
      sendJson(sink, 200, { ...extra, ...head?.headers }, outcome.kind === 'error' ? spoiledBody(sending, outcome) : body);
    },
    failed(error) {
      if (!head || !isTruncation(error)) return sink.reset();
      sendHead();
      ended = true;
      sink.breakOff(body.slice(0, Math.floor(body.length / 2)));
    },
  };
}

/** A body of server-sent events. */
function streamedBody(sending: Sending): ExchangeListener {
  const { request, sink, extra, longLineBytes } = sending;
  const { answer } = request;
  let head: ResponseHead | undefined;
  let sent = -1;
  const upTo = (produced: number) => {
    const begin = sent < 0 ? answer.begin() : '';
    const from = Math.max(0, sent);
    sent = produced;
    return begin + answer.portion(from, produced);
  };
  const spoiled = (outcome: ErrorOutcome) => {
    if (outcome.fault === 'garbage') return GARBAGE;
    if (outcome.fault === 'longLine') return `data: ${longLine(longLineBytes)}`;
    if (outcome.fault === 'openrouterError') return openRouterEvents(request.call.model);
    return (sent < 0 ? upTo(0) : '') + answer.streamError(outcome, true);
  };
  const end = (outcome: CallOutcome) => {
    if (outcome.kind === 'completed') return upTo(outcome.outputTokens) + answer.end(outcome.outputTokens);
    if (outcome.kind === 'error') return spoiled(outcome);
    return answer.streamError({ kind: 'error', status: 429, code: 'rate_limit_exceeded', message: outcome.message }, false);
  };
  return {
    head(given) {
      head = given;
      if (given.error || given.html !== undefined) return;
      sink.head(200, { ...extra, ...given.headers, 'content-type': STREAM_TYPE, 'cache-control': 'no-cache' }, true);
    },
    tokens(produced) {
      if (!sink.gone) sink.write(upTo(produced));
    },
    done(outcome) {
      if (!(head && sendInstead(sending, head))) sink.end(end(outcome));
    },
    failed(error) {
      if (!head || !isTruncation(error)) return sink.reset();
      // A clean end of the connection without the terminal event: what a cut stream looks like.
      sink.end(sent < 0 ? upTo(0) : '');
    },
  };
}

/** Plays a request to its end; a client that hangs up stops the generation. */
export function sendAnswer(provider: SimulatedProvider, request: ApiRequest, sink: AnswerSink, extra: HeaderFields): void {
  const longLineBytes = provider.options.faults?.longLineBytes ?? DEFAULT_LONG_LINE_BYTES;
  const sending = { request, sink, extra, longLineBytes };
  const listener = request.call.stream ? streamedBody(sending) : wholeBody(sending);
  sink.together(() => {
    const exchange = provider.exchange(request.call, listener);
    sink.onHangUp(() => exchange.abort());
  });
}
