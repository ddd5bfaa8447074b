//! Functions that give ClickHouse Pipewright's semantics: null where an operation has no answer. They are put into a query
//! as they stand, so what is needed more than once is the item `pw_v` of an array of one.

/// Settings that stand at the top of every script.
pub const SETTINGS: &str = "\
SET join_use_nulls = 1;
SET allow_experimental_nullable_tuple_type = 1;
SET session_timezone = 'UTC';
SET union_default_mode = 'ALL';
SET cast_keep_nullable = 1;
SET transform_null_in = 0;
SET aggregate_functions_null_for_empty = 0;
SET prefer_column_name_to_alias = 1;
SET optimize_functions_to_subcolumns = 0;
SET short_circuit_function_evaluation = 'force_enable';
SET query_plan_remove_redundant_sorting = 0;
SET output_format_json_quote_64bit_integers = 0;
SET max_subquery_depth = 100000;
SET max_ast_elements = 100000000;
SET max_expanded_ast_elements = 100000000;
SET max_ast_depth = 100000;
SET max_parser_depth = 100000;
SET max_query_size = 1000000000;
";

/// The functions that SQL calls, and those that they call, in the order of their definition.
pub fn needed(sql: &str) -> Vec<&'static str> {
    let all: Vec<(&str, &str)> = FUNCTIONS.split(";\n").filter_map(|text| named(text.trim())).collect();
    let mut is_needed = vec![false; all.len()];
    let mut open = vec![sql];
    while let Some(text) = open.pop() {
        for ((name, definition), is_needed) in all.iter().zip(&mut is_needed) {
            if !*is_needed && text.contains(&format!("{name}(")) {
                *is_needed = true;
                open.push(definition);
            }
        }
    }
    all.iter().zip(&is_needed).filter(|(_, needed)| **needed).map(|((_, text), _)| *text).collect()
}

/// A definition with the name of its function.
fn named(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once("CREATE OR REPLACE FUNCTION ")?;
    Some((&rest[..rest.find(' ')?], text))
}

const FUNCTIONS: &str = r"
-- A float that is NaN or infinite is null, and zero has no sign.
CREATE OR REPLACE FUNCTION pw_finite AS (x) -> arrayMap(pw_v -> if(isFinite(pw_v), pw_v + 0, NULL), [x])[1];
CREATE OR REPLACE FUNCTION pw_narrow AS (x) -> accurateCastOrNull(x, 'Int64');
CREATE OR REPLACE FUNCTION pw_negate AS (a) -> pw_narrow(-toInt128(a));
CREATE OR REPLACE FUNCTION pw_add AS (a, b) -> pw_narrow(toInt128(a) + toInt128(b));
CREATE OR REPLACE FUNCTION pw_subtract AS (a, b) -> pw_narrow(toInt128(a) - toInt128(b));
CREATE OR REPLACE FUNCTION pw_multiply AS (a, b) -> pw_narrow(toInt128(a) * toInt128(b));
CREATE OR REPLACE FUNCTION pw_integer_divide AS (a, b) -> pw_narrow(intDivOrNull(toInt128(a), toInt128(b)));
CREATE OR REPLACE FUNCTION pw_modulo_int AS (a, b) -> pw_narrow(moduloOrNull(toInt128(a), toInt128(b)));
CREATE OR REPLACE FUNCTION pw_float_add AS (a, b) -> pw_finite(toFloat64(a) + toFloat64(b));
CREATE OR REPLACE FUNCTION pw_float_subtract AS (a, b) -> pw_finite(toFloat64(a) - toFloat64(b));
CREATE OR REPLACE FUNCTION pw_float_multiply AS (a, b) -> pw_finite(toFloat64(a) * toFloat64(b));
CREATE OR REPLACE FUNCTION pw_divide AS (a, b) -> pw_finite(toFloat64(a) / toFloat64(b));
CREATE OR REPLACE FUNCTION pw_doubled AS (b, k) -> b * pow(2., intDiv(k, 2)) * pow(2., k - intDiv(k, 2));
-- What is left of a float: the divisor is taken away as often as it fits, by its doublings, each time without a loss.
CREATE OR REPLACE FUNCTION pw_rest AS (a, b) -> arrayFold((pw_left, pw_k) -> if(pw_left >= pw_doubled(b, pw_k), pw_left - pw_doubled(b, pw_k), pw_left),
  if(a < b, [], reverse(range(toUInt16(ifNull(least(greatest(floor(log2(a)) - floor(log2(b)), 0), 2200), 0)) + 2))), a);
