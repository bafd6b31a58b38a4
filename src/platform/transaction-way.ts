import type { Knex } from 'knex';

/**
 * Says how a transaction came about, such as `command client secret add`, to the triggers that write the audit trail.
 * The setting ends with the transaction, so poolers do no harm.
 */
export async function actsBy(trx: Knex | Knex.Transaction, way: string): Promise<void> {
  await trx.raw("SELECT set_config('listo.way', ?, true)", [way]);
}
