/** Cuts a stream of newline-delimited JSON into its values. */

/** A line longer than this is no JSON of Docker's. */
const LINE_LENGTH = 1_000_000;

/** Calls `onValue` for each line that is JSON, `onGarbled` for each that isn't. Resolves at the stream's end, rejects with its error. */
export async function readJsonLines(
  stream: AsyncIterable<string | Uint8Array>,
  onValue: (value: unknown) => void,
  onGarbled: () => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let pending = '';
  const take = (line: string): void => {
    if (line.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      onGarbled();
      return;
    }
    onValue(value);
  };
  for await (const chunk of stream) {
    const lines = (pending + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) take(line);
    if (pending.length > LINE_LENGTH) {
      onGarbled();
      pending = '';
    }
  }
  take(pending);
}
