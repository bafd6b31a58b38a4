/** The answer of every endpoint that needs the database while the database is away. */
export const AWAY = {
  status: 503,
  retryAfter: '5',
  body: {
    error: 'temporarily_unavailable',
    error_description: 'The service is briefly unavailable. Please try again in a few seconds.',
  },
};
