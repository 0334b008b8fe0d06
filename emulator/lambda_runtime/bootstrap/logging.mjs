// console, as Lambda has it: time, request id and level in front, one event per call.

import { format } from 'node:util';

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
let requestId;

export function setRequestId(id) { requestId = id; }

export function patchConsole() {
  const json = (process.env.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON';
  const lowest = json ? LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL || 'INFO').toUpperCase()) : 0;
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

// A carriage return keeps the lines of one message together in CloudWatch Logs.
function textLine(level, args) {
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...args).replaceAll('\n', '\r')}\n`;
}

function jsonLine(level, args) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  const [first] = args;
  if (args.length === 1 && first instanceof Error) {
    line.message = first.message;
    Object.assign(line, { errorType: first.name, errorMessage: first.message, stackTrace: String(first.stack).split('\n') });
  } else {
    line.message = args.length === 1 && typeof first === 'object' ? first : format(...args);
  }
  try {
    return `${JSON.stringify(line)}\n`;
  } catch {
    return `${JSON.stringify({ ...line, message: format(...args) })}\n`;
  }
}
