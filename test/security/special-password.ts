/** Passwords that no careless escape leaves as they are. */
import { randomBytes } from 'node:crypto';
import { textSecret, type Secret } from './secret-forms.ts';

/** What a person chooses whom a site asks for special characters; its ends give it away by themselves. */
export class SpecialPassword {
  readonly text: string;
  readonly secret: Secret;
  constructor() {
    const [first, last] = [word(), word()];
    this.text = `${first}&<>"'äß\\ %+/${last}`;
    this.secret = textSecret(this.text, [first, last]);
  }
}

/** Eight letters that stand nowhere by chance. */
function word(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  return [...randomBytes(8)].map((byte) => letters[byte % 32]).join('');
}