CREATE OR REPLACE FUNCTION pw_modulo AS (a, b) -> arrayMap((pw_a, pw_b) -> if(pw_b = 0, NULL, sign(pw_a) * pw_rest(ifNull(abs(pw_a), 0.), ifNull(abs(pw_b), 1.)) + 0 + pw_b * 0), [toFloat64(a)], [toFloat64(b)])[1];
-- An integer beside a float, without rounding the integer: -1, 0 or 1.
CREATE OR REPLACE FUNCTION pw_order AS (i, f) -> arrayMap((pw_i, pw_f) -> multiIf(pw_i < pw_f, -1, pw_i > pw_f, 1, pw_i = pw_f, 0, NULL), [i], [f])[1];
CREATE OR REPLACE FUNCTION pw_distinct_numbers AS (i, f) -> arrayMap((pw_i, pw_f) -> ifNull(pw_i != pw_f, isNull(pw_i) != isNull(pw_f)), [i], [f])[1];
-- The float that is the same number as an integer, and the integer that is the same number as a float; null where there is none.
CREATE OR REPLACE FUNCTION pw_exact_float AS (i) -> arrayMap(pw_i -> if(toFloat64(pw_i) = pw_i, toFloat64(pw_i), NULL), [i])[1];
CREATE OR REPLACE FUNCTION pw_exact_int AS (f) -> accurateCastOrNull(f, 'Int64');
-- Halves away from zero.
CREATE OR REPLACE FUNCTION pw_halves AS (x) -> arrayMap(pw_v -> trunc(pw_v) + if(abs(pw_v - trunc(pw_v)) >= 0.5, sign(pw_v), 0), [toFloat64(x)])[1];
CREATE OR REPLACE FUNCTION pw_rounded AS (x) -> pw_narrow(pw_halves(x));
CREATE OR REPLACE FUNCTION pw_truncated AS (x) -> pw_narrow(trunc(x));
CREATE OR REPLACE FUNCTION pw_scaled AS (a, b) -> pw_rounded(toFloat64(a) * toFloat64(b));
CREATE OR REPLACE FUNCTION pw_share AS (a, b) -> pw_rounded(pw_divide(a, b));
CREATE OR REPLACE FUNCTION pw_mean AS (a, b) -> intDivOrNull(toInt128(a), toInt128(b));
CREATE OR REPLACE FUNCTION pw_abs AS (a) -> pw_narrow(abs(toInt128(a)));
CREATE OR REPLACE FUNCTION pw_bin AS (x, w) -> arrayMap(pw_w -> if(pw_w > 0, pw_finite(floor(toFloat64(x) / pw_w) * pw_w), NULL), [toFloat64(w)])[1];
CREATE OR REPLACE FUNCTION pw_scale AS (n) -> pow(10., toFloat64(least(abs(toInt128(n)), 30)));
CREATE OR REPLACE FUNCTION pw_round AS (x, n) -> arrayMap((pw_x, pw_n) -> multiIf(isNull(pw_x) OR isNull(pw_n), NULL,
  pw_n >= 0, if(isFinite(pw_x * pw_scale(pw_n)), pw_halves(pw_x * pw_scale(pw_n)) / pw_scale(pw_n) + 0, pw_x),
  pw_finite(pw_halves(pw_x / pw_scale(pw_n)) * pw_scale(pw_n))), [x], [n])[1];
CREATE OR REPLACE FUNCTION pw_round_int AS (x, n) -> arrayMap((pw_x, pw_n) -> multiIf(isNull(pw_x) OR isNull(pw_n), NULL, pw_n >= 0, pw_x, pw_n < -19, toInt64(0),
  pw_narrow(intDiv(abs(toInt128(pw_x)) + intDiv(toInt128(pw_scale(pw_n)), 2), toInt128(pw_scale(pw_n))) * toInt128(pw_scale(pw_n)) * sign(pw_x))), [x], [n])[1];
