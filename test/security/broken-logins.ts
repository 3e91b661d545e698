/** Logins as a hub that makes mistakes, or a person who types in the wrong field, would ask for them. */

export interface BrokenLogin {
  readonly what: string;
  /** Of the answer. */
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Behind `/v1/logins`. */
  readonly query?: string;
}

/** Each with the password in it. */
export function brokenLogins(password: string): readonly BrokenLogin[] {
  const whole = JSON.stringify({ username: 'user1', password });
  const form = new URLSearchParams({ password }).toString();
  return [
    { what: 'a body that ends early', status: 400, body: whole.slice(0, -1) },
    { what: 'a body with a word too much', status: 400, body: `${whole.slice(0, -1)},"x":}` },
    { what: 'a body that begins with the password', status: 400, body: `${password} {"username":"user1"}` },
    { what: 'a password in single quotes', status: 400, body: `{"username":"user1","password":'${password}'}` },
    { what: 'a password in a list', status: 400, body: { username: 'user1', password: [password] } },
    { what: 'a field too much', status: 400, body: { username: 'user1', password: 'x', Password: password } },
    {
      what: 'an address that is a password',
      status: 401,
      body: { username: 'user1', password: 'x', remoteAddress: password },
    },
    {
      what: 'a password of 2,000 letters',
      status: 400,
      body: { username: 'user1', password: password.repeat(100).slice(0, 2000) },
    },
    { what: 'a body too large', status: 413, body: whole.padEnd(2 ** 20 + 1) },
    { what: 'a form', status: 415, body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    { what: 'a body without a type', status: 415, body: whole, headers: { 'content-type': 'text/plain' } },
    { what: 'a compressed body', status: 415, body: whole, headers: { 'content-encoding': 'gzip' } },
    {
      what: 'a password in the query',
      status: 400,
      body: { username: 'user1', password: 'x' },
      query: `?password=${encodeURIComponent(password)}`,
    },
    { what: 'a password as the user name', status: 401, body: { username: password, password: 'x' } },
    { what: 'a password behind the user name', status: 401, body: { username: `user1:${password}`, password: 'x' } },
    { what: 'a password with NUL', status: 401, body: { username: 'user1', password: `${password}\0` } },
  ];
}
