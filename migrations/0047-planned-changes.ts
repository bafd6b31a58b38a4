/**
 * Seeds are planned: the trigger `record_registration_change` also lists old and new values. No table changes. Comes with
 * a new text of functions.
 */
export async function up(): Promise<void> {
  // The functions get their text after the last migration.
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
