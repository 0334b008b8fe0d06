// console, as Lambda has it: time, request id and level in front, one event per call.

import { format } from 'node:util';

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
let requestId;

export function setRequestId(id) { requestId = id; }

export function patchConsole() {
  const json = (process.env.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON';
  const lowest = LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL || '').toUpperCase());
  const at = (level) => (...args) => {
    if (LEVELS.indexOf(level) < lowest) return;
    process.stdout.write(json ? jsonLine(level, args) : textLine(level, args));
  };
  console.log = at('INFO');
  console.info = at('INFO');
  console.debug = at('DEBUG');
  console.warn = at('WARN');
  console.error = at('ERROR');
  console.fatal = at('FATAL');
  console.trace = (...args) => {
    const held = {};
    Error.captureStackTrace(held, console.trace);
    at('TRACE')(...args, held.stack.replace(/^.*\n/, '\n'));
  };
}

// What joins the lines of one message (logs.JOINT); they are one event in CloudWatch Logs.
function textLine(level, args) {
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...args).replaceAll('\n', '\x1e')}\n`;
}

function jsonLine(level, args) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  if (args.length === 1) {
    try {
      return `${JSON.stringify({ ...line, message: args[0] }, spread)}\n`;
    } catch {
      return `${JSON.stringify({ ...line, message: format(args[0]) })}\n`;
    }
  }
  // Among several arguments the first error is told beside the text.
  const error = args.find((each) => each instanceof Error);
  return `${JSON.stringify({ ...line, message: format(...args), ...(error && told(error)) })}\n`;
}

function spread(_key, value) { return value instanceof Error ? { ...told(value), ...value } : value; }

function told(error) {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
  };
}
