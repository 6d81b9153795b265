import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import type { ExchangeListener } from '../exchange.ts';
import { type CallOutcome, type ResponseHead, SimulatedNetworkError } from '../simulated-call.ts';
import type { SimulatedProvider } from '../simulated-provider.ts';
import type { ApiRequest } from './api-answer.ts';

const JSON_TYPE = 'application/json';
const STREAM_TYPE = 'text/event-stream; charset=utf-8';

/** Sends a complete JSON body. */
export function sendJson(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body: string): void {
  response.writeHead(status, { ...headers, 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Breaks the connection so that the client sees ECONNRESET. */
function breakConnection(response: ServerResponse): void {
  if (response.socket) response.socket.resetAndDestroy();
  else response.destroy();
}

function isTruncation(error: Error): boolean {
  return error instanceof SimulatedNetworkError && error.truncated;
}

/** A body that is sent as one; its head goes out alone when the rest takes longer. */
function wholeBody(request: ApiRequest, response: ServerResponse, extra: Readonly<Record<string, string>>): ExchangeListener {
  const outputTokens = request.call.outputTokens ?? 0;
  let head: ResponseHead | undefined;
  let body = '';
  let ended = false;
  const sendHead = () => {
    if (ended || response.headersSent || response.destroyed) return;
    response.writeHead(200, { ...extra, ...head?.headers, 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(body) });
    response.flushHeaders();
  };
  return {
    head(given) {
      head = given;
      if (given.error) return;
      body = request.answer.whole(outputTokens);
      queueMicrotask(sendHead);
    },
    done(outcome) {
      ended = true;
      if (head?.error) return sendJson(response, head.status, { ...extra, ...head.headers }, JSON.stringify(head.error));
      if (response.headersSent) {
        // The length is announced already: an error in place of the body can only cut it.
        if (outcome.kind === 'error') breakConnection(response);
        else response.end(body);
        return;
      }
      sendJson(response, 200, { ...extra, ...head?.headers }, outcome.kind === 'error' ? request.answer.bodyError(outcome) : body);
    },
    failed(error) {
      if (!head || !isTruncation(error)) return breakConnection(response);
      sendHead();
      ended = true;
      response.write(body.slice(0, Math.floor(body.length / 2)), () => response.destroy());
    },
  };
}

/** A body of server-sent events. */
function streamedBody(request: ApiRequest, response: ServerResponse, extra: Readonly<Record<string, string>>): ExchangeListener {
  const { answer } = request;
  let head: ResponseHead | undefined;
  let sent = -1;
  const upTo = (produced: number) => {
    const begin = sent < 0 ? answer.begin() : '';
    const from = Math.max(0, sent);
    sent = produced;
    return begin + answer.portion(from, produced);
  };
  const end = (outcome: CallOutcome) => {
    if (outcome.kind === 'completed') return upTo(outcome.outputTokens) + answer.end(outcome.outputTokens);
    return outcome.kind === 'error' ? (sent < 0 ? upTo(0) : '') + answer.streamError(outcome) : '';
  };
  return {
    head(given) {
      head = given;
      if (given.error) return;
      response.writeHead(200, { ...extra, ...given.headers, 'content-type': STREAM_TYPE, 'cache-control': 'no-cache' });
      response.flushHeaders();
    },
    tokens(produced) {
      if (!response.destroyed) response.write(upTo(produced));
    },
    done(outcome) {
      if (head?.error) sendJson(response, head.status, { ...extra, ...head.headers }, JSON.stringify(head.error));
      else response.end(end(outcome));
    },
    failed(error) {
      if (!head || !isTruncation(error)) return breakConnection(response);
      // A clean end of the connection without the terminal event: what a cut stream looks like.
      response.end(sent < 0 ? upTo(0) : '');
    },
  };
}

/** Plays a request to its end on a response; a client that hangs up stops the generation. */
export function sendAnswer(
  provider: SimulatedProvider,
  request: ApiRequest,
  response: ServerResponse,
  extra: Readonly<Record<string, string>>,
): void {
  const listener = request.call.stream ? streamedBody(request, response, extra) : wholeBody(request, response, extra);
  // One system call where head and body are ready at once. Corking the response itself garbles chunked bodies that end while corked (Node 24).
  const { socket } = response;
  socket?.cork();
  const exchange = provider.exchange(request.call, listener);
  socket?.uncork();
  if (!response.writableEnded) response.on('close', () => exchange.abort());
}
