//! Functions that give PostgreSQL Pipewright's semantics: null where an operation has no answer.

/// Stands at the top of every script, in the schema of the run.
pub const PRELUDE: &str = r#"SET LOCAL standard_conforming_strings = on;
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL IntervalStyle = 'iso_8601';
SET LOCAL extra_float_digits = 1;
SET LOCAL check_function_bodies = off;
SET LOCAL jit = off;

-- Functions of one expression, which the planner puts where they are called. What they guard is computed beforehand where it
-- is constant: nothing in a branch may fail by itself, so places and counts go through pw_count.
-- A float that is NaN or infinite is null, and zero has no sign.
CREATE FUNCTION pw_finite(x double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN x > '-Infinity' AND x < 'Infinity' THEN x + 0 END $$;
-- An integer, if it lies in 64 bits.
CREATE FUNCTION pw_narrow(n numeric) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN n BETWEEN -9223372036854775808 AND 9223372036854775807 THEN CAST(n AS bigint) END $$;
CREATE FUNCTION pw_negate(a bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN a >= -9223372036854775807 THEN -a END $$;
CREATE FUNCTION pw_abs(a bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN a >= -9223372036854775807 THEN abs(a) END $$;
CREATE FUNCTION pw_add(a bigint, b bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_narrow(CAST(a AS numeric) + b) $$;
CREATE FUNCTION pw_subtract(a bigint, b bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_narrow(CAST(a AS numeric) - b) $$;
CREATE FUNCTION pw_multiply(a bigint, b bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_narrow(CAST(a AS numeric) * b) $$;
CREATE FUNCTION pw_integer_divide(a bigint, b bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE b WHEN 0 THEN NULL WHEN -1 THEN pw_negate(a) ELSE a / b END $$;
CREATE FUNCTION pw_modulo_int(a bigint, b bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE b WHEN 0 THEN NULL WHEN -1 THEN a - a ELSE a % b END $$;
CREATE FUNCTION pw_mean(total numeric, count bigint) RETURNS numeric IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN count > 0 THEN div(total, count) END $$;
CREATE FUNCTION pw_floor_div(a bigint, b bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT a / b - CASE WHEN a % b < 0 THEN 1 ELSE 0 END $$;

-- Floats: PostgreSQL stops where a result is too large, or so small that it is zero.
CREATE FUNCTION pw_slow_float(a double precision, sign text, b double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE size double precision;
BEGIN
  RETURN CASE sign WHEN '*' THEN a * b WHEN '/' THEN a / b WHEN '^' THEN power(a, b) ELSE a + b END;
EXCEPTION
  WHEN numeric_value_out_of_range THEN
    size := CASE sign WHEN '*' THEN ln(abs(a)) + ln(abs(b)) WHEN '/' THEN ln(abs(a)) - ln(abs(b)) WHEN '^' THEN sign(b) * ln(abs(a)) END;
    RETURN CASE WHEN size < 0 THEN 0 END;
  -- No power of numbers.
  WHEN data_exception THEN
    RETURN NULL;
END $$;
CREATE FUNCTION pw_float_add(a double precision, b double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN abs(a) < 8e307 AND abs(b) < 8e307 THEN a + b + 0 ELSE pw_slow_float(a, '+', b) + 0 END $$;
CREATE FUNCTION pw_float_subtract(a double precision, b double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_float_add(a, -b) $$;
CREATE FUNCTION pw_float_multiply(a double precision, b double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN a = 0 OR b = 0 THEN (a + b) * 0 WHEN abs(a) BETWEEN 1e-150 AND 1e150 AND abs(b) BETWEEN 1e-150 AND 1e150 THEN a * b ELSE pw_slow_float(a, '*', b) END $$;
CREATE FUNCTION pw_divide(a double precision, b double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN b = 0 THEN NULL WHEN a = 0 THEN b * 0 + 0 WHEN abs(a) BETWEEN 1e-150 AND 1e150 AND abs(b) BETWEEN 1e-150 AND 1e150 THEN a / b ELSE pw_slow_float(a, '/', b) END $$;
CREATE FUNCTION pw_power(a double precision, b double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_finite(pw_slow_float(a, '^', b)) $$;
CREATE FUNCTION pw_exp(x double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN x < -745 THEN 0 WHEN x < 709.782712893384 THEN exp(x) END $$;
CREATE FUNCTION pw_ln(x double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT ln(x) $$;
CREATE FUNCTION pw_log10(x double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT log(x) $$;
-- A quotient of logarithms is not whole for every power.
CREATE FUNCTION pw_power_of_2(x double precision, n double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN pw_slow_float(2, '^', round(n)) = x THEN round(n) + 0 ELSE n END $$;
CREATE FUNCTION pw_log2(x double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_power_of_2(x, ln(x) / ln(CAST(2 AS double precision))) $$;
-- A float with all its digits.
CREATE FUNCTION pw_digits(x double precision) RETURNS numeric IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
  bits bigint := CAST(CAST('x' || encode(float8send(x), 'hex') AS bit(64)) AS bigint);
  exponent integer := CAST((bits >> 52) & 2047 AS integer);
  digits numeric := bits & 4503599627370495;
BEGIN
  IF exponent = 0 THEN exponent := 1; ELSE digits := digits + 4503599627370496; END IF;
  exponent := exponent - 1075;
  digits := CASE WHEN exponent >= 0 THEN digits * CAST(2 AS numeric) ^ exponent
    ELSE digits * CAST(5 AS numeric) ^ (-exponent) * CAST('1e' || exponent AS numeric) END;
  RETURN CASE WHEN bits < 0 THEN -digits ELSE digits END;
END $$;
CREATE FUNCTION pw_modulo(a double precision, b double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN b = 0 THEN NULL WHEN abs(a) < abs(b) THEN a + 0 ELSE CAST(mod(pw_digits(a), pw_digits(b)) AS double precision) + 0 END $$;
-- Halves go away from zero.
CREATE FUNCTION pw_half(x double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN abs(x) < 4503599627370496 THEN trunc(x) + CASE WHEN abs(x - trunc(x)) >= 0.5 THEN sign(x) ELSE 0 END + 0 ELSE x END $$;
CREATE FUNCTION pw_truncated(x double precision) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN x >= -9223372036854775808 AND x < 9223372036854775808 THEN CAST(trunc(x) AS bigint) END $$;
CREATE FUNCTION pw_rounded(x double precision) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_truncated(pw_half(x)) $$;
CREATE FUNCTION pw_scaled(a double precision, b double precision) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_rounded(pw_float_multiply(a, b)) $$;
CREATE FUNCTION pw_share(a double precision, b double precision) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_rounded(pw_divide(a, b)) $$;
CREATE FUNCTION pw_scale(n bigint) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT power(CAST(10 AS double precision), CASE WHEN n NOT BETWEEN -30 AND 30 THEN 30 ELSE abs(n) END) $$;
CREATE FUNCTION pw_round(x double precision, n bigint) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN n >= 0 THEN coalesce(pw_divide(pw_half(pw_float_multiply(x, pw_scale(n))), pw_scale(n)), x) + 0
    WHEN n < 0 THEN pw_float_multiply(pw_half(pw_divide(x, pw_scale(n))), pw_scale(n)) + 0 END $$;
CREATE FUNCTION pw_round_int(x bigint, n bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN n >= 0 THEN x WHEN n < -19 THEN x - x ELSE pw_narrow(round(CAST(x AS numeric), pw_count(n))) END $$;
CREATE FUNCTION pw_bin(x double precision, w double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN w > 0 THEN pw_float_multiply(floor(pw_divide(x, w)), w) + 0 END $$;
-- An integer beside a float, without rounding the integer: -1, 0 or 1.
CREATE FUNCTION pw_order(i bigint, f double precision) RETURNS integer IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN i IS NULL OR f IS NULL THEN NULL WHEN f >= 9223372036854775808 THEN -1 WHEN f < -9223372036854775808 THEN 1
    WHEN i > CAST(floor(f) AS bigint) THEN 1 WHEN i = CAST(floor(f) AS bigint) AND f = floor(f) THEN 0 ELSE -1 END $$;
CREATE FUNCTION pw_distinct_numbers(i bigint, f double precision) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN i IS NULL OR f IS NULL THEN (i IS NULL) <> (f IS NULL) ELSE pw_order(i, f) <> 0 END $$;
-- The float that is the same number as an integer, and the integer that is the same number as a float; null where there is none.
CREATE FUNCTION pw_exact_float(i bigint) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN pw_order(i, CAST(i AS double precision)) = 0 THEN CAST(i AS double precision) END $$;
CREATE FUNCTION pw_exact_int(f double precision) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN f = floor(f) THEN pw_truncated(f) END $$;
-- Sums that leave the range are null, whatever comes after.
CREATE FUNCTION pw_sum_step(total double precision, x double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN x IS NULL THEN total WHEN total IS NULL THEN x WHEN total = 'NaN' THEN total ELSE coalesce(pw_float_add(total, x), 'NaN') END $$;
CREATE FUNCTION pw_sum_end(total double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT nullif(total, 'NaN') $$;
CREATE AGGREGATE pw_sum(double precision) (SFUNC = pw_sum_step, STYPE = double precision, FINALFUNC = pw_sum_end);
-- Squares of large floats leave the range, at which PostgreSQL would stop: what has one is computed of small parts of them.
CREATE FUNCTION pw_plain(x double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN abs(x) < 1e140 THEN x END $$;
CREATE FUNCTION pw_small(x double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN abs(x) < 1e-100 THEN 0 * x ELSE x * 2.409919865102884e-181 END $$;
CREATE FUNCTION pw_variance(most double precision, plain double precision, small double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN most < 1e140 THEN plain ELSE pw_float_multiply(pw_float_multiply(small, 4.149515568880993e180), 4.149515568880993e180) END $$;
CREATE FUNCTION pw_quantile(items double precision[], share double precision) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_finite(percentile_cont(share) WITHIN GROUP (ORDER BY x)) FROM unnest(items) AS pw_item(x) $$;

-- Texts. Counts and places as far as functions of texts take them.
CREATE FUNCTION pw_count(n bigint) RETURNS integer IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CAST(CASE WHEN n > 2147483647 THEN 2147483647 WHEN n < -2147483647 THEN -2147483647 ELSE n END AS integer) $$;
-- Character by character, in no language: one character to one.
CREATE FUNCTION pw_lower(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN x IS NULL OR octet_length(x) = length(x) THEN lower(x COLLATE "C") ELSE (SELECT coalesce(string_agg(left(lower(c COLLATE "und-x-icu"), 1), '' ORDER BY n), '')
    FROM unnest(string_to_array(x, NULL)) WITH ORDINALITY AS pw_item(c, n)) END $$;
CREATE FUNCTION pw_upper(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN x IS NULL OR octet_length(x) = length(x) THEN upper(x COLLATE "C") ELSE (SELECT coalesce(string_agg(CASE
    WHEN ascii(c) BETWEEN 8064 AND 8071 OR ascii(c) BETWEEN 8080 AND 8087 OR ascii(c) BETWEEN 8096 AND 8103 THEN chr(ascii(c) + 8)
    WHEN ascii(c) IN (8115, 8131, 8179) THEN chr(ascii(c) + 9)
    WHEN length(upper(c COLLATE "und-x-icu")) = 1 THEN upper(c COLLATE "und-x-icu") ELSE c END, '' ORDER BY n), '')
    FROM unnest(string_to_array(x, NULL)) WITH ORDINALITY AS pw_item(c, n)) END $$;
CREATE FUNCTION pw_substring(x text, s bigint, n bigint) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN s IS NOT NULL AND n >= 0 THEN left(substr(x, pw_count(greatest(s, 1))),
    CAST(least(greatest(CAST(n AS numeric) + least(CAST(s AS numeric) - 1, 0), 0), 2147483647) AS integer)) END $$;
CREATE FUNCTION pw_from(x text, s bigint) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN s IS NOT NULL THEN substr(x, pw_count(greatest(s, 1))) END $$;
CREATE FUNCTION pw_left(x text, n bigint) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT left(x, pw_count(n)) $$;
CREATE FUNCTION pw_right(x text, n bigint) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT right(x, pw_count(n)) $$;
CREATE FUNCTION pw_trim_both(x text, signs text DEFAULT E' \t\n\x0b\f\r') RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT btrim(x, signs) $$;
CREATE FUNCTION pw_trim_start(x text, signs text DEFAULT E' \t\n\x0b\f\r') RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT ltrim(x, signs) $$;
CREATE FUNCTION pw_trim_end(x text, signs text DEFAULT E' \t\n\x0b\f\r') RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT rtrim(x, signs) $$;
CREATE FUNCTION pw_trim(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT btrim(x, E' \t\n\f\r') $$;
CREATE FUNCTION pw_normalize_space(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_trim(regexp_replace(x COLLATE "C", '[ \t\n\f\r]+', ' ', 'g')) $$;
CREATE FUNCTION pw_contains(x text, part text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT strpos(x, part) > 0 $$;
CREATE FUNCTION pw_ends_with(x text, part text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT right(x, length(part)) = part $$;
CREATE FUNCTION pw_position(x text, part text) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT CAST(strpos(x, part) AS bigint) $$;
CREATE FUNCTION pw_split(x text, s text) RETURNS text[] IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN s IS NULL THEN NULL WHEN x = '' AND s <> '' THEN ARRAY[''] WHEN s = '' THEN string_to_array(x, NULL) ELSE string_to_array(x, s) END $$;
CREATE FUNCTION pw_join(l text[], s text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN CAST(cardinality(l) - 1 AS bigint) * length(s) <= 1000000 THEN array_to_string(l, s) END $$;
CREATE FUNCTION pw_repeat(x text, n bigint) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN n <= 0 THEN left(x, 0) WHEN CAST(length(x) AS numeric) * n <= 1000000 THEN repeat(x, CASE WHEN x = '' THEN 0 ELSE pw_count(n) END) END $$;
CREATE FUNCTION pw_pad_start(x text, n bigint, fill text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN fill IS NULL OR n IS NULL OR n > 1000000 THEN NULL WHEN length(x) >= n OR fill = '' THEN x ELSE lpad(x, pw_count(n), fill) END $$;
CREATE FUNCTION pw_pad_end(x text, n bigint, fill text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN fill IS NULL OR n IS NULL OR n > 1000000 THEN NULL WHEN length(x) >= n OR fill = '' THEN x ELSE rpad(x, pw_count(n), fill) END $$;
CREATE FUNCTION pw_replace_within(x text, f text, t text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT replace(x, f, t) $$;
-- Null where a text grows to over a million characters.
CREATE FUNCTION pw_replace(x text, f text, t text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN f = '' THEN CASE WHEN t IS NOT NULL THEN x END
    WHEN CAST((length(x) - length(replace(x, f, ''))) / length(f) AS bigint) * (length(t) - length(f)) <= greatest(1000000 - length(x), 0) THEN replace(x, f, t) END $$;
CREATE FUNCTION pw_mask(x text, keep bigint) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN keep >= length(x) THEN x WHEN keep <= 0 THEN repeat('*', length(x)) ELSE repeat('*', length(x) - pw_count(keep)) || right(x, pw_count(keep)) END $$;
CREATE FUNCTION pw_hash(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT encode(sha256(convert_to(x, 'UTF8')), 'hex') $$;
-- Patterns are printed so that they mean the same here; `\d` and its like mean ASCII.
CREATE FUNCTION pw_regexp_matches(x text, p text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT x COLLATE "C" ~ p $$;
CREATE FUNCTION pw_regexp_extract(x text, p text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT (regexp_match(x COLLATE "C", p))[1] $$;
CREATE FUNCTION pw_regexp_extract_all(x text, p text) RETURNS text[] IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN x IS NOT NULL THEN ARRAY(SELECT m[1] FROM regexp_matches(x COLLATE "C", p, 'g') WITH ORDINALITY AS pw_item(m, n) ORDER BY n) END $$;
CREATE FUNCTION pw_regexp_count(x text, p text) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN x IS NOT NULL THEN (SELECT count(*) FROM regexp_matches(x COLLATE "C", p, 'g')) END $$;
CREATE FUNCTION pw_grown(before text, x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN length(x) <= greatest(1000000, length(before)) THEN x END $$;
CREATE FUNCTION pw_regexp_replace(x text, p text, r text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_grown(x, regexp_replace(x COLLATE "C", p, r, 'g')) $$;

-- Lists.
CREATE FUNCTION pw_list_length(l anyarray) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT CAST(cardinality(l) AS bigint) $$;
CREATE FUNCTION pw_list_get(l anyarray, i bigint) RETURNS anyelement IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN i BETWEEN 1 AND cardinality(l) THEN l[pw_count(i)] WHEN i BETWEEN -cardinality(l) AND -1 THEN l[pw_count(cardinality(l) + 1 + i)] END $$;
CREATE FUNCTION pw_split_part(x text, s text, i bigint) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_list_get(pw_split(x, s), i) $$;
CREATE FUNCTION pw_list_contains(l anyarray, v anyelement) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN l IS NOT NULL AND v IS NOT NULL THEN coalesce(v = ANY (l), FALSE) END $$;
-- A day beside times is its first moment; beside days it is taken for none.
CREATE FUNCTION pw_list_contains(l date[], v date) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN l IS NOT NULL AND v IS NOT NULL THEN coalesce(v = ANY (l), FALSE) END $$;
CREATE FUNCTION pw_list_contains(l timestamp[], v date) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_list_contains(l, CAST(v AS timestamp)) $$;
CREATE FUNCTION pw_list_contains(l date[], v timestamp) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_list_contains(CAST(l AS timestamp[]), v) $$;
CREATE FUNCTION pw_without_nulls(l anyarray) RETURNS anyarray IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT array_remove(l, NULL) $$;
-- A list without its repetitions.
CREATE FUNCTION pw_distinct(l anyarray) RETURNS anyarray IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN l IS NOT NULL THEN ARRAY(SELECT l[min(n)] FROM generate_subscripts(l, 1) AS n GROUP BY l[n] ORDER BY min(n)) END $$;
CREATE FUNCTION pw_list_sort(l anyarray) RETURNS anyarray IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN l IS NOT NULL THEN ARRAY(SELECT l[n] FROM generate_subscripts(l, 1) AS n ORDER BY l[n] NULLS LAST) END $$;
CREATE FUNCTION pw_list_sort(l text[]) RETURNS text[] IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN l IS NOT NULL THEN ARRAY(SELECT x FROM unnest(l) AS pw_item(x) ORDER BY x COLLATE "C" NULLS LAST) END $$;

-- Texts as values: whole texts only, no separators, no special numbers.
CREATE FUNCTION pw_int(x text) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN pw_trim(x) ~ '^[+-]?[0-9]+$' AND length(x) < 10000 THEN pw_narrow(CAST(pw_trim(x) AS numeric)) END $$;
-- Too large is null, too small is zero.
CREATE FUNCTION pw_slow_text_float(x text) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
BEGIN
  RETURN CAST(x AS double precision) + 0;
EXCEPTION WHEN data_exception THEN
  RETURN CASE WHEN x ~* 'e-' OR x ~ '^[+-]?0*\.0' THEN 0 END;
END $$;
CREATE FUNCTION pw_float(x text) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN pw_trim(x) ~ '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$' THEN
    CASE WHEN length(x) < 100 AND x !~ '[eE]' THEN CAST(pw_trim(x) AS double precision) + 0 ELSE pw_slow_text_float(pw_trim(x)) END END $$;
CREATE FUNCTION pw_boolean(x text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN lower(pw_trim(x) COLLATE "C") IN ('true', 't', 'yes', 'y', 'on', '1') THEN TRUE
    WHEN lower(pw_trim(x) COLLATE "C") IN ('false', 'f', 'no', 'n', 'off', '0') THEN FALSE END $$;

-- Times. A time is had from its microseconds, if it lies in the years 1 to 9999.
CREATE FUNCTION pw_time(micros bigint) RETURNS timestamp IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN micros BETWEEN -62135596800000000 AND 253402300799999999 THEN
    (DATE '1970-01-01' + CAST(micros / 86400000000 AS integer)) + (micros % 86400000000) * INTERVAL '1 microsecond' END $$;
CREATE FUNCTION pw_held(t timestamp) RETURNS timestamp IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN t BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN t END $$;
CREATE FUNCTION pw_micros(t timestamp) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CAST(extract(epoch FROM t) * 1000000 AS bigint) $$;
CREATE FUNCTION pw_micros_of_time(t timestamp) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_micros(t) $$;
CREATE FUNCTION pw_microsecond(t timestamp) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CAST(extract(microseconds FROM t) AS bigint) % 1000000 $$;
CREATE FUNCTION pw_millisecond(t timestamp) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CAST(extract(microseconds FROM t) AS bigint) % 1000000 / 1000 $$;
CREATE FUNCTION pw_epoch(t timestamp) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CAST(pw_micros(t) AS double precision) / 1000000 $$;
CREATE FUNCTION pw_seconds(d bigint) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT CAST(d AS double precision) / 1000000 $$;
CREATE FUNCTION pw_milliseconds(d bigint) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT CAST(d AS double precision) / 1000 $$;
CREATE FUNCTION pw_shift(t timestamp, micros bigint) RETURNS timestamp IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_time(pw_add(pw_micros(t), micros)) $$;
-- The start of a time's bucket; buckets of whole weeks begin on Mondays.
CREATE FUNCTION pw_bucket(w bigint, t timestamp) RETURNS timestamp IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN w > 0 THEN pw_time(CASE WHEN w % 604800000000 = 0 THEN pw_add(pw_multiply(pw_floor_div(pw_micros(t) - 345600000000, w), w), 345600000000)
    ELSE pw_multiply(pw_floor_div(pw_micros(t), w), w) END) END $$;
CREATE FUNCTION pw_at_timezone(t timestamp, zone text) RETURNS timestamp STABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_held((t AT TIME ZONE 'UTC') AT TIME ZONE zone) $$;
CREATE FUNCTION pw_month_name(t timestamp) RETURNS text STABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT to_char(t, 'FMMonth') $$;
CREATE FUNCTION pw_day_name(t timestamp) RETURNS text STABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT to_char(t, 'FMDay') $$;
-- Parts of times are texts; what has no digits is 0.
CREATE FUNCTION pw_part(x text) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN x ~ '^[0-9]+$' AND length(x) < 1000 THEN coalesce(pw_narrow(CAST(x AS numeric)), 0) ELSE 0 END $$;
CREATE FUNCTION pw_fraction(x text) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_part(rpad(left(x, 6), 6, '0')) $$;
CREATE FUNCTION pw_epoch_micros(x text, fraction bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN pw_int(x) IS NOT NULL THEN pw_narrow(CAST(pw_int(x) AS numeric) * 1000000 + fraction) END $$;
CREATE FUNCTION pw_month(x text) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CAST((strpos('janfebmaraprmayjunjulaugsepoctnovdec', lower(left(x, 3) COLLATE "C")) + 2) / 3 AS bigint) $$;
CREATE FUNCTION pw_day(y bigint, m bigint, d bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN y BETWEEN 1 AND 9999 AND m BETWEEN 1 AND 12 AND d >= 1 AND d <= CASE WHEN m IN (4, 6, 9, 11) THEN 30 WHEN m <> 2 THEN 31
    WHEN y % 4 = 0 AND y % 100 <> 0 OR y % 400 = 0 THEN 29 ELSE 28 END
    THEN CAST(make_date(pw_count(y), pw_count(m), pw_count(d)) - DATE '1970-01-01' AS bigint) * 86400000000 END $$;
CREATE FUNCTION pw_clock(h bigint, m bigint, s bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN h BETWEEN 0 AND 23 AND m BETWEEN 0 AND 59 AND s BETWEEN 0 AND 60 THEN (CAST(pw_count(h) AS bigint) * 3600 + CAST(pw_count(m) AS bigint) * 60 + pw_count(s)) * 1000000 END $$;
CREATE FUNCTION pw_day_of_year(y bigint, d bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN d BETWEEN 1 AND 365 OR d = 366 AND pw_day(y, 2, 29) IS NOT NULL THEN pw_day(y, 1, 1) + (CAST(pw_count(d) AS bigint) - 1) * 86400000000 END $$;
-- Microseconds east of UTC.
CREATE FUNCTION pw_zone(z text) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN z IS NULL OR z IN ('', 'Z', 'z', 'UTC', 'GMT', 'WET', 'UT') THEN 0
    WHEN left(z, 1) IN ('+', '-') THEN CASE WHEN pw_part(substr(z, 2, 2)) <= 18 AND pw_part(right(z, 2)) < CASE WHEN length(z) > 3 THEN 60 ELSE 99 END
      THEN (pw_part(substr(z, 2, 2)) * 3600 + CASE WHEN length(z) > 3 THEN pw_part(right(z, 2)) * 60 ELSE 0 END) * CASE WHEN left(z, 1) = '-' THEN -1000000 ELSE 1000000 END END
    ELSE 3600000000 * CASE WHEN z IN ('WEST', 'CET', 'MEZ') THEN 1 WHEN z IN ('CEST', 'MESZ', 'EET', 'SAST') THEN 2 WHEN z IN ('EEST', 'MSK') THEN 3
      WHEN z IN ('SGT', 'HKT') THEN 8 WHEN z IN ('JST', 'KST') THEN 9 WHEN z = 'AEST' THEN 10 WHEN z = 'AEDT' THEN 11 WHEN z = 'EDT' THEN -4
      WHEN z IN ('EST', 'CDT') THEN -5 WHEN z IN ('CST', 'MDT') THEN -6 WHEN z IN ('MST', 'PDT') THEN -7 WHEN z = 'PST' THEN -8 END END $$;
-- Times in ISO 8601 as logs write them, zone or none (UTC).
CREATE FUNCTION pw_timestamp_of(t text[]) RETURNS timestamp IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN t[7] IS NULL OR coalesce(t[10], t[13]) IS NOT NULL THEN
    pw_time(pw_day(pw_part(coalesce(t[1], t[4], t[7])), pw_part(coalesce(t[2], t[5], t[8])), pw_part(coalesce(t[3], t[6], t[9])))
      + pw_clock(pw_part(coalesce(t[10], t[13])), pw_part(coalesce(t[11], t[14])), pw_part(coalesce(t[12], t[15]))) + pw_fraction(t[16]) - pw_zone(coalesce(t[17], t[18]))) END $$;
CREATE FUNCTION pw_timestamp(x text) RETURNS timestamp IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_timestamp_of(regexp_match(pw_trim(x) COLLATE "C",
    '^(?:(\d{4})-(\d{2})-(\d{2})|(\d{4})/(\d{2})/(\d{2})|(\d{4})(\d{2})(\d{2}))(?:[Tt ](?:(\d{2}):(\d{2})(?::(\d{2}))?|(\d{2})(\d{2})(\d{2}))(?:[.,](\d+))?(?: ?([Zz]|[A-Z]{2,4}|[+-]\d{2}:?\d{2})|([+-]\d{2}))?)?$')) $$;
CREATE FUNCTION pw_date(x text) RETURNS date IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT CAST(pw_timestamp(x) AS date) $$;
-- A span as Pipewright writes it.
CREATE FUNCTION pw_span_of(t text[]) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT pw_narrow((coalesce(CAST(t[2] AS numeric), 0) * 86400 + coalesce(CAST(t[3] AS numeric), 0) * 3600 + coalesce(CAST(t[4] AS numeric), 0) * 60
    + coalesce(CAST(t[5] AS numeric), 0)) * CASE WHEN t[1] = '-' THEN -1000000 ELSE 1000000 END) $$;
CREATE FUNCTION pw_span(x text) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN x IS NOT NULL THEN pw_span_of(regexp_match(x COLLATE "C", '^(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$')) END $$;

-- Values as texts.
CREATE FUNCTION pw_timestamp_text(t timestamp) RETURNS text STABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT to_char(t, CASE WHEN pw_microsecond(t) = 0 THEN 'YYYY-MM-DD"T"HH24:MI:SS"Z"' WHEN pw_microsecond(t) % 1000 = 0 THEN 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
    ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"' END) $$;
CREATE FUNCTION pw_duration_text(d bigint) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN d < 0 THEN '-P' WHEN d IS NOT NULL THEN 'P' END
    || CASE WHEN size >= 86400000000 THEN div(size, 86400000000) || 'D' ELSE '' END
    || CASE WHEN size % 86400000000 > 0 OR size < 86400000000 THEN 'T' ELSE '' END
    || CASE WHEN size % 86400000000 >= 3600000000 THEN div(size % 86400000000, 3600000000) || 'H' ELSE '' END
    || CASE WHEN size % 3600000000 >= 60000000 THEN div(size % 3600000000, 60000000) || 'M' ELSE '' END
    || CASE WHEN size % 60000000 > 0 OR size = 0 THEN trim_scale(CAST(size % 60000000 AS numeric) / 1000000) || 'S' ELSE '' END
  FROM (SELECT abs(CAST(d AS numeric)) AS size) AS pw_value $$;
-- Shortest digits; with an exponent where the number is small or large. JSON has none at 0.00001.
CREATE FUNCTION pw_number_text(x double precision) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
  parts text[] := regexp_match(CAST(CAST(x + 0 AS double precision) AS text), '^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$');
  sign text := parts[1];
  digits text := parts[2] || coalesce(parts[3], '');
  place integer := length(parts[2]) + CAST(coalesce(parts[4], '0') AS integer);
BEGIN
  IF x = 0 THEN RETURN '0.0'; END IF;
  place := place - (length(digits) - length(ltrim(digits, '0')));
  digits := rtrim(ltrim(digits, '0'), '0');
  -- A digit less may lie on the border of what is read as this number. Of the largest it may be no number at all.
  IF (CASE WHEN length(digits) > 14 AND abs(x) < 1.797693134862e308
    THEN CAST(sign || round(CAST(digits AS numeric) / 10) || 'e' || (place - length(digits) + 1) AS double precision) = x END) THEN
    place := place + length(CAST(round(CAST(digits AS numeric) / 10) AS text)) - length(digits) + 1;
    digits := rtrim(CAST(round(CAST(digits AS numeric) / 10) AS text), '0');
  END IF;
  RETURN sign || CASE
    WHEN place < -4 OR place > 16 THEN left(digits, 1) || CASE WHEN length(digits) > 1 THEN '.' || substr(digits, 2) ELSE '' END || 'e' || (place - 1)
    WHEN place <= 0 THEN '0.' || repeat('0', -place) || digits
    WHEN length(digits) <= place THEN rpad(digits, place, '0') || '.0'
    ELSE left(digits, place) || '.' || substr(digits, place + 1) END;
END $$;
CREATE FUNCTION pw_float_text(x double precision) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT CASE
  WHEN abs(x) >= 1e-5 AND abs(x) < 1e-4 THEN
    replace(regexp_replace(pw_number_text(x), '^(-?)0\.0000(\d)(\d*)$', '\1\2.\3e-5'), '.e', 'e')
  ELSE pw_number_text(x) END $$;

-- JSON in which U+FFFD stands for each NUL, which no text here holds.
CREATE FUNCTION pw_without_nul(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN strpos(x, '\u0000') > 0 THEN regexp_replace(x COLLATE "C", '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') ELSE x END $$;

-- JSON as it stands in a text: fields in their order, of one name the first.
CREATE FUNCTION pw_json(x text) RETURNS json IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
  part json;
  bare text;
BEGIN
  part := CAST(pw_without_nul(x) AS json);
  bare := regexp_replace(x COLLATE "C", '"(?:\\.|[^"\\])*"', '""', 'g');
  -- Each number is finite, each escape a character, and no more than 127 lists and objects lie in each other.
  IF EXISTS (SELECT 1 FROM regexp_matches(bare, '[0-9][0-9.eE+-]*', 'g') AS pw_item(m) WHERE pw_slow_text_float(m[1]) IS NULL) THEN
    RETURN NULL;
  END IF;
  IF length(bare) - length(translate(bare, '[{', '')) > 127 AND (SELECT max(depth) FROM (SELECT sum(CASE WHEN m[1] IN ('[', '{') THEN 1 ELSE -1 END) OVER (ORDER BY n) AS depth
    FROM regexp_matches(bare, '[][{}]', 'g') WITH ORDINALITY AS pw_item(m, n)) AS pw_deep) > 127 THEN
    RETURN NULL;
  END IF;
  IF strpos(x, '\u') > 0 THEN
    PERFORM CAST(replace(replace(x, '\\', ''), '\u0000', '') AS jsonb);
  END IF;
  RETURN part;
EXCEPTION WHEN data_exception OR statement_too_complex THEN
  RETURN NULL;
END $$;
CREATE FUNCTION pw_json_at(x text, path text[]) RETURNS json IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
  part json := pw_json(x);
  step text;
BEGIN
  FOREACH step IN ARRAY path LOOP
    IF left(step, 1) = '.' AND json_typeof(part) = 'object' THEN
      part := (SELECT value FROM json_each(part) WITH ORDINALITY AS pw_item(key, value, n) WHERE key = substr(step, 2) ORDER BY n LIMIT 1);
    ELSIF left(step, 1) <> '.' AND json_typeof(part) = 'array' THEN
      part := CASE WHEN length(step) < 10 THEN part -> CAST(step AS integer) END;
    ELSE
      RETURN NULL;
    END IF;
  END LOOP;
  RETURN part;
END $$;
CREATE FUNCTION pw_json_text(part json) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE word text := btrim(CAST(part AS text), E' \t\n\r');
BEGIN
  RETURN CASE json_typeof(part)
    WHEN 'object' THEN '{' || coalesce((SELECT string_agg(CAST(to_json(key) AS text) || ':' || pw_json_text(value), ',' ORDER BY n)
      FROM json_each(part) WITH ORDINALITY AS pw_item(key, value, n)), '') || '}'
    WHEN 'array' THEN '[' || coalesce((SELECT string_agg(pw_json_text(value), ',' ORDER BY n)
      FROM json_array_elements(part) WITH ORDINALITY AS pw_item(value, n)), '') || ']'
    WHEN 'string' THEN CAST(to_json(part #>> '{}') AS text)
    WHEN 'number' THEN CASE WHEN word = '-0' THEN '0' WHEN word ~ '^-?[0-9]+$' THEN word ELSE regexp_replace(pw_number_text(pw_slow_text_float(word)), 'e(\d)', 'e+\1') END
    ELSE word END;
END $$;
CREATE FUNCTION pw_json_plain(found json) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE json_typeof(found) WHEN 'string' THEN found #>> '{}' WHEN 'null' THEN NULL ELSE pw_json_text(found) END $$;
CREATE FUNCTION pw_json_get(x text, path text[]) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_json_plain(pw_json_at(x, path)) $$;
CREATE FUNCTION pw_json_items(found json) RETURNS text[] IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN json_typeof(found) = 'array' THEN ARRAY(SELECT pw_json_plain(value) FROM json_array_elements(found) WITH ORDINALITY AS pw_item(value, n) ORDER BY n) END $$;
CREATE FUNCTION pw_json_list(x text, path text[]) RETURNS text[] IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_json_items(pw_json_at(x, path)) $$;
CREATE FUNCTION pw_json_names(found json) RETURNS text[] IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN json_typeof(found) = 'object' THEN pw_list_sort(ARRAY(SELECT json_object_keys(found))) END $$;
CREATE FUNCTION pw_json_keys(x text) RETURNS text[] IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_json_names(pw_json(x)) $$;
CREATE FUNCTION pw_json_size(found json) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE json_typeof(found) WHEN 'array' THEN CAST(json_array_length(found) AS bigint) WHEN 'object' THEN (SELECT count(*) FROM json_object_keys(found)) END $$;
CREATE FUNCTION pw_json_length(x text, path text[]) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT pw_json_size(pw_json_at(x, path)) $$;
CREATE FUNCTION pw_json_valid(x text) RETURNS boolean IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT CASE WHEN x IS NOT NULL THEN pw_json(x) IS NOT NULL END $$;

-- Parts of URLs: without query and fragment; what stands between `//` and the path, without a user.
CREATE FUNCTION pw_url_bare(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT (regexp_match(pw_trim_both(x) COLLATE "C", '^[^#?]*'))[1] $$;
CREATE FUNCTION pw_url_address(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT regexp_replace((regexp_match(pw_url_bare(x) COLLATE "C", '^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/]*)'))[1] COLLATE "C", '^.*@', '') $$;
CREATE FUNCTION pw_url_scheme(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT lower((regexp_match(pw_url_bare(x) COLLATE "C", '^([A-Za-z][A-Za-z0-9+.-]*)://'))[1] COLLATE "C") $$;
CREATE FUNCTION pw_url_host(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT lower(nullif(CASE WHEN starts_with(pw_url_address(x), '[') THEN (regexp_match(pw_url_address(x) COLLATE "C", '^\[([^\]]*)'))[1]
    ELSE (regexp_match(pw_url_address(x) COLLATE "C", '^[^:]*'))[1] END, '') COLLATE "C") $$;
CREATE FUNCTION pw_url_port(x text) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN port ~ '^[+]?0*[0-9]{1,5}$' AND CAST(port AS numeric) < 65536 THEN CAST(port AS bigint) END
  FROM (SELECT (regexp_match(pw_url_address(x) COLLATE "C", '^(?:\[[^\]]*\]|[^\[:][^:]*|):(.*)$'))[1] AS port) AS pw_value $$;
CREATE FUNCTION pw_url_path(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT (regexp_match(pw_url_bare(x) COLLATE "C", '^(?:(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*)?(.*)$'))[1] $$;
CREATE FUNCTION pw_url_query(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT (regexp_match(pw_trim_both(x) COLLATE "C", '^[^?#]*\?([^#]*)'))[1] $$;
CREATE FUNCTION pw_url_fragment(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$ SELECT (regexp_match(pw_trim_both(x) COLLATE "C", '^[^#]*#(.*)$'))[1] $$;
-- Bytes that are no UTF-8 become U+FFFD.
CREATE FUNCTION pw_url_decode(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
  utf8 text := '%(?:c[2-9a-f]|d[0-9a-f])%[89ab][0-9a-f]|%e0%[ab][0-9a-f]%[89ab][0-9a-f]|%e[1-9a-cef]%[89ab][0-9a-f]%[89ab][0-9a-f]|%ed%[89][0-9a-f]%[89ab][0-9a-f]|%f0%[9ab][0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]|%f[1-3]%[89ab][0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]|%f4%8[0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]|%[0-7][0-9a-f]';
  part_of_utf8 text := '%e0%[ab][0-9a-f]|%e[1-9a-cef]%[89ab][0-9a-f]|%ed%[89][0-9a-f]|%f0%[9ab][0-9a-f](?:%[89ab][0-9a-f])?|%f[1-3]%[89ab][0-9a-f](?:%[89ab][0-9a-f])?|%f4%8[0-9a-f](?:%[89ab][0-9a-f])?|%[89a-f][0-9a-f]';
BEGIN
  RETURN (SELECT coalesce(string_agg(CASE
      WHEN m[1] ~* ('^(?:' || utf8 || ')$') THEN convert_from(decode(replace(m[1], '%', ''), 'hex'), 'UTF8')
      WHEN m[1] ~* ('^(?:' || part_of_utf8 || ')$') THEN U&'\FFFD' ELSE m[1] END, '' ORDER BY n), '')
    FROM regexp_matches(x COLLATE "C", '(' || utf8 || '|' || part_of_utf8 || '|%|[^%]+)', 'gi') WITH ORDINALITY AS pw_item(m, n)
    WHERE x IS NOT NULL HAVING x IS NOT NULL);
END $$;
CREATE FUNCTION pw_url_encode(x text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
  SELECT CASE WHEN x IS NOT NULL THEN (SELECT coalesce(string_agg(CASE WHEN c ~ '^[A-Za-z0-9._~-]$' THEN c
    ELSE upper(regexp_replace(encode(convert_to(c, 'UTF8'), 'hex'), '(..)', '%\1', 'g')) END, '' ORDER BY n), '')
    FROM unnest(string_to_array(x, NULL)) WITH ORDINALITY AS pw_item(c, n)) END $$;
-- Not at once, where the plan is made: when a row comes to it.
CREATE FUNCTION pw_stop(reason text) RETURNS boolean VOLATILE LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE = reason;
END $$;
"#;
