// Errors as Lambda writes them: for the caller, and for the log.

function nameOf(error) {
  return error.name === 'Error' && error.constructor && error.constructor.name ? error.constructor.name : error.name || 'Error';
}

// What the caller gets: errorType, errorMessage, trace.
export function asError(error) {
  if (error instanceof Error || (error && typeof error === 'object' && 'message' in error && 'stack' in error)) {
    return {
      errorType: String(nameOf(error)).replaceAll('\x7f', '%7F'),
      errorMessage: String(error.message).replaceAll('\x7f', '%7F'),
      ...(error.reason !== undefined ? { reason: plain(error.reason) } : {}),
      trace: String(error.stack || '').split('\n'),
    };
  }
  return { errorType: typeof error, errorMessage: typeof error === 'string' ? error : String(error), trace: [] };
}

function plain(reason) {
  return reason instanceof Error ? { errorType: nameOf(reason), errorMessage: reason.message, stack: String(reason.stack).split('\n') } : reason;
}

// What the log gets: one line, JSON after the title.
export function logError(title, error) {
  const { errorType, errorMessage, trace, ...rest } = asError(error);
  const extra = error instanceof Error ? Object.fromEntries(Object.entries(error).filter(([name]) => name !== 'reason')) : {};
  let text;
  try {
    text = JSON.stringify({ errorType, errorMessage, ...extra, ...rest, stack: trace });
  } catch {
    text = JSON.stringify({ errorType, errorMessage, stack: trace });
  }
  console.error(`${title} \t${text}`);
}
