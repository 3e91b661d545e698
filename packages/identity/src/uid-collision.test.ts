import { expect, test } from '@jest/globals';
import { identityErrorOf } from './testing/identity-error-of.ts';
import { findUidCollision, refuseUidCollision, type UidClaim } from './uid-collision.ts';

const bySid: UidClaim = { uid: 5000, name: 'user1', sid: 'S-1-5-21-1-2-3-1104' };
const found: UidClaim = { uid: 5000, name: 'user1' };
const local: UidClaim = { uid: 5000, name: 'user1', local: true };

test.each<[string, UidClaim, UidClaim, boolean]>([
  ['two SIDs on one uid', bySid, { ...bySid, sid: 'S-1-5-21-1-2-3-525392' }, true],
  ['two SIDs, even under one name', bySid, { ...bySid, sid: 'S-1-5-21-9-9-9-1104' }, true],
  ['one SID that was renamed', bySid, { ...bySid, name: 'married' }, false],
  ['one SID in another case', bySid, { ...bySid, sid: 's-1-5-21-1-2-3-1104' }, false],
  ['a local account holding the uid', bySid, { ...local, name: 'oracle' }, true],
  ['a local account of the same name holding the uid', bySid, local, true],
  ['a local account against one of the directory', local, bySid, true],
  ['a local account and itself', local, local, false],
  ['a name found on the host and itself', found, { ...found, name: 'USER1' }, false],
  ['two names found on the host', found, { ...found, name: 'user2' }, true],
  ['a SID and the same name without one', bySid, found, false],
  ['a SID and another name without one', bySid, { ...found, name: 'user2' }, true],
  ['two SIDs on two uids', bySid, { ...bySid, uid: 5001, sid: 'S-1-5-21-1-2-3-1105' }, false],
])('%s: a collision is seen where there is one', async (_, candidate, other, collides) => {
  const known = [{ uid: 1, name: 'other' }, other];
  expect(findUidCollision(candidate, known)).toBe(collides ? other : undefined);
  if (!collides) return expect(() => refuseUidCollision(candidate, known)).not.toThrow();
  const error = await identityErrorOf(() => refuseUidCollision(candidate, known));
  expect(error.code).toBe('uid-collision');
  expect(error.message).toContain(`The uid 5000 of 'user1' is that of`);
  expect(error.message).toContain(`'${other.name}'`);
});
