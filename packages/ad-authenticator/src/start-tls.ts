/** StartTLS (RFC 4511, 4.14), by hand: the one message that is sent in clear, before anything else. */
import type { Socket } from 'node:net';
import { BerReader, BerWriter } from 'ldapts';
import { LdapFault } from './ldap-fault.ts';
import type { ServerAddress } from './server-address.ts';

const startTlsOid = '1.3.6.1.4.1.1466.20037';
const extendedRequest = 0x77;
const extendedResponse = 0x78;
/** More is no answer to StartTLS. */
const maxAnswerBytes = 4096;

/** Resolves when the server is ready for the handshake. The caller bounds the time and destroys the socket on failure. */
export function startTls(socket: Socket, server: ServerAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const fail = (why: string): void => {
      socket.removeListener('data', read);
      reject(new LdapFault('network', `${server.url} does not start TLS: ${why}. Nothing is sent in clear text`));
    };
    const read = (data: Buffer): void => {
      received = Buffer.concat([received, data]);
      let answer: Answer | undefined;
      try {
        answer = parseAnswer(received);
      } catch {
        return fail('its answer is no LDAP');
      }
      if (answer === undefined) return received.length > maxAnswerBytes ? fail('its answer is too long') : undefined;
      // Bytes behind the answer would be read as if they had come through TLS.
      if (answer.end !== received.length) return fail('it sent more than its answer');
      if (answer.result !== 0) return fail(`it answered with result ${answer.result}`);
      socket.removeListener('data', read);
      socket.pause();
      resolve();
    };
    socket.on('data', read);
    socket.write(requestBytes());
  });
}

interface Answer {
  readonly result: number;
  /** Where it ends, in bytes. */
  readonly end: number;
}

/** Undefined: not all of it is here yet. */
function parseAnswer(data: Buffer): Answer | undefined {
  const reader = new BerReader(data);
  if (reader.readSequence(0x30) === null || reader.remain < reader.length) return undefined;
  const end = reader.offset + reader.length;
  if (reader.readInt() !== 1 || reader.readSequence(extendedResponse) === null) throw new Error('not an answer');
  return { result: reader.readEnumeration() ?? -1, end };
}

function requestBytes(): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(1);
  writer.startSequence(extendedRequest);
  writer.writeString(startTlsOid, 0x80);
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}
