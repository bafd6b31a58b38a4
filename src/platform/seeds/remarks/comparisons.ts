import type { Tree } from '../grammar/seed-statements.ts';

/** A condition that compares a column with a text that stands in the statement. */
export interface Comparison {
  column: string;
  value: string;
}

/** Those that each row must meet: `id = 'a' AND instance_id IN ('b', 'c')`. */
export function comparisonsOf(tree: Tree): Comparison[] {
  return comparisonsIn(tree.whereClause as Tree | undefined);
}

function comparisonsIn(condition: Tree | undefined): Comparison[] {
  const all = condition?.BoolExpr as { boolop?: string; args?: Tree[] } | undefined;
  if (all?.boolop === 'AND_EXPR') return (all.args ?? []).flatMap(comparisonsIn);
  const one = condition?.A_Expr as { kind?: string; name?: unknown; lexpr?: Tree; rexpr?: Tree } | undefined;
  if (!one || (one.kind !== 'AEXPR_OP' && one.kind !== 'AEXPR_IN') || operatorOf(one.name) !== '=') return [];
  const column = columnOf(one.lexpr) ?? columnOf(one.rexpr);
  const values = columnOf(one.lexpr) === undefined ? textsOf(one.lexpr) : textsOf(one.rexpr);
  return column === undefined ? [] : values.map((value) => ({ column, value }));
}

function operatorOf(name: unknown): string | undefined {
  return ((name ?? []) as { String?: { sval?: string } }[]).at(-1)?.String?.sval;
}

function columnOf(node: Tree | undefined): string | undefined {
  const { fields } = (node?.ColumnRef ?? {}) as { fields?: unknown };
  return operatorOf(fields);
}

function textsOf(node: Tree | undefined): string[] {
  const { items } = (node?.List ?? {}) as { items?: Tree[] };
  if (items) return items.flatMap(textsOf);
  const { arg } = (node?.TypeCast ?? {}) as { arg?: Tree };
  const { sval } = ((arg ?? node)?.A_Const ?? {}) as { sval?: { sval?: string } };
  return sval?.sval === undefined ? [] : [sval.sval];
}
