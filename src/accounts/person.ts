/** A person who signs in. They belong to one instance. Their `id` is the subject of every token about them. */
export interface Person {
  id: string;
  instanceId: string;
  email: string | null;
  emailVerified: boolean;
  name: string | null;
  firstName: string | null;
  lastName: string | null;
  workerProfileId: string | null;
  /** When a claim last changed, in epoch seconds. */
  updatedAt: number;
  workerIds: readonly string[];
  userIds: readonly UserRecord[];
}

/** A user record with one of Listo's customer companies; `clientId` is that company, not an OAuth client. */
export interface UserRecord {
  id: string;
  clientId: string;
}
