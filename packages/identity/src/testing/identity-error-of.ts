import { IdentityError } from '../errors.ts';

/** The IdentityError that `act` throws or rejects with; fails where it does neither. */
export async function identityErrorOf(act: () => unknown): Promise<IdentityError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof IdentityError) return error;
    throw error;
  }
  throw new Error('no IdentityError was thrown');
}
