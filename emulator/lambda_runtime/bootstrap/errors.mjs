// Errors as Lambda writes them: for the caller, and for the log.

import { types } from 'node:util';

const UNREADABLE = 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack';

// An error of the runtime's own: its name is no property of it, as on AWS, so that logs do not repeat it.
export function fault(name, message) {
  class Fault extends Error {}
  Object.defineProperty(Fault.prototype, 'name', { value: name });
  return new Fault(message);
}

function isError(error) {
  return types.isNativeError(error) || Boolean(error && [error.name, error.message, error.stack].every((each) => each && typeof each === 'string'));
}

// What the caller gets: errorType, errorMessage, trace. A class that sets no name is an "Error".
export function asError(error) {
  try {
    if (!isError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
    return {
      errorType: String(error.name).replaceAll('\x7f', '%7F'),
      errorMessage: String(error.message).replaceAll('\x7f', '%7F'),
      trace: String(error.stack || '').split('\n'),
    };
  } catch {
    return { errorType: 'handled', errorMessage: UNREADABLE, trace: [] };
  }
}

function spread(_key, value) {
  if (!(value instanceof Error)) return value;
  const shown = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
  if (typeof value.stack === 'string') shown.stack = value.stack.split('\n');
  return shown;
}

// What the log gets: one line, JSON after the title; as JSON logs the error alone.
export function logError(title, error) {
  const shown = error instanceof Error ? error : new Error(String(error));
  if ((process.env.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON') {
    console.error(shown);
    return;
  }
  let text;
  try {
    text = JSON.stringify(shown, spread);
  } catch {
    text = JSON.stringify(asError(shown));
  }
  console.error(`${title} \t${text}`);
}
