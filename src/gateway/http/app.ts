import type { ServerOptions } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ownAnswer } from '../../client/fetch/error-answer.ts';
import { InvalidRequest } from '../../domain/errors.ts';
import type { Logger } from '../../domain/logger.ts';
import { answerClientError, answerExpectation } from './client-errors.ts';
import { faceOf } from './face.ts';
import { gatewayError } from './gateway-error.ts';
import { MOST_LEVELS, nestsTooDeep } from './json-body.ts';
import { sendError } from './send-answer.ts';

export interface AppOptions {
  /** Largest body in bytes. */
  readonly bodyLimit: number;
  /** Longest time a request may take to arrive, head and body. */
  readonly readTimeoutMs: number;
  readonly logger: Logger;
}

const LONGEST_PATH_SEGMENT = 256;
const KEEP_ALIVE_MS = 75_000;
/** How often the server looks for requests that are not arriving; its own default is half a minute. */
const MOST_CHECK_MS = 5_000;

/** The gateway's server without routes: bodies are read as JSON, and every failure is told in the form of the path's face. */
export function createApp({ bodyLimit, readTimeoutMs, logger }: AppOptions): FastifyInstance {
  const failed = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const answer = gatewayError(error, faceOf(request));
    // Whose caller has left is told to nobody.
    if (answer.status >= 500 && !request.raw.socket.destroyed)
      logger.warn({ err: error, path: pathOf(request.url), status: answer.status }, 'a request failed');
    return sendError(reply, answer);
  };
  const app = Fastify({
    logger: false,
    http: readingTimes(readTimeoutMs),
    clientErrorHandler: answerClientError,
    frameworkErrors: failed,
    // Routes say so themselves, in the face's form.
    return503OnClosing: false,
    bodyLimit,
    requestTimeout: readTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: LONGEST_PATH_SEGMENT, ignoreTrailingSlash: true },
    // Batches of thousands of events and long streams outlive any number.
    connectionTimeout: 0,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
  });
  app.server.on('checkExpectation', answerExpectation);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(/^application\/(.+\+)?json\b/i, { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, parsed(text as string));
    } catch (error) {
      done(error as Error);
    }
  });
  app.setErrorHandler(failed);
  app.setNotFoundHandler((request, reply) => {
    const message = `There is nothing at ${request.method} ${pathOf(request.url)}. See /openapi.json for what there is.`;
    return sendError(reply, ownAnswer(faceOf(request), 404, 'not_found', message));
  });
  return app;
}

/** Set before the server is made: told later, a server waits for the rest of a body for ever. */
function readingTimes(readTimeoutMs: number): ServerOptions {
  const connectionsCheckingInterval = readTimeoutMs > 0 ? Math.min(MOST_CHECK_MS, readTimeoutMs / 2) : MOST_CHECK_MS;
  return { requestTimeout: readTimeoutMs, connectionsCheckingInterval };
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new InvalidRequest(`The request's body is no JSON: ${cause instanceof Error ? cause.message : 'it cannot be read'}.`, 'body', {
      cause,
    });
  }
  if (nestsTooDeep(body))
    throw new InvalidRequest(`The request's body nests lists and objects more than ${MOST_LEVELS} levels deep.`, 'body');
  return body;
}

/** Without its query, which may hold what is nobody's business. */
function pathOf(url: string): string {
  return (url.split('?', 1)[0] ?? '').slice(0, LONGEST_PATH_SEGMENT);
}