-- The variance of integers of their number, their sum and that of their squares.
CREATE OR REPLACE FUNCTION pw_variance AS (n, s, q) -> arrayMap((pw_n, pw_s, pw_q) -> if(pw_n > 1, toFloat64(pw_n * pw_q - pw_s * pw_s) / toFloat64(pw_n * (pw_n - 1)), NULL), [toInt256(n)], [s], [q])[1];
-- A time, if it lies in the years 1 to 9999.
CREATE OR REPLACE FUNCTION pw_time AS (micros) -> arrayMap(pw_m -> if(pw_m BETWEEN -62135596800000000 AND 253402300799999999, fromUnixTimestamp64Micro(toInt64(pw_m), 'UTC'), NULL), [micros])[1];
CREATE OR REPLACE FUNCTION pw_micros AS (t) -> toUnixTimestamp64Micro(CAST(t AS Nullable(DateTime64(6, 'UTC'))));
CREATE OR REPLACE FUNCTION pw_held AS (t) -> t;
CREATE OR REPLACE FUNCTION pw_shift AS (t, micros) -> pw_time(toInt128(pw_micros(t)) + toInt128(micros));
CREATE OR REPLACE FUNCTION pw_floor_div AS (a, b) -> arrayMap((pw_a, pw_b) -> toInt64(intDivOrNull(pw_a, pw_b) - if(moduloOrNull(pw_a, pw_b) < 0, 1, 0)), [toInt128(a)], [toInt128(b)])[1];
-- The start of a time's bucket; buckets of whole weeks begin on Mondays.
CREATE OR REPLACE FUNCTION pw_bucket AS (w, t) -> arrayMap((pw_w, pw_t) -> multiIf(isNull(pw_w) OR isNull(pw_t) OR pw_w <= 0, NULL,
  pw_w % 604800000000 = 0, pw_time(toInt128(pw_floor_div(pw_t - 345600000000, pw_w)) * pw_w + 345600000000), pw_time(toInt128(pw_floor_div(pw_t, pw_w)) * pw_w)), [toInt128(w)], [toInt128(pw_micros(t))])[1];
