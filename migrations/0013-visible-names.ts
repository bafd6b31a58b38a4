/** Brings the current text of functions/: names without control characters, and triggers for TRUNCATE. */
export async function up(): Promise<void> {}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
