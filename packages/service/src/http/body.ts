/**
 * Request bodies: JSON up to a limit. What is sent beyond it is read and thrown away for a while, as a sender whose
 * connection is closed under him loses the answer; who goes on after that is cut off.
 */
import express, { type Request, type Response } from 'express';
import { ProblemError } from './problem.ts';

/** 1 MiB; the largest certificates and a large environment fit. */
const bodyLimit = 2 ** 20;
/** Bytes of a body that is too large after which the answer no longer waits for its end. */
const patience = 32 * 2 ** 20;
/** How long the rest of a body is thrown away once the answer is out. */
const lingerMs = 5000;

const readJson = express.json({ limit: bodyLimit, inflate: false, strict: true, type: () => true });

/** Reads the body into `request.body`. Rejects with a ProblemError or with what body-parser throws (problem.ts). */
export function readBody(request: Request, response: Response): Promise<void> {
  const [mediaType = ''] = (request.get('content-type') ?? '').split(';');
  if (mediaType.trim().toLowerCase() !== 'application/json')
    throw new ProblemError('media-type-unsupported', 'The body must come as application/json.');
  return new Promise((resolve, reject) => {
    let bytes = 0;
    // body-parser answers at the end of a body that is too large; that may never come.
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > patience) reject(new ProblemError('body-too-large', 'The body is larger than 1 MiB.'));
    });
    void readJson(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  });
}

/** For every request, read or refused unread: cuts off who goes on sending after the answer. */
export function limitLeftover(request: Request, response: Response): void {
  response.once('finish', () => {
    if (request.complete) return;
    const cut = () => request.complete || request.socket.destroy();
    setTimeout(cut, lingerMs).unref();
  });
}