CREATE OR REPLACE FUNCTION pw_trunc_second AS (t) -> pw_bucket(1000000, t);
CREATE OR REPLACE FUNCTION pw_trunc_minute AS (t) -> pw_bucket(60000000, t);
CREATE OR REPLACE FUNCTION pw_trunc_hour AS (t) -> pw_bucket(3600000000, t);
CREATE OR REPLACE FUNCTION pw_trunc_day AS (t) -> pw_bucket(86400000000, t);
CREATE OR REPLACE FUNCTION pw_trunc_week AS (t) -> pw_bucket(604800000000, t);
CREATE OR REPLACE FUNCTION pw_trunc_month AS (t) -> arrayMap(pw_t -> pw_time(pw_day(toYear(pw_t), toMonth(pw_t), 1)), [t])[1];
CREATE OR REPLACE FUNCTION pw_trunc_quarter AS (t) -> arrayMap(pw_t -> pw_time(pw_day(toYear(pw_t), toQuarter(pw_t) * 3 - 2, 1)), [t])[1];
CREATE OR REPLACE FUNCTION pw_trunc_year AS (t) -> arrayMap(pw_t -> pw_time(pw_day(toYear(pw_t), 1, 1)), [t])[1];
CREATE OR REPLACE FUNCTION pw_at_timezone AS (t, zone) -> arrayMap(pw_t -> pw_time(toUnixTimestamp64Micro(pw_t) + toInt64(timeZoneOffset(toTimeZone(pw_t, zone))) * 1000000), [CAST(t AS Nullable(DateTime64(6, 'UTC')))])[1];
CREATE OR REPLACE FUNCTION pw_microsecond AS (t) -> arrayMap(pw_t -> toInt64(pw_t - pw_floor_div(pw_t, 1000000) * 1000000), [toUnixTimestamp64Micro(t)])[1];
CREATE OR REPLACE FUNCTION pw_millisecond AS (t) -> intDiv(pw_microsecond(t), 1000);
CREATE OR REPLACE FUNCTION pw_epoch AS (t) -> pw_micros(t) / 1e6;
CREATE OR REPLACE FUNCTION pw_month_name AS (t) -> arrayMap(pw_t -> if(isNull(pw_t), NULL, ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'][toMonth(pw_t)]), [t])[1];
CREATE OR REPLACE FUNCTION pw_day_name AS (t) -> arrayMap(pw_t -> if(isNull(pw_t), NULL, ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][toDayOfWeek(pw_t)]), [t])[1];
-- Parts of times are texts; what has no digits is 0.
CREATE OR REPLACE FUNCTION pw_part AS (x) -> ifNull(accurateCastOrNull(x, 'Int64'), 0);
CREATE OR REPLACE FUNCTION pw_fraction AS (x) -> pw_part(rightPad(substring(x, 1, 6), 6, '0'));
CREATE OR REPLACE FUNCTION pw_epoch_micros AS (x, fraction) -> pw_narrow(toInt128(accurateCastOrNull(x, 'Int64')) * 1000000 + fraction);
CREATE OR REPLACE FUNCTION pw_month AS (x) -> toInt64(intDiv(position('janfebmaraprmayjunjulaugsepoctnovdec', lower(substring(x, 1, 3))) + 2, 3));
CREATE OR REPLACE FUNCTION pw_day AS (y, m, d) -> arrayMap((pw_y, pw_m, pw_d) -> if(pw_y BETWEEN 1 AND 9999 AND pw_m BETWEEN 1 AND 12 AND pw_d BETWEEN 1 AND 31
  AND toDayOfMonth(makeDate32(pw_y, pw_m, pw_d)) = pw_d, toInt64(toInt32(makeDate32(pw_y, pw_m, pw_d))) * 86400000000, NULL), [toInt64(y)], [toInt64(m)], [toInt64(d)])[1];
CREATE OR REPLACE FUNCTION pw_clock AS (h, m, s) -> arrayMap((pw_h, pw_m, pw_s) -> if(pw_h BETWEEN 0 AND 23 AND pw_m BETWEEN 0 AND 59 AND pw_s BETWEEN 0 AND 60,
  (pw_h * 3600 + pw_m * 60 + pw_s) * 1000000, NULL), [toInt64(h)], [toInt64(m)], [toInt64(s)])[1];
CREATE OR REPLACE FUNCTION pw_day_of_year AS (y, d) -> arrayMap((pw_y, pw_d) -> if(pw_d BETWEEN 1 AND 365 OR pw_d = 366 AND isNotNull(pw_day(pw_y, 2, 29)), pw_day(pw_y, 1, 1) + (pw_d - 1) * 86400000000, NULL), [toInt64(y)], [toInt64(d)])[1];
-- Microseconds east of UTC.
CREATE OR REPLACE FUNCTION pw_zone AS (z) -> arrayMap(pw_z -> multiIf(
  substring(pw_z, 1, 1) IN ('+', '-'), if(pw_part(substring(pw_z, 2, 2)) <= 18 AND pw_part(right(pw_z, 2)) < if(length(pw_z) > 3, 60, 99),
    (pw_part(substring(pw_z, 2, 2)) * 3600 + if(length(pw_z) > 3, pw_part(right(pw_z, 2)) * 60, 0)) * if(substring(pw_z, 1, 1) = '-', -1000000, 1000000), NULL),
  pw_z IN ('', 'Z', 'z', 'UTC', 'GMT', 'WET', 'UT'), 0,
  3600000000 * multiIf(pw_z IN ('WEST', 'CET', 'MEZ'), 1, pw_z IN ('CEST', 'MESZ', 'EET', 'SAST'), 2, pw_z IN ('EEST', 'MSK'), 3, pw_z IN ('SGT', 'HKT'), 8,
    pw_z IN ('JST', 'KST'), 9, pw_z = 'AEST', 10, pw_z = 'AEDT', 11, pw_z = 'EDT', -4, pw_z IN ('EST', 'CDT'), -5, pw_z IN ('CST', 'MDT'), -6,
    pw_z IN ('MST', 'PDT'), -7, pw_z = 'PST', -8, NULL)), [z])[1];
-- Times in ISO 8601 as logs write them, zone or none (UTC).
CREATE OR REPLACE FUNCTION pw_iso AS () -> '^(?:(\\d{4})-(\\d{2})-(\\d{2})|(\\d{4})/(\\d{2})/(\\d{2})|(\\d{4})(\\d{2})(\\d{2}))(?:[Tt ](?:(\\d{2}):(\\d{2})(?::(\\d{2}))?|(\\d{2})(\\d{2})(\\d{2}))(?:[.,](\\d+))?(?: ?([Zz]|[A-Z]{2,4}|[+-]\\d{2}:?\\d{2})|([+-]\\d{2}))?)?$';
CREATE OR REPLACE FUNCTION pw_timestamp AS (x) -> arrayMap(pw_v -> arrayMap(pw_t -> if(length(pw_t) = 18 AND (pw_t[7] = '' OR concat(pw_t[10], pw_t[13]) != ''),
    pw_time(pw_day(pw_part(concat(pw_t[1], pw_t[4], pw_t[7])), pw_part(concat(pw_t[2], pw_t[5], pw_t[8])), pw_part(concat(pw_t[3], pw_t[6], pw_t[9])))
      + pw_clock(pw_part(concat(pw_t[10], pw_t[13])), pw_part(concat(pw_t[11], pw_t[14])), pw_part(concat(pw_t[12], pw_t[15]))) + pw_fraction(pw_t[16]) - pw_zone(concat(pw_t[17], pw_t[18]))), NULL),
  [if(match(pw_v, pw_iso()), extractGroups(pw_v, pw_iso()), [])])[1], [ifNull(pw_trim(x), '')])[1];
CREATE OR REPLACE FUNCTION pw_date AS (x) -> CAST(pw_timestamp(x) AS Nullable(Date32));
-- Texts: lengths and places count characters, from 1.
CREATE OR REPLACE FUNCTION pw_signs AS (x) -> extractAll(ifNull(x, ''), '(?s).');
CREATE OR REPLACE FUNCTION pw_lower AS (x) -> arrayMap(pw_x -> multiIf(isNull(pw_x), NULL, length(pw_x) = lengthUTF8(pw_x), lower(pw_x), arrayStringConcat(arrayMap(pw_c -> substringUTF8(lowerUTF8(pw_c), 1, 1), pw_signs(pw_x)))), [x])[1];
CREATE OR REPLACE FUNCTION pw_upper AS (x) -> arrayMap(pw_x -> multiIf(isNull(pw_x), NULL, length(pw_x) = lengthUTF8(pw_x), upper(pw_x), arrayStringConcat(arrayMap(pw_c -> if(lengthUTF8(upperUTF8(pw_c)) = 1, upperUTF8(pw_c),
  translateUTF8(pw_c, 'ᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾳῃῳ', 'ᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾼῌῼ')), pw_signs(pw_x)))), [x])[1];
CREATE OR REPLACE FUNCTION pw_places AS (n) -> arrayMap(pw_v -> if(isNull(pw_v), NULL, toInt64(least(greatest(pw_v, -2147483647), 2147483647))), [n])[1];
CREATE OR REPLACE FUNCTION pw_from AS (x, s) -> arrayMap(pw_s -> if(isNull(pw_s), NULL, substringUTF8(x, greatest(pw_places(pw_s), 1))), [s])[1];
CREATE OR REPLACE FUNCTION pw_substring AS (x, s, n) -> arrayMap((pw_s, pw_n) -> if(isNull(pw_s) OR isNull(pw_n) OR pw_n < 0, NULL,
  substringUTF8(x, greatest(pw_places(pw_s), 1), pw_places(greatest(pw_n + least(pw_s - 1, 0), 0)))), [toInt128(s)], [toInt128(n)])[1];
CREATE OR REPLACE FUNCTION pw_trim AS (x) -> trim(BOTH ' \t\n\f\r' FROM x);
CREATE OR REPLACE FUNCTION pw_trim_start AS (x, signs) -> arrayMap((pw_x, pw_s) -> if(isNull(pw_x) OR isNull(pw_s), NULL, arrayStringConcat(
  arrayFilter((pw_c, pw_n) -> pw_n >= arrayFirstIndex(pw_i -> NOT has(pw_signs(pw_s), pw_i), pw_signs(pw_x)) AND arrayExists(pw_i -> NOT has(pw_signs(pw_s), pw_i), pw_signs(pw_x)),
  pw_signs(pw_x), arrayEnumerate(pw_signs(pw_x))))), [x], [signs])[1];
CREATE OR REPLACE FUNCTION pw_trim_end AS (x, signs) -> arrayMap((pw_x, pw_s) -> if(isNull(pw_x) OR isNull(pw_s), NULL, arrayStringConcat(
  arrayFilter((pw_c, pw_n) -> pw_n <= arrayLastIndex(pw_i -> NOT has(pw_signs(pw_s), pw_i), pw_signs(pw_x)), pw_signs(pw_x), arrayEnumerate(pw_signs(pw_x))))), [x], [signs])[1];
CREATE OR REPLACE FUNCTION pw_trim_both AS (x, signs) -> pw_trim_end(pw_trim_start(x, signs), signs);
CREATE OR REPLACE FUNCTION pw_normalize_space AS (x) -> pw_trim(replaceRegexpAll(x, '[ \t\n\f\r]+', ' '));
CREATE OR REPLACE FUNCTION pw_split AS (x, s) -> arrayMap(pw_x -> if(isNull(pw_x), NULL, tuple(arrayMap(pw_c -> toNullable(pw_c), if(s = '', pw_signs(pw_x), splitByString(s, ifNull(pw_x, '')))))), [x])[1];
CREATE OR REPLACE FUNCTION pw_texts AS (l, s) -> arrayMap(pw_l -> if(empty(pw_l), NULL, arrayStringConcat(pw_l, s)), [arrayFilter(pw_c -> isNotNull(pw_c), l)])[1];
CREATE OR REPLACE FUNCTION pw_join AS (l, s) -> arrayMap(pw_l -> if(isNull(pw_l) OR (toInt64(length(tupleElement(pw_l, 1))) - 1) * lengthUTF8(s) > 1000000, NULL, arrayStringConcat(tupleElement(pw_l, 1), s)), [l])[1];
CREATE OR REPLACE FUNCTION pw_repeat AS (x, n) -> arrayMap((pw_x, pw_n) -> multiIf(pw_n <= 0, left(pw_x, 0), toInt128(lengthUTF8(pw_x)) * pw_n <= 1000000, repeat(pw_x, if(pw_x = '', 0, pw_places(pw_n))), NULL), [x], [n])[1];
CREATE OR REPLACE FUNCTION pw_pad_start AS (x, n, f) -> arrayMap((pw_x, pw_n) -> multiIf(isNull(pw_n) OR isNull(pw_x) OR pw_n > 1000000, NULL, lengthUTF8(pw_x) >= pw_n OR f = '', pw_x, leftPadUTF8(pw_x, ifNull(pw_n, 0), f)), [x], [n])[1];
CREATE OR REPLACE FUNCTION pw_pad_end AS (x, n, f) -> arrayMap((pw_x, pw_n) -> multiIf(isNull(pw_n) OR isNull(pw_x) OR pw_n > 1000000, NULL, lengthUTF8(pw_x) >= pw_n OR f = '', pw_x, rightPadUTF8(pw_x, ifNull(pw_n, 0), f)), [x], [n])[1];
-- Null where a text grows to over a million characters.
CREATE OR REPLACE FUNCTION pw_replace AS (x, f, t) -> arrayMap((pw_x, pw_f, pw_t) -> multiIf(isNull(pw_x) OR isNull(pw_f) OR isNull(pw_t), NULL, pw_f = '', pw_x,
  intDivOrZero(toInt64(lengthUTF8(pw_x)) - toInt64(lengthUTF8(replaceAll(pw_x, pw_f, ''))), lengthUTF8(pw_f)) * (toInt64(lengthUTF8(pw_t)) - toInt64(lengthUTF8(pw_f))) <= greatest(1000000 - toInt64(lengthUTF8(pw_x)), 0),
  replaceAll(pw_x, pw_f, pw_t), NULL), [x], [f], [t])[1];
CREATE OR REPLACE FUNCTION pw_grown AS (before, x) -> arrayMap((pw_b, pw_x) -> if(lengthUTF8(pw_x) <= greatest(1000000, lengthUTF8(pw_b)), pw_x, NULL), [before], [x])[1];
CREATE OR REPLACE FUNCTION pw_mask AS (x, keep) -> arrayMap((pw_x, pw_k) -> multiIf(pw_k >= lengthUTF8(pw_x), pw_x, pw_k <= 0, repeat('*', lengthUTF8(pw_x)),
  pw_k < lengthUTF8(pw_x), concat(repeat('*', lengthUTF8(pw_x) - pw_places(pw_k)), rightUTF8(pw_x, pw_places(pw_k))), NULL), [x], [keep])[1];
-- No array has a place 0.
CREATE OR REPLACE FUNCTION pw_list_get AS (l, i) -> arrayMap(pw_i -> arrayElement(tupleElement(l, 1), if(pw_i = 0, 2147483647, pw_places(pw_i))), [i])[1];
-- Texts as values: whole texts only, no separators, no special numbers.
CREATE OR REPLACE FUNCTION pw_int AS (x) -> arrayMap(pw_v -> if(match(pw_v, '^[+-]?[0-9]+$'), accurateCastOrNull(replaceRegexpOne(pw_v, '^\\+', ''), 'Int64'), NULL), [pw_trim(x)])[1];
CREATE OR REPLACE FUNCTION pw_float AS (x) -> arrayMap(pw_v -> if(match(pw_v, '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$'), pw_finite(toFloat64OrNull(replaceRegexpOne(pw_v, '^\\+', ''))), NULL), [pw_trim(x)])[1];
CREATE OR REPLACE FUNCTION pw_boolean AS (x) -> arrayMap(pw_v -> multiIf(pw_v IN ('true', 't', 'yes', 'y', 'on', '1'), true, pw_v IN ('false', 'f', 'no', 'n', 'off', '0'), false, NULL), [lower(pw_trim(x))])[1];
-- Values as texts.
CREATE OR REPLACE FUNCTION pw_timestamp_text AS (t) -> arrayMap((pw_t, pw_m) -> concat(formatDateTime(pw_t, '%Y-%m-%dT%H:%i:%S'),
  multiIf(pw_m = 0, 'Z', pw_m % 1000 = 0, concat('.', leftPad(toString(intDiv(pw_m, 1000)), 3, '0'), 'Z'), concat('.', leftPad(toString(pw_m), 6, '0'), 'Z'))), [t], [pw_microsecond(t)])[1];
CREATE OR REPLACE FUNCTION pw_seconds_text AS (u) -> concat(toString(intDiv(u, 1000000)), if(u % 1000000 = 0, '', concat('.', trim(TRAILING '0' FROM leftPad(toString(u % 1000000), 6, '0')))));
CREATE OR REPLACE FUNCTION pw_duration_text AS (d) -> arrayMap((pw_d, pw_u) -> if(isNull(pw_d), NULL, concat(if(pw_d < 0, '-P', 'P'),
  if(pw_u >= 86400000000, concat(toString(intDiv(pw_u, 86400000000)), 'D'), ''), if(pw_u % 86400000000 > 0 OR pw_u < 86400000000, 'T', ''),
  if(pw_u % 86400000000 >= 3600000000, concat(toString(intDiv(pw_u % 86400000000, 3600000000)), 'H'), ''),
  if(pw_u % 3600000000 >= 60000000, concat(toString(intDiv(pw_u % 3600000000, 60000000)), 'M'), ''),
  if(pw_u % 60000000 > 0 OR pw_u = 0, concat(pw_seconds_text(pw_u % 60000000), 'S'), ''))), [d], [abs(toInt128(d))])[1];
-- Shortest digits; with an exponent where the number is small or large.
CREATE OR REPLACE FUNCTION pw_float_text AS (x) -> arrayMap((pw_x, pw_s) -> multiIf(isNull(pw_x), NULL, position(pw_s, 'e') > 0, pw_s,
  abs(pw_x) >= 1e16, concat(if(pw_x < 0, '-', ''), pw_scientific(trim(TRAILING '0' FROM toString(abs(pw_x))), toString(length(toString(abs(pw_x))) - 1))),
  pw_x != 0 AND abs(pw_x) < 1e-4, concat(if(pw_x < 0, '-', ''), pw_scientific(trim(LEADING '0.' FROM toString(abs(pw_x))), concat('-', toString(length(toString(abs(pw_x))) - length(trim(LEADING '0.' FROM toString(abs(pw_x)))) - 1)))),
  position(pw_s, '.') > 0, pw_s, concat(pw_s, '.0')), [x + 0], [toString(x + 0)])[1];
CREATE OR REPLACE FUNCTION pw_scientific AS (digits, exponent) -> concat(substring(digits, 1, 1), if(length(digits) > 1, concat('.', substring(digits, 2)), ''), 'e', exponent);
-- Parts of URLs: without query and fragment; what stands between `//` and the path, without a user.
CREATE OR REPLACE FUNCTION pw_group AS (x, p) -> arrayMap(pw_x -> if(match(pw_x, p), regexpExtract(pw_x, p, 1), NULL), [x])[1];
CREATE OR REPLACE FUNCTION pw_url_text AS (x) -> trim(BOTH ' \t\n\v\f\r' FROM x);
CREATE OR REPLACE FUNCTION pw_url_bare AS (x) -> regexpExtract(pw_url_text(x), '^([^#?]*)', 1);
CREATE OR REPLACE FUNCTION pw_url_address AS (x) -> replaceRegexpOne(pw_group(pw_url_bare(x), '^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/]*)'), '^(?s).*@', '');
CREATE OR REPLACE FUNCTION pw_url_scheme AS (x) -> lower(pw_group(pw_url_bare(x), '^([A-Za-z][A-Za-z0-9+.-]*)://'));
CREATE OR REPLACE FUNCTION pw_url_host AS (x) -> arrayMap(pw_a -> lower(nullIf(if(startsWith(pw_a, '['), regexpExtract(pw_a, '^\\[([^\\]]*)', 1), regexpExtract(pw_a, '^([^:]*)', 1)), '')), [pw_url_address(x)])[1];
CREATE OR REPLACE FUNCTION pw_url_port AS (x) -> arrayMap(pw_p -> if(match(pw_p, '^[+]?0*[0-9]{1,5}$') AND pw_part(replaceAll(pw_p, '+', '')) < 65536, pw_part(replaceAll(pw_p, '+', '')), NULL),
  [pw_group(pw_url_address(x), '^(?:\\[[^\\]]*\\]|[^\\[:][^:]*|):((?s).*)$')])[1];
CREATE OR REPLACE FUNCTION pw_url_path AS (x) -> pw_group(pw_url_bare(x), '^(?:(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*)?((?s).*)$');
CREATE OR REPLACE FUNCTION pw_url_query AS (x) -> pw_group(pw_url_text(x), '^[^?#]*\\?([^#]*)');
CREATE OR REPLACE FUNCTION pw_url_fragment AS (x) -> pw_group(pw_url_text(x), '^[^#]*#((?s).*)$');
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_functions_that_are_called_are_given() {
        let found = needed("SELECT pw_shift(a, 1)");
        let names: Vec<&str> = found.iter().filter_map(|text| named(text)).map(|(name, _)| name).collect();
        assert_eq!(names, ["pw_time", "pw_micros", "pw_shift"]);
        assert!(needed("SELECT 1").is_empty());
    }

    #[test]
    fn each_function_is_defined_once() {
        let names: Vec<&str> =
            FUNCTIONS.split(";\n").filter_map(|text| named(text.trim())).map(|(name, _)| name).collect();
        assert_eq!(names.len(), FUNCTIONS.matches("CREATE OR REPLACE FUNCTION").count());
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }
}
