/** Limits of one listening server, and its answer to what isn't HTTP. */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { toProblem, ProblemError } from './problem.ts';

/**
 * Keep-alive outlasts the 60 s of usual proxies and clients, so that it is they who close idle connections. Node wants
 * headersTimeout above keepAliveTimeout and requestTimeout above headersTimeout.
 */
export function limitServer(server: Server): void {
  server.keepAliveTimeout = 75_000;
  server.headersTimeout = 80_000;
  server.requestTimeout = 120_000;
  server.maxHeadersCount = 100;
  server.maxRequestsPerSocket = 0;
  server.maxConnections = 4096;
  server.on('clientError', answerBrokenRequest);
}

/** What the parser refused: too large headers, a garbled request line, a body that never came. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const detail =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'The headers are larger than 16 KiB.'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'The request did not arrive in time.'
        : 'This is not HTTP/1.1.';
  const { problem } = toProblem(new ProblemError('request-invalid', detail), 'none');
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} Bad Request`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
