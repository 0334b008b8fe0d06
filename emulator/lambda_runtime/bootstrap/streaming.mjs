// Response streaming: awslambda.streamifyResponse and awslambda.HttpResponseStream, and calls of such handlers.

import { Writable } from 'node:stream';
import { asError, fault, logError } from './errors.mjs';

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';

export function isStreaming(handler) { return handler[STREAMING] === 'response'; }

export function installStreaming() {
  globalThis.awslambda = {
    streamifyResponse: (handler) => {
      handler[STREAMING] = 'response';
      return handler;
    },
    HttpResponseStream: {
      // The status and headers go first, as JSON, ended by eight NULs.
      from: (stream, prelude) => {
        stream.setContentType(PRELUDE_TYPE);
        stream._prelude = Buffer.concat([Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8)]);
        return stream;
      },
    },
  };
}

class ResponseStream extends Writable {
  constructor(open) {
    super({ highWaterMark: 64 * 1024 });
    this._open = open;
    this._contentType = 'application/octet-stream';
    this._prelude = null;
    this._line = null; // the response, once it has begun
  }

  setContentType(contentType) {
    if (this._line) throw fault('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.');
    this._contentType = contentType;
  }

  // What is neither text nor bytes goes as JSON.
  write(chunk, ...rest) {
    return super.write(typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk), ...rest);
  }

  _begin() {
    if (this._line) return;
    this._line = this._open(this._contentType);
    if (this._prelude) this._line.write(this._prelude, () => {});
  }

  _write(chunk, _encoding, written) {
    this._begin();
    this._line.write(chunk, written);
  }

  _final(finished) {
    this._begin();
    finished();
  }
}

// Serve one call: fires when the response is ended, or the error told.
export async function runStreaming(api, handler, event, context, setCurrent) {
  const requestId = context.awsRequestId;
  const stream = new ResponseStream((contentType) => api.stream(requestId, contentType));
  const ended = new Promise((resolve, reject) => {
    stream.once('finish', resolve);
    stream.once('error', reject);
  });
  ended.catch(() => {});
  setCurrent({ requestId, whenIdle: () => stream.end() });
  api.unref();
  let failure = null;
  try {
    const result = handler(event, stream, context);
    if (!result || typeof result.then !== 'function') {
      throw new Error('Streaming does not support non-async handlers.');
    }
    if ((await result) !== undefined) console.warn('Streaming handlers ignore return values.');
    await ended;
  } catch (error) {
    failure = asError(error === undefined ? 'undefined' : error);
    logError('Invoke Error', error);
  }
  setCurrent(null);
  api.ref();
  if (stream._line) await stream._line.finish(failure);
  else await api.fail(requestId, failure);
}
