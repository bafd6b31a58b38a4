const FOREIGN_KEY_VIOLATION = '23503';

/**
 * Returns undefined, with nothing saved, when the saved row would refer to nothing: a grant was revoked, or a person
 * deleted, during the request. The request is answered as if that had happened a moment later: its tokens are dead
 * either way.
 */
export async function unlessGone<T>(save: () => Promise<T>): Promise<T | undefined> {
  try {
    return await save();
  } catch (error) {
    if ((error as { code?: string }).code !== FOREIGN_KEY_VIOLATION) throw error;
    return undefined;
  }
}
