import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, Channel, Intake } from '../intake/intake.ts';
import { faultOf } from '../issue/fault.ts';
import { issue, type Issue } from '../issue/issue.ts';
import { toOperationOutcome } from '../issue/operation-outcome.ts';
import type { ByteBudget, ByteHolder } from './byte-budget.ts';
import type { Clock } from './clock.ts';
import { type Log, MLLP_LIMITS } from './mllp.ts';
import { readBody } from './read-body.ts';
import { receiveBody } from './receive-body.ts';
import { charsetOfAnswer } from './refusal.ts';

/** What HL7 over HTTP is served with. */
export interface Hl7HttpOptions {
  readonly intake: Intake;
  readonly log: Log;
  /** Units: bytes */
  readonly maxMessageBytes?: number;
  /** Shared with all else that takes messages in; above it the answer is "not stored, resend". */
  readonly budget: ByteBudget;
  /** Whose messages are taken of who asks; everybody's where it is left out. */
  readonly refuses?: (request: IncomingMessage) => NonNullable<Channel['refuses']>;
  /** `ok`: every HL7 answer is HTTP 200, as the standard has it; `mapped`: AA 200, AR 400, AE 500. */
  readonly ackHttpStatus?: 'ok' | 'mapped';
}

const CONTENT_TYPES = new Set(['application/hl7-v2', 'application/hl7-v2+er7', 'x-application/hl7-v2+er7', 'text/plain']);
const MAPPED_STATUS: Readonly<Record<Answer['code'], number>> = { AA: 200, CA: 200, AE: 500, CE: 500, AR: 400, CR: 400 };
const RETRY_AFTER_S = 5;

/**
 * A handler for `POST /hl7v2`: the body is a message, several or a batch, the answer its acknowledgment.
 *
 * Source: HL7 over HTTP (HAPI's specification): any HL7 answer is a 2xx; intake.md "ACK contract"
 */
export function createHl7HttpHandler(options: Hl7HttpOptions): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { budget, intake, log, refuses, ackHttpStatus = 'ok' } = options;
  const maxMessageBytes = options.maxMessageBytes ?? MLLP_LIMITS.maxFrameBytes;
  const clock: Clock = { now: () => Date.now(), newControlId: () => randomBytes(10).toString('hex') };

  /** Made before the body is read: when that is whole the sender may be gone, and its address and certificate with it. */
  function channelOf(request: IncomingMessage, charset: string | undefined): Channel {
    return {
      name: `http ${request.socket.remoteAddress ?? ''}`,
      synchronous: true,
      ...(charset === undefined ? {} : { charset }),
      ...(refuses === undefined ? {} : { refuses: refuses(request) }),
    };
  }

  async function answerTo(body: Uint8Array, channel: Channel): Promise<Answer | undefined> {
    const onFault = (error: unknown) => log.error({ fault: faultOf(error) }, 'HL7 over HTTP: a fault of the gateway');
    const reception = await receiveBody(body, { channel, intake, clock, onFault });
    return reception.application;
  }

  return async (request, response) => {
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      return refuseHttp(response, 405, issue('method-not-allowed', { method: request.method ?? '' }));
    }
    const { mediaType, charset } = contentTypeOf(request.headers['content-type'] ?? '');
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (!CONTENT_TYPES.has(mediaType) || encoding !== 'identity') {
      const shown = `${mediaType || 'none'}${encoding === 'identity' ? '' : ` encoded as ${encoding}`}`;
      return refuseHttp(
        response,
        415,
        issue('content-type-unsupported', { contentType: shown.slice(0, 100), supported: [...CONTENT_TYPES].join(', ') }),
      );
    }
    const channel = channelOf(request, charset);
    let isWhole = false;
    // It is refused rather than paused; but one that came in part and does not go on gives way to the others.
    const holder: ByteHolder = {
      pauseReading: () => undefined,
      resumeReading: () => undefined,
      cutOff: () => void (isWhole || request.destroy()),
    };
    const body = await readBody(request, maxMessageBytes, (bytes) => budget.hold(holder, bytes));
    isWhole = true;
    try {
      if (body.kind !== 'whole') {
        if (body.kind === 'too-long') plain(response, 413, `The message is longer than ${maxMessageBytes} bytes\n`);
        else if (body.kind === 'no-room') {
          response.setHeader('Retry-After', RETRY_AFTER_S);
          plain(response, 503, 'Not stored, resend: too much is under way\n');
        }
        return;
      }
      if (body.bytes.length === 0) return refuseHttp(response, 400, issue('header-unreadable', { reason: 'the body is empty' }));
      const answer = await answerTo(body.bytes, channel);
      if (answer?.resend !== false) response.setHeader('Retry-After', RETRY_AFTER_S);
      if (answer === undefined || (answer.bytes.length === 0 && answer.resend)) {
        return plain(response, 503, 'Not answered in time, resend: a message that was stored gets its stored answer\n');
      }
      if (answer.bytes.length === 0) return refuseHttp(response, 400, issue('header-unreadable', { reason: 'there is no MSH to answer' }));
      const status = ackHttpStatus === 'mapped' ? MAPPED_STATUS[answer.code] : 200;
      response.statusCode = answer.forbidden === true ? 403 : status;
      response.setHeader('Content-Type', `application/hl7-v2; charset=${charsetOfAnswer(answer.bytes).toLowerCase()}`);
      response.end(answer.bytes);
    } finally {
      budget.hold(holder, 0);
    }
  };
}

function contentTypeOf(header: string): { mediaType: string; charset: string | undefined } {
  const [mediaType = '', ...parameters] = header.split(';').map((part) => part.trim());
  const charset = parameters.find((parameter) => /^charset\s*=/i.test(parameter));
  return {
    mediaType: mediaType.toLowerCase(),
    charset: charset
      ?.slice(charset.indexOf('=') + 1)
      .trim()
      .replaceAll('"', ''),
  };
}

function plain(response: ServerResponse, status: number, words: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(words);
}

function refuseHttp(response: ServerResponse, status: number, cause: Issue): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/fhir+json; charset=utf-8');
  response.end(`${JSON.stringify(toOperationOutcome([cause]))}\n`);
}
