/** Answers without ceremony: the data of one, and the items of all pages of a list. */

interface Answer<T> {
  readonly data?: T;
  readonly response: { readonly url?: string; readonly status: number };
}

/** A page of any list of the contract. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** To be spread into a list's query. */
export interface Cursor {
  readonly after?: string;
}

/** The data of an answer that has one: `await dataOf(client.GET('/v1/drain'))`. Errors have been thrown by then. */
export async function dataOf<T>(answer: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const { data, response } = await answer;
  if (data === undefined || data === null) throw new TypeError(`HTTP ${response.status} came without data`);
  return data;
}

/** Every item of a list, page after page, fetched as it is read. `page` is one call with the cursor in its query. */
export async function* all<T>(page: (cursor: Cursor) => Promise<Answer<Page<T>>>): AsyncGenerator<T, void> {
  let cursor: Cursor = {};
  for (;;) {
    const { items, next } = await dataOf(page(cursor));
    yield* items;
    if (next === null) return;
    cursor = { after: next };
  }
}
