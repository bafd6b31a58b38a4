const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter(Boolean));

/** The nodes of Postgres's grammar from which a seed is built. Any other one is refused. */
export const NODES = words(`
  InsertStmt UpdateStmt DeleteStmt MergeStmt SelectStmt CommonTableExpr MergeWhenClause
  RangeVar RangeSubselect RangeFunction JoinExpr ColumnDef ResTarget ColumnRef A_Star
  A_Const A_Expr A_ArrayExpr A_Indirection A_Indices BoolExpr BooleanTest NullTest CaseExpr CaseWhen CoalesceExpr
  MinMaxExpr SubLink RowExpr MultiAssignRef SetToDefault TypeCast TypeName FuncCall NamedArgExpr SQLValueFunction
  CollateClause SortBy IndexElem GroupingSet WindowDef ReturningOption
  List String Integer Float Boolean BitString`);

/** The nodes that may name an operator. */
export const OPERATOR_NODES = words('A_Expr SubLink SortBy');

export const STATEMENTS = words('InsertStmt UpdateStmt DeleteStmt MergeStmt SelectStmt');

/** The types to which a seed may cast. */
export const TYPES = words(`
  text varchar bpchar char name bool int2 int4 int8 numeric float4 float8 bytea uuid json jsonb
  timestamptz timestamp date time timetz interval`);

/** The functions that a seed may call. None of them acts outside its statement, waits, or runs SQL that it is given. */
export const FUNCTIONS = words(`
  abs ceil ceiling floor mod power round sign sqrt trunc div num_nonnulls num_nulls random
  ascii btrim char_length character_length chr concat concat_ws convert_from convert_to decode encode format initcap
  left length like_escape lower lpad ltrim md5 normalize octet_length overlay position quote_ident quote_literal
  quote_nullable regexp_count regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array
  regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim sha224 sha256 sha384 sha512 similar_to_escape
  split_part starts_with string_to_array string_to_table strpos substr substring to_hex translate upper
  age clock_timestamp date_part date_trunc extract justify_days justify_hours justify_interval make_date make_interval
  make_timestamp make_timestamptz now overlaps statement_timestamp timezone to_char to_date to_number to_timestamp
  transaction_timestamp
  array_agg array_append array_cat array_length array_lower array_ndims array_position array_positions array_prepend
  array_remove array_replace array_to_string array_upper cardinality generate_series generate_subscripts trim_array unnest
  avg bool_and bool_or count every max min string_agg sum dense_rank first_value lag last_value lead nth_value ntile rank
  row_number
  json_agg json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each
  json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_keys json_strip_nulls
  json_to_record json_to_recordset json_typeof row_to_json to_json array_to_json
  jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object
  jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg
  jsonb_object_keys jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof to_jsonb
  gen_random_uuid uuidv4 uuidv7 current_setting merge_action canonical_address`);
