//! Macros that give DuckDB Pipewright's semantics: null where an operation has no answer.

/// Stands at the top of every script.
pub const PRELUDE: &str = r#"-- Made by Pipewright. Needs DuckDB 1.3 or later (TRY).
SET TimeZone = 'UTC';
SET preserve_insertion_order = true;

-- A float that is NaN or infinite is null, and zero has no sign.
CREATE OR REPLACE TEMP MACRO pw_finite(x) AS CASE WHEN isfinite(x) THEN x + 0 END;
CREATE OR REPLACE TEMP MACRO pw_divide(a, b) AS CASE WHEN b <> 0 THEN pw_finite(CAST(a AS DOUBLE) / CAST(b AS DOUBLE)) END;
CREATE OR REPLACE TEMP MACRO pw_modulo(a, b) AS CASE WHEN b <> 0 THEN pw_finite(CAST(a AS DOUBLE) % CAST(b AS DOUBLE)) END;
CREATE OR REPLACE TEMP MACRO pw_modulo_int(a, b) AS CASE WHEN b = -1 THEN CASE WHEN a IS NOT NULL THEN CAST(0 AS BIGINT) END ELSE TRY(a % b) END;
-- An integer beside a float, without rounding the integer: -1, 0 or 1.
CREATE OR REPLACE TEMP MACRO pw_order(i, f) AS CASE WHEN i IS NULL OR f IS NULL THEN NULL WHEN f >= 9223372036854775808e0 THEN -1
  WHEN f < -9223372036854775808e0 OR i > TRY_CAST(floor(f) AS BIGINT) THEN 1 WHEN i = TRY_CAST(floor(f) AS BIGINT) AND f = floor(f) THEN 0 ELSE -1 END;
CREATE OR REPLACE TEMP MACRO pw_distinct_numbers(i, f) AS CASE WHEN i IS NULL OR f IS NULL THEN (i IS NULL) <> (f IS NULL) ELSE pw_order(i, f) <> 0 END;
-- The float that is the same number as an integer, and the integer that is the same number as a float; null where there is none.
CREATE OR REPLACE TEMP MACRO pw_exact_float(i) AS CASE WHEN pw_order(i, CAST(i AS DOUBLE)) = 0 THEN CAST(i AS DOUBLE) END;
CREATE OR REPLACE TEMP MACRO pw_exact_int(f) AS CASE WHEN pw_order(TRY_CAST(floor(f) AS BIGINT), f) = 0 THEN TRY_CAST(floor(f) AS BIGINT) END;
-- A list without its repetitions.
CREATE OR REPLACE TEMP MACRO pw_distinct(l) AS list_filter(l, lambda x, i: list_position(l, x) = i);
-- A time, if it lies in the years 1 to 9999.
CREATE OR REPLACE TEMP MACRO pw_time(micros) AS CASE WHEN micros BETWEEN -62135596800000000 AND 253402300799999999 THEN make_timestamp(CAST(micros AS BIGINT)) END;
CREATE OR REPLACE TEMP MACRO pw_held(t) AS CASE WHEN t BETWEEN make_timestamp(-62135596800000000) AND make_timestamp(253402300799999999) THEN t END;
CREATE OR REPLACE TEMP MACRO pw_scale(n) AS pow(10e0, CASE WHEN n NOT BETWEEN -30 AND 30 THEN 30 ELSE abs(n) END);
CREATE OR REPLACE TEMP MACRO pw_round(x, n) AS CASE
  WHEN n >= 0 THEN CASE WHEN isfinite(x * pw_scale(n)) THEN round(x * pw_scale(n)) / pw_scale(n) + 0 ELSE x END
  WHEN n < 0 THEN pw_finite(round(x / pw_scale(n)) * pw_scale(n)) END;
