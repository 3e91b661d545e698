/** Waits for `promise`, but no longer than the signal allows; what the promise does afterwards is nobody's concern. Rejects with the signal's reason. */
export function waitFor<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
