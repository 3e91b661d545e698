/** Cookies as a browser keeps them (RFC 6265), for one host and without expiry by date. */
interface Cookie {
  readonly name: string;
  readonly path: string;
  readonly value: string;
}

export class CookieJar {
  #cookies: Cookie[] = [];

  /** Takes the Set-Cookie headers of an answer to a request for `path`. */
  store(headers: readonly string[], path: string): void {
    for (const header of headers) {
      const [pair = '', ...attributes] = header.split(';').map((part) => part.trim());
      const separator = pair.indexOf('=');
      const name = pair.slice(0, separator);
      const value = pair.slice(separator + 1);
      const attribute = (wanted: string) =>
        attributes.find((one) => one.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
      const scope = attribute('path') ?? path.slice(0, Math.max(1, path.lastIndexOf('/')));
      this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name || cookie.path !== scope);
      const expired = Date.parse(attribute('expires') ?? '') <= Date.now() || attribute('max-age') === '0';
      if (!expired) this.#cookies.push({ name, path: scope, value });
    }
  }

  /** The Cookie header for a request: longer paths first. Empty where none apply. */
  header(path: string): string {
    return this.#matching(path)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  /** What a script on a page at `path` reads. */
  value(name: string, path: string): string | undefined {
    const found = this.#matching(path).find((cookie) => cookie.name === name);
    return found && decodeURIComponent(found.value.replace(/^"|"$/g, ''));
  }

  #matching(path: string): Cookie[] {
    return this.#cookies
      .filter((one) => path === one.path || path.startsWith(one.path.endsWith('/') ? one.path : `${one.path}/`))
      .toSorted((a, b) => b.path.length - a.path.length);
  }
}