CREATE OR REPLACE TEMP MACRO pw_round_int(x, n) AS CASE WHEN n >= 0 THEN x WHEN n < -19 THEN x - x ELSE TRY_CAST((abs(CAST(x AS HUGEINT)) + CAST(pw_scale(n) AS HUGEINT) // 2) // CAST(pw_scale(n) AS HUGEINT) * CAST(pw_scale(n) AS HUGEINT) * sign(x) AS BIGINT) END;
-- Counts and places as far as DuckDB's functions of texts take them.
CREATE OR REPLACE TEMP MACRO pw_count(n) AS CASE WHEN n > 4294967295 THEN 4294967295 WHEN n < -4294967295 THEN -4294967295 ELSE n END;
CREATE OR REPLACE TEMP MACRO pw_length(n) AS CAST(CASE WHEN n > 1000000 THEN 1000000 WHEN n < 0 THEN 0 ELSE n END AS INTEGER);
CREATE OR REPLACE TEMP MACRO pw_blanks() AS ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13);
CREATE OR REPLACE TEMP MACRO pw_substring(x, s, n) AS CASE WHEN s IS NOT NULL AND n >= 0
  THEN substr(x, pw_count(greatest(s, 1)), CAST(pw_count(greatest(CAST(n AS HUGEINT) + least(CAST(s AS HUGEINT) - 1, 0), 0)) AS BIGINT)) END;
-- Character by character, whatever is shown as one sign.
CREATE OR REPLACE TEMP MACRO pw_reverse(x) AS CASE WHEN x IS NOT NULL THEN coalesce(array_to_string(list_reverse(regexp_extract_all(x, '(?s).')), ''), '') END;
CREATE OR REPLACE TEMP MACRO pw_from(x, s) AS CASE WHEN s IS NOT NULL THEN substr(x, greatest(s, 1)) END;
CREATE OR REPLACE TEMP MACRO pw_split(x, s) AS CASE WHEN s IS NULL THEN NULL WHEN x = '' AND s <> '' THEN [''] WHEN x = '' THEN CAST([] AS VARCHAR[]) ELSE string_split(x, s) END;
CREATE OR REPLACE TEMP MACRO pw_join(l, s) AS CASE WHEN (len(l) - 1) * length(s) <= 1000000 THEN substr(list_reduce(list_prepend(left(s, 0), l), lambda x, y: x || s || y), length(s) + 1) END;
CREATE OR REPLACE TEMP MACRO pw_repeat(x, n) AS CASE WHEN n <= 0 THEN left(x, 0) WHEN TRY(length(x) * n) <= 1000000 THEN repeat(x, pw_length(n)) END;
-- Null where a text grows to over a million characters.
CREATE OR REPLACE TEMP MACRO pw_replace(x, f, t) AS list_extract(list_transform([x], lambda v: CASE WHEN f = '' THEN CASE WHEN t IS NOT NULL THEN v END
  WHEN (length(v) - length(replace(v, f, ''))) // length(f) * (length(t) - length(f)) <= greatest(1000000 - length(v), 0) THEN replace(v, f, t) END), 1);
CREATE OR REPLACE TEMP MACRO pw_regexp_replace(x, p, r) AS list_extract(list_transform([struct_pack(v := x, y := regexp_replace(x, p, r, 'g'))],
  lambda s: CASE WHEN length(s['y']) <= greatest(1000000, length(s['v'])) THEN s['y'] END), 1);
CREATE OR REPLACE TEMP MACRO pw_mask(x, keep) AS CASE WHEN keep >= length(x) THEN x WHEN keep = 0 THEN repeat('*', length(x)) ELSE repeat('*', length(x) - keep) || right(x, keep) END;
-- Moves a time by microseconds.
CREATE OR REPLACE TEMP MACRO pw_shift(t, micros) AS pw_time(TRY(epoch_us(CAST(t AS TIMESTAMP)) + micros));
-- The start of a time's bucket; buckets of whole weeks begin on Mondays.
CREATE OR REPLACE TEMP MACRO pw_floor_div(a, b) AS (a // b) - CASE WHEN a % b < 0 THEN 1 ELSE 0 END;
CREATE OR REPLACE TEMP MACRO pw_bucket(w, t) AS CASE WHEN w > 0 THEN pw_time(TRY(
  CASE WHEN w % 604800000000 = 0 THEN pw_floor_div(epoch_us(t) - 345600000000, w) * w + 345600000000
  ELSE pw_floor_div(epoch_us(t), w) * w END)) END;
-- DuckDB takes numbers that are none, and commas before an end: outside of texts stands no `nan`, no `inf` and no such
-- comma, each number is finite, and no more than 127 lists and objects lie in each other.
CREATE OR REPLACE TEMP MACRO pw_bare(x) AS regexp_replace(x, '"(\\.|[^"\\])*"', '""', 'g');
CREATE OR REPLACE TEMP MACRO pw_depth(x) AS struct_extract(list_reduce(
  list_prepend(struct_pack(now := 0, most := 0), list_transform(regexp_extract_all(x, '[\[\]{}]'), lambda c: struct_pack(now := CASE WHEN c IN ('[', '{') THEN 1 ELSE -1 END, most := 0))),
  lambda a, b: struct_pack(now := a['now'] + b['now'], most := greatest(a['most'], a['now'] + b['now']))), 'most');
CREATE OR REPLACE TEMP MACRO pw_is_json(x) AS CASE WHEN NOT json_valid(x) THEN FALSE WHEN x IS NOT NULL THEN NOT regexp_matches(pw_bare(x), '(?i)nan|inf|,\s*[\]}]')
  AND len(list_filter(regexp_extract_all(pw_bare(x), '-?[0-9][0-9.eE+-]*'), lambda n: NOT coalesce(isfinite(TRY_CAST(n AS DOUBLE)), FALSE))) = 0
  AND (length(regexp_replace(x, '[^\[{]', '', 'g')) <= 127 OR pw_depth(pw_bare(x)) <= 127) END;
CREATE OR REPLACE TEMP MACRO pw_json(x) AS CASE WHEN pw_is_json(x) THEN x END;
-- The variance of integers of their number and of sums: of the halves of their digits, of squares and products of those.
-- The integer next to the mean is taken away before, in whole numbers; what is small then is a float without a loss.
CREATE OR REPLACE TEMP MACRO pw_wide(x) AS CAST(x AS HUGEINT);
CREATE OR REPLACE TEMP MACRO pw_high(x) AS x // 4294967296;
CREATE OR REPLACE TEMP MACRO pw_low(x) AS x % 4294967296;
CREATE OR REPLACE TEMP MACRO pw_variance(n, h, l, hh, hl, ll) AS list_extract(list_transform(list_transform(list_transform(
  [struct_pack(n := pw_wide(n), h := h, l := l, hh := hh, hl := hl, ll := ll, s := h * 4294967296 + l)],
  lambda t: struct_pack(t := t, m := pw_floor_div(t['s'] * 2 + t['n'], t['n'] * 2))),
  lambda u: struct_pack(n := u['t']['n'], r := u['t']['s'] - u['m'] * u['t']['n'],
    hh := u['t']['hh'] - 2 * pw_high(u['m']) * u['t']['h'] + u['t']['n'] * pw_high(u['m']) * pw_high(u['m']),
    hl := u['t']['hl'] - pw_high(u['m']) * u['t']['l'] - pw_low(u['m']) * u['t']['h'] + u['t']['n'] * pw_high(u['m']) * pw_low(u['m']),
    ll := u['t']['ll'] - 2 * pw_low(u['m']) * u['t']['l'] + u['t']['n'] * pw_low(u['m']) * pw_low(u['m']))),
  lambda d: CASE WHEN d['n'] > 1 THEN (CASE WHEN d['hh'] < 1152921504606846976
      THEN CAST(d['hh'] * 18446744073709551616 + d['hl'] * 8589934592 + d['ll'] AS DOUBLE)
      ELSE CAST(d['hh'] AS DOUBLE) * 18446744073709551616e0 + CAST(d['hl'] AS DOUBLE) * 8589934592e0 + CAST(d['ll'] AS DOUBLE) END
    - CAST(d['r'] AS DOUBLE) * CAST(d['r'] AS DOUBLE) / CAST(d['n'] AS DOUBLE)) / CAST(d['n'] - 1 AS DOUBLE) END), 1);
-- Texts as values: whole texts only, no separators, no special numbers.
CREATE OR REPLACE TEMP MACRO pw_trim(x) AS trim(x, E' \t\n\f\r');
CREATE OR REPLACE TEMP MACRO pw_int(x) AS CASE WHEN regexp_full_match(pw_trim(x), '[+-]?[0-9]+') THEN TRY_CAST(pw_trim(x) AS BIGINT) END;
CREATE OR REPLACE TEMP MACRO pw_float(x) AS CASE WHEN regexp_full_match(pw_trim(x), '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?') THEN pw_finite(TRY_CAST(pw_trim(x) AS DOUBLE)) END;
CREATE OR REPLACE TEMP MACRO pw_boolean(x) AS CASE
  WHEN lower(pw_trim(x)) IN ('true', 't', 'yes', 'y', 'on', '1') THEN TRUE
  WHEN lower(pw_trim(x)) IN ('false', 'f', 'no', 'n', 'off', '0') THEN FALSE END;
-- Times in ISO 8601 as logs write them, zone or none (UTC). Parts of times are texts; what has no digits is 0.
CREATE OR REPLACE TEMP MACRO pw_part(x) AS coalesce(TRY_CAST(x AS BIGINT), 0);
CREATE OR REPLACE TEMP MACRO pw_fraction(x) AS pw_part(rpad(left(x, 6), 6, '0'));
CREATE OR REPLACE TEMP MACRO pw_day(y, m, d) AS CASE WHEN y BETWEEN 1 AND 9999 AND m BETWEEN 1 AND 12 AND d BETWEEN 1 AND 31
  THEN TRY(epoch_us(make_timestamp(y, m, d, 0, 0, 0e0))) END;
CREATE OR REPLACE TEMP MACRO pw_clock(h, m, s) AS CASE WHEN h BETWEEN 0 AND 23 AND m BETWEEN 0 AND 59 AND s BETWEEN 0 AND 60
  THEN (h * 3600 + m * 60 + s) * 1000000 END;
CREATE OR REPLACE TEMP MACRO pw_day_of_year(y, d) AS CASE WHEN d BETWEEN 1 AND 365 OR d = 366 AND pw_day(y, 2, 29) IS NOT NULL
  THEN pw_day(y, 1, 1) + (d - 1) * 86400000000 END;
-- Microseconds east of UTC.
CREATE OR REPLACE TEMP MACRO pw_zone(z) AS CASE
  WHEN z[1] IN ('+', '-') THEN CASE WHEN pw_part(z[2:3]) <= 18 AND pw_part(right(z, 2)) < CASE WHEN len(z) > 3 THEN 60 ELSE 99 END
    THEN (pw_part(z[2:3]) * 3600 + CASE WHEN len(z) > 3 THEN pw_part(right(z, 2)) * 60 ELSE 0 END) * CASE WHEN z[1] = '-' THEN -1000000 ELSE 1000000 END END
  WHEN z IN ('', 'Z', 'z', 'UTC', 'GMT', 'WET', 'UT') THEN 0
  ELSE 3600000000 * CASE WHEN z IN ('WEST', 'CET', 'MEZ') THEN 1 WHEN z IN ('CEST', 'MESZ', 'EET', 'SAST') THEN 2 WHEN z IN ('EEST', 'MSK') THEN 3
    WHEN z IN ('SGT', 'HKT') THEN 8 WHEN z IN ('JST', 'KST') THEN 9 WHEN z = 'AEST' THEN 10 WHEN z = 'AEDT' THEN 11 WHEN z = 'EDT' THEN -4
    WHEN z IN ('EST', 'CDT') THEN -5 WHEN z IN ('CST', 'MDT') THEN -6 WHEN z IN ('MST', 'PDT') THEN -7 WHEN z = 'PST' THEN -8 END END;
CREATE OR REPLACE TEMP MACRO pw_timestamp(x) AS list_extract(list_transform([regexp_extract(pw_trim(x),
  '^(?:(\d{4})-(\d{2})-(\d{2})|(\d{4})/(\d{2})/(\d{2})|(\d{4})(\d{2})(\d{2}))(?:[Tt ](?:(\d{2}):(\d{2})(?::(\d{2}))?|(\d{2})(\d{2})(\d{2}))(?:[.,](\d+))?(?: ?([Zz]|[A-Z]{2,4}|[+-]\d{2}:?\d{2})|([+-]\d{2}))?)?$',
  ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2', 'c3', 'h', 'm', 's', 'hh', 'mm', 'ss', 'f', 'z', 'zz'])],
  lambda t: CASE WHEN t['c1'] = '' OR t['h'] || t['hh'] <> '' THEN
    pw_time(pw_day(pw_part(t['a1'] || t['b1'] || t['c1']), pw_part(t['a2'] || t['b2'] || t['c2']), pw_part(t['a3'] || t['b3'] || t['c3']))
      + pw_clock(pw_part(t['h'] || t['hh']), pw_part(t['m'] || t['mm']), pw_part(t['s'] || t['ss'])) + pw_fraction(t['f']) - pw_zone(t['z'] || t['zz'])) END), 1);
CREATE OR REPLACE TEMP MACRO pw_date(x) AS CAST(pw_timestamp(x) AS DATE);
-- Values as texts.
CREATE OR REPLACE TEMP MACRO pw_timestamp_text(t) AS CASE
  WHEN epoch_us(t) % 1000000 = 0 THEN strftime(t, '%Y-%m-%dT%H:%M:%SZ')
  WHEN epoch_us(t) % 1000 = 0 THEN strftime(t, '%Y-%m-%dT%H:%M:%S.%gZ')
  ELSE strftime(t, '%Y-%m-%dT%H:%M:%S.%fZ') END;
CREATE OR REPLACE TEMP MACRO pw_seconds_text(u) AS CASE
  WHEN u % 1000000 = 0 THEN CAST(u // 1000000 AS VARCHAR)
  ELSE CAST(u // 1000000 AS VARCHAR) || '.' || rtrim(lpad(CAST(u % 1000000 AS VARCHAR), 6, '0'), '0') END;
-- The size of a span, of the least one too.
CREATE OR REPLACE TEMP MACRO pw_size(d) AS abs(CAST(d AS HUGEINT));
CREATE OR REPLACE TEMP MACRO pw_duration_text(d) AS
  CASE WHEN d < 0 THEN '-P' WHEN d IS NOT NULL THEN 'P' END
  || CASE WHEN pw_size(d) >= 86400000000 THEN CAST(pw_size(d) // 86400000000 AS VARCHAR) || 'D' ELSE '' END
  || CASE WHEN pw_size(d) % 86400000000 > 0 OR pw_size(d) < 86400000000 THEN 'T' ELSE '' END
  || CASE WHEN pw_size(d) % 86400000000 >= 3600000000 THEN CAST(pw_size(d) % 86400000000 // 3600000000 AS VARCHAR) || 'H' ELSE '' END
  || CASE WHEN pw_size(d) % 3600000000 >= 60000000 THEN CAST(pw_size(d) % 3600000000 // 60000000 AS VARCHAR) || 'M' ELSE '' END
  || CASE WHEN pw_size(d) % 60000000 > 0 OR d = 0 THEN pw_seconds_text(pw_size(d) % 60000000) || 'S' ELSE '' END;
-- A text in the name of a partition's folder: ASCII characters that are not plain stay written as %xx.
CREATE OR REPLACE TEMP MACRO pw_folder_text(x) AS
  replace(replace(url_decode(regexp_replace(url_encode(x), '%([0-7])', '%25\1', 'g')), '~', '%7E'), '%20', ' ');
CREATE OR REPLACE TEMP MACRO pw_folder(x) AS CASE WHEN x IS NULL THEN '__HIVE_DEFAULT_PARTITION__'
  WHEN x = '.' THEN '%2E' WHEN x = '..' THEN '%2E%2E' WHEN x = '__HIVE_DEFAULT_PARTITION__' THEN '%5F_HIVE_DEFAULT_PARTITION__'
  ELSE pw_folder_text(x) END;
CREATE OR REPLACE TEMP MACRO pw_float_text(x) AS regexp_replace(regexp_replace(CAST(x + 0 AS VARCHAR), 'e[+]', 'e'), 'e(-?)0+(\d)', 'e\1\2');
-- A Float as files show it: `1e+16`, `1e-6` and `0.00001`.
CREATE OR REPLACE TEMP MACRO pw_number_text(x) AS regexp_replace(CASE WHEN abs(x) >= 1e-5 AND abs(x) < 1e-4
  THEN regexp_replace(CAST(x AS VARCHAR), '^(-?)(\d)\.?(\d*)e-05$', '\10.0000\2\3') ELSE CAST(x + 0 AS VARCHAR) END, 'e([-+])0+(\d)', 'e\1\2');
-- A text in a line of CSV: quoted where it would not be read back as it is.
CREATE OR REPLACE TEMP MACRO pw_csv_text(x) AS CASE WHEN x = '' OR regexp_matches(x, '[,"\n\r]|^[\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]|[\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]$')
  THEN '"' || replace(x, '"', '""') || '"' ELSE x END;
-- JSON as a run prints it: DuckDB writes numbers in digits up to 1e21 and down to 1e-6, and control characters in capitals.
CREATE OR REPLACE TEMP MACRO pw_json_name(x) AS CASE WHEN contains(x, '\u') THEN array_to_string(list_transform(
  regexp_extract_all(x, '(?s)\\u....|\\.|[^\\]+'), lambda p: CASE WHEN starts_with(p, '\u') THEN lower(p) ELSE p END), '') ELSE x END;
CREATE OR REPLACE TEMP MACRO pw_json_print(x) AS array_to_string(list_transform(
  regexp_extract_all(nullif(CAST(x AS VARCHAR), 'null'), '(?s)"(?:\\.|[^"\\])*"|-?[0-9][0-9.eE+-]*|[^"0-9-]+'),
  lambda t: CASE WHEN starts_with(t, '"') THEN pw_json_name(t)
    WHEN regexp_matches(t, '^-?[0-9]+[.eE]') THEN pw_number_text(CAST(t AS DOUBLE)) ELSE t END), '');
-- Parts of URLs: without query and fragment; what stands between `//` and the path, without a user.
CREATE OR REPLACE TEMP MACRO pw_url_text(x) AS trim(x, pw_blanks());
CREATE OR REPLACE TEMP MACRO pw_url_bare(x) AS regexp_extract(pw_url_text(x), '^[^#?]*');
CREATE OR REPLACE TEMP MACRO pw_url_address(x) AS CASE WHEN regexp_matches(pw_url_bare(x), '^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//') THEN
  regexp_replace(regexp_extract(pw_url_bare(x), '^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/]*)', 1), '^(?s).*@', '') END;
CREATE OR REPLACE TEMP MACRO pw_url_host(x) AS translate(nullif(CASE WHEN starts_with(pw_url_address(x), '[')
  THEN regexp_extract(pw_url_address(x), '^\[([^\]]*)', 1) ELSE regexp_extract(pw_url_address(x), '^[^:]*') END, ''),
  'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
CREATE OR REPLACE TEMP MACRO pw_port(x) AS CASE WHEN regexp_full_match(x, '[+]?0*[0-9]{1,5}') AND CAST(x AS BIGINT) < 65536 THEN CAST(x AS BIGINT) END;
CREATE OR REPLACE TEMP MACRO pw_url_port(x) AS pw_port(regexp_extract(pw_url_address(x), '^(?:\[[^\]]*\]|[^\[:][^:]*|):((?s).*)$', 1));
-- Bytes that are no UTF-8 become U+FFFD, where all the text is not.
CREATE OR REPLACE TEMP MACRO pw_utf8() AS '(?i)%(?:c[2-9a-f]|d[0-9a-f])%[89ab][0-9a-f]|%e0%[ab][0-9a-f]%[89ab][0-9a-f]|%(?:e[1-9a-cef])%[89ab][0-9a-f]%[89ab][0-9a-f]|%ed%[89][0-9a-f]%[89ab][0-9a-f]|%f0%[9ab][0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]|%f[1-3]%[89ab][0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]|%f4%8[0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]';
CREATE OR REPLACE TEMP MACRO pw_no_utf8() AS '%e0%[ab][0-9a-f]|%(?:e[1-9a-cef])%[89ab][0-9a-f]|%ed%[89][0-9a-f]|%f0%[9ab][0-9a-f](?:%[89ab][0-9a-f])?|%f[1-3]%[89ab][0-9a-f](?:%[89ab][0-9a-f])?|%f4%8[0-9a-f](?:%[89ab][0-9a-f])?|%[89a-f][0-9a-f]';
CREATE OR REPLACE TEMP MACRO pw_url_decode(x) AS CASE WHEN x IS NOT NULL THEN coalesce(TRY(url_decode(x)), url_decode(array_to_string(list_transform(
  regexp_extract_all(x, pw_utf8() || '|' || pw_no_utf8() || '|%|[^%]+'),
  lambda t: CASE WHEN regexp_full_match(t, '(?i)%[89a-f][0-9a-f].*') AND NOT regexp_full_match(t, pw_utf8()) THEN '%EF%BF%BD' ELSE t END), ''))) END;
"#;
