// The Runtime API's requests over one kept connection: plain sockets, because node:http costs half the throughput.
// A small answer waits until the next call is asked for, which is at once, and both go out together.

import net from 'node:net';

const PREFIX = '/2018-06-01/runtime/';
const SMALL = 1024 * 1024; // a larger answer may be refused for its size, and then no call must have been asked for
const HEAD_END = Buffer.from('\r\n\r\n');

export class RuntimeApi {
  constructor(address) {
    const [host, port] = address.split(':');
    this.address = address;
    this.pending = null; // { resolve, reject } of the request that waits for its answer
    this.chunks = [];
    this.size = 0;
    this.head = null;
    this.owed = null; // an answer that goes out with the next question
    this.socket = net.connect({ host, port: Number(port), noDelay: true });
    this.socket.on('data', (chunk) => this.received(chunk));
    // Without the Runtime API there is nothing to run for.
    this.socket.on('close', () => process.exit(1));
    this.socket.on('error', () => process.exit(1));
  }

  // While user code runs, our connection must not keep its event loop busy.
  unref() { this.socket.unref(); }
  ref() { this.socket.ref(); }

  received(chunk) {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.pending) this.parse();
  }

  // One answer off what has come, if it is all there.
  parse() {
    if (!this.head) {
      const data = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
      const end = data.indexOf(HEAD_END);
      this.chunks = [data];
      if (end < 0) return;
      const lines = data.toString('latin1', 0, end).split('\r\n');
      const headers = {};
      for (const line of lines.slice(1)) {
        const colon = line.indexOf(':');
        headers[line.slice(0, colon).toLowerCase()] = Buffer.from(line.slice(colon + 1).trim(), 'latin1').toString();
      }
      this.head = { status: Number(lines[0].split(' ')[1]), headers, start: end + 4 };
      this.needed = this.head.start + Number(headers['content-length'] || 0);
    }
    if (this.size < this.needed) return;
    const data = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    const { status, headers, start } = this.head;
    const body = data.subarray(start, this.needed);
    const rest = data.subarray(this.needed);
    this.chunks = rest.length ? [rest] : [];
    this.size = rest.length;
    this.head = null;
    const { resolve } = this.pending;
    this.pending = null;
    resolve({ status, headers, body });
  }

  answer() {
    this.ref();
    return new Promise((resolve) => {
      this.pending = { resolve };
      if (this.size) this.parse();
    });
  }

  head_of(method, path, headers) {
    let head = `${method} ${PREFIX}${path} HTTP/1.1\r\nHost: ${this.address}\r\n`;
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    return `${head}\r\n`;
  }

  async next() {
    const question = this.head_of('GET', 'invocation/next', {});
    const owed = this.owed;
    this.owed = null;
    this.socket.write(owed ? Buffer.concat([owed, Buffer.from(question)]) : question);
    if (owed) await this.answer();
    const answer = await this.answer();
    if (answer.status !== 200) throw new Error(`The Runtime API refused to give a call: ${answer.status}`);
    return answer;
  }

  message(path, body, headers = {}) {
    const data = Buffer.from(body);
    const head = this.head_of('POST', path, { 'Content-Type': 'application/json', ...headers, 'Content-Length': data.length });
    return Buffer.concat([Buffer.from(head), data]);
  }

  async post(path, body, headers) {
    this.socket.write(this.message(path, body, headers));
    const answer = await this.answer();
    if (answer.status === 413) {
      // The platform has told the caller; on AWS the runtime ends here, too.
      console.error(`Runtime failed to post the response: ${answer.body}`);
      process.exit(1);
    }
    return answer;
  }

  async respond(requestId, body) {
    const path = `invocation/${requestId}/response`;
    if (body.length < SMALL) this.owed = this.message(path, body);
    else await this.post(path, body);
  }

  fail(requestId, error, type = error.errorType) {
    const cause = JSON.stringify({ working_directory: process.cwd(), exceptions: [{ type, message: error.errorMessage, stack: [] }], paths: [] });
    const headers = { 'Lambda-Runtime-Function-Error-Type': ascii(type) };
    if (cause.length < 1024 * 1024) headers['Lambda-Runtime-Function-XRay-Error-Cause'] = ascii(cause);
    return this.post(`invocation/${requestId}/error`, JSON.stringify(error), headers);
  }

  failInit(error, type) {
    return this.post('init/error', JSON.stringify(error), { 'Lambda-Runtime-Function-Error-Type': ascii(type) });
  }

  // A response in parts: each write is a chunk; ``finish`` ends it, with an error in the trailers if there was one.
  stream(requestId, contentType) {
    this.socket.write(this.head_of('POST', `invocation/${requestId}/response`, {
      'Content-Type': contentType,
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
      'Transfer-Encoding': 'chunked',
    }));
    return {
      write: (data, written) => {
        if (data.length === 0) { written(); return; }
        this.socket.write(`${data.length.toString(16)}\r\n`);
        this.socket.write(data);
        this.socket.write('\r\n', written);
      },
      finish: async (error) => {
        let end = '0\r\n';
        if (error) {
          end += `Lambda-Runtime-Function-Error-Type: ${ascii(error.errorType)}\r\n`;
          end += `Lambda-Runtime-Function-Error-Body: ${Buffer.from(JSON.stringify(error)).toString('base64')}\r\n`;
        }
        this.socket.write(`${end}\r\n`);
        await this.answer();
      },
    };
  }
}

function ascii(text) {
  return String(text).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
