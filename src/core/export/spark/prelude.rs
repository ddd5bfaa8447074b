//! SQL functions that give Spark Pipewright's semantics: null where an operation has no answer. Spark computes arguments
//! before it looks which branch needs them, so that nothing in here may fail, whatever it is given. Lambdas call none of
//! these, nor may an argument hold a lambda.

use std::collections::BTreeSet;

/// Every statement of the prelude that SQL needs, in the order in which they are run.
pub fn needed(sql: &str) -> Vec<&'static str> {
    let functions: Vec<(&str, &str)> =
        FUNCTIONS.split("\n\n").filter_map(|text| Some((name_of(text)?, text.trim()))).collect();
    let mut wanted: BTreeSet<&str> = calls(sql).collect();
    let mut found = Vec::new();
    // Each stands below those that it calls.
    for (name, text) in functions.into_iter().rev() {
        if wanted.contains(name) {
            wanted.extend(calls(text));
            found.push(text);
        }
    }
    found.reverse();
    found
}

/// The name of the function that a statement makes.
fn name_of(statement: &str) -> Option<&str> {
    let (_, rest) = statement.split_once("TEMPORARY FUNCTION ")?;
    rest.split('(').next()
}

/// Names of helpers that SQL calls; more of them, where a text looks like a call.
fn calls(sql: &str) -> impl Iterator<Item = &str> {
    sql.match_indices("pw_").filter_map(|(start, _)| {
        let name = &sql[start..];
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        name[end..].starts_with('(').then_some(&name[..end])
    })
}

const FUNCTIONS: &str = r#"
-- A float that is NaN or infinite is null, and zero has no sign.
CREATE OR REPLACE TEMPORARY FUNCTION pw_finite(x DOUBLE) RETURNS DOUBLE RETURN CASE WHEN abs(x) <= 1.7976931348623157E308D THEN x + 0 END

CREATE OR REPLACE TEMPORARY FUNCTION pw_divide(a DOUBLE, b DOUBLE) RETURNS DOUBLE RETURN pw_finite(try_divide(a, b))

CREATE OR REPLACE TEMPORARY FUNCTION pw_modulo(a DOUBLE, b DOUBLE) RETURNS DOUBLE RETURN pw_finite(try_mod(a, b))

CREATE OR REPLACE TEMPORARY FUNCTION pw_integer_divide(a BIGINT, b BIGINT) RETURNS BIGINT RETURN
  CASE WHEN b = 0 THEN NULL WHEN b = -1 THEN try_subtract(0L, a) ELSE a div b END

-- Of a width above zero.
CREATE OR REPLACE TEMPORARY FUNCTION pw_floor_div(a BIGINT, b BIGINT) RETURNS BIGINT RETURN
  CASE WHEN b > 0 THEN a div b - CASE WHEN a % b < 0 THEN 1 ELSE 0 END END

CREATE OR REPLACE TEMPORARY FUNCTION pw_abs(x BIGINT) RETURNS BIGINT RETURN CASE WHEN x < 0 THEN try_subtract(0L, x) ELSE x END

-- Whole parts of floats, as floats: beyond 2^52 each is whole.
CREATE OR REPLACE TEMPORARY FUNCTION pw_floor(x DOUBLE) RETURNS DOUBLE RETURN CASE WHEN abs(x) < 4503599627370496D THEN CAST(floor(x) AS DOUBLE) ELSE x END

CREATE OR REPLACE TEMPORARY FUNCTION pw_ceil(x DOUBLE) RETURNS DOUBLE RETURN CASE WHEN abs(x) < 4503599627370496D THEN CAST(ceil(x) AS DOUBLE) ELSE x END

CREATE OR REPLACE TEMPORARY FUNCTION pw_trunc(x DOUBLE) RETURNS DOUBLE RETURN
  CASE WHEN NOT abs(x) < 4503599627370496D THEN x WHEN x < 0 THEN CAST(ceil(x) AS DOUBLE) ELSE CAST(floor(x) AS DOUBLE) END

-- The nearest whole number, halves away from zero.
CREATE OR REPLACE TEMPORARY FUNCTION pw_half(x DOUBLE) RETURNS DOUBLE RETURN CASE WHEN NOT abs(x) < 4503599627370496D THEN x
  ELSE sign(x) * (floor(abs(x)) + CASE WHEN abs(x) - floor(abs(x)) >= 0.5D THEN 1 ELSE 0 END) + 0 END

CREATE OR REPLACE TEMPORARY FUNCTION pw_truncated(x DOUBLE) RETURNS BIGINT RETURN
  CASE WHEN x >= -9223372036854775808D AND x < 9223372036854775808D THEN CAST(x AS BIGINT) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_rounded(x DOUBLE) RETURNS BIGINT RETURN pw_truncated(pw_half(x))

CREATE OR REPLACE TEMPORARY FUNCTION pw_scale(n BIGINT) RETURNS DOUBLE RETURN power(10D, abs(greatest(least(n, 30), -30)))

CREATE OR REPLACE TEMPORARY FUNCTION pw_round_by(x DOUBLE, n BIGINT, scale DOUBLE) RETURNS DOUBLE RETURN CASE
  WHEN n >= 0 THEN CASE WHEN abs(x * scale) <= 1.7976931348623157E308D THEN try_divide(pw_half(x * scale), scale) + 0 ELSE x END
  WHEN n < 0 THEN pw_finite(pw_half(try_divide(x, scale)) * scale) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_round(x DOUBLE, n BIGINT) RETURNS DOUBLE RETURN pw_round_by(x, n, pw_scale(n))

CREATE OR REPLACE TEMPORARY FUNCTION pw_round_int_by(x BIGINT, n BIGINT, scale DECIMAL(20,0)) RETURNS BIGINT RETURN
  CASE WHEN n >= 0 THEN x WHEN n < -19 THEN CASE WHEN x IS NOT NULL THEN 0L END
  WHEN n < 0 THEN try_cast(CAST((abs(CAST(x AS DECIMAL(20,0))) + CAST(scale / 2 AS DECIMAL(20,0))) div scale AS DECIMAL(20,0)) * scale * CAST(sign(x) AS DECIMAL(1,0)) AS BIGINT) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_round_int(x BIGINT, n BIGINT) RETURNS BIGINT RETURN
  pw_round_int_by(x, n, CAST(power(10D, abs(greatest(least(n, 19), -19))) AS DECIMAL(20,0)))

CREATE OR REPLACE TEMPORARY FUNCTION pw_bin(a DOUBLE, b DOUBLE) RETURNS DOUBLE RETURN pw_finite(CASE WHEN b > 0 THEN pw_floor(try_divide(a, b)) * b END)

-- The variance of integers of their number and of sums: of the halves of their digits, of squares and products of those.
-- The integer next to the mean is taken away before, in whole numbers; what is small then is a float without a loss.
CREATE OR REPLACE TEMPORARY FUNCTION pw_variance_of(n DECIMAL(38,0), r DECIMAL(38,0), hh DECIMAL(38,0), hl DECIMAL(38,0), ll DECIMAL(38,0)) RETURNS DOUBLE RETURN
  CASE WHEN n > 1 THEN (CASE WHEN hh < 1152921504606846976L THEN CAST(hh * 18446744073709551616BD + hl * 8589934592L + ll AS DOUBLE)
      ELSE CAST(hh AS DOUBLE) * 18446744073709551616D + CAST(hl AS DOUBLE) * 8589934592D + CAST(ll AS DOUBLE) END
    - CAST(r AS DOUBLE) * CAST(r AS DOUBLE) / CAST(n AS DOUBLE)) / CAST(n - 1 AS DOUBLE) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_variance_about(n DECIMAL(38,0), h DECIMAL(38,0), l DECIMAL(38,0), hh DECIMAL(38,0), hl DECIMAL(38,0), ll DECIMAL(38,0), mh DECIMAL(38,0), ml DECIMAL(38,0)) RETURNS DOUBLE RETURN
  pw_variance_of(n, (h - n * mh) * 4294967296L + (l - n * ml), hh - 2 * mh * h + n * mh * mh, hl - mh * l - ml * h + n * mh * ml, ll - 2 * ml * l + n * ml * ml)

CREATE OR REPLACE TEMPORARY FUNCTION pw_variance_near(n DECIMAL(38,0), h DECIMAL(38,0), l DECIMAL(38,0), hh DECIMAL(38,0), hl DECIMAL(38,0), ll DECIMAL(38,0), m BIGINT) RETURNS DOUBLE RETURN
  pw_variance_about(n, h, l, hh, hl, ll, m div 4294967296L, m % 4294967296L)

CREATE OR REPLACE TEMPORARY FUNCTION pw_variance(n BIGINT, h DECIMAL(38,0), l DECIMAL(38,0), hh DECIMAL(38,0), hl DECIMAL(38,0), ll DECIMAL(38,0)) RETURNS DOUBLE RETURN
  pw_variance_near(n, h, l, hh, hl, ll, CASE WHEN n > 0 THEN ((h * 4294967296L + l) * 2 + CASE WHEN h * 4294967296L + l < 0 THEN -n ELSE n END) div CAST(2 * n AS DECIMAL(38,0)) END)

-- An integer beside a float, without rounding the integer: -1, 0 or 1.
CREATE OR REPLACE TEMPORARY FUNCTION pw_order(i BIGINT, f DOUBLE) RETURNS INT RETURN CASE WHEN i IS NULL OR f IS NULL THEN NULL
  WHEN f >= 9223372036854775808D THEN -1 WHEN f < -9223372036854775808D OR i > pw_truncated(pw_floor(f)) THEN 1
  WHEN i = pw_truncated(pw_floor(f)) AND f = pw_floor(f) THEN 0 ELSE -1 END

CREATE OR REPLACE TEMPORARY FUNCTION pw_distinct_numbers(i BIGINT, f DOUBLE) RETURNS BOOLEAN RETURN
  CASE WHEN i IS NULL OR f IS NULL THEN (i IS NULL) <> (f IS NULL) ELSE pw_order(i, f) <> 0 END

-- The float that is the same number as an integer, and the integer that is the same number as a float; null where there is none.
CREATE OR REPLACE TEMPORARY FUNCTION pw_exact_float(i BIGINT) RETURNS DOUBLE RETURN CASE WHEN pw_order(i, CAST(i AS DOUBLE)) = 0 THEN CAST(i AS DOUBLE) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_exact_int(f DOUBLE) RETURNS BIGINT RETURN
  CASE WHEN f = pw_floor(f) THEN pw_truncated(f) END

-- A number as far as Spark's functions of texts take it. `least` and `greatest` leave nulls out.
CREATE OR REPLACE TEMPORARY FUNCTION pw_count(n BIGINT) RETURNS INT RETURN
  CASE WHEN n IS NOT NULL THEN CAST(greatest(least(n, 2147483647L), 0L) AS INT) END

-- Characters have small letters of their own, one by one: no other at the end of a word.
CREATE OR REPLACE TEMPORARY FUNCTION pw_lower(x STRING) RETURNS STRING RETURN lower(translate(x, 'Σİ', 'σi'))

-- Characters whose capital form has several characters stay, but for the Greek letters with iota below: meanwhile they are others.
CREATE OR REPLACE TEMPORARY FUNCTION pw_upper(x STRING) RETURNS STRING RETURN CASE WHEN octet_length(x) = length(x) THEN upper(x)
  ELSE translate(upper(translate(x, 
    'ßŉǰΐΰևẖẗẘẙẚὐὒὔὖᾀᾁᾂᾃᾄᾅᾆᾇᾈᾉᾊᾋᾌᾍᾎᾏᾐᾑᾒᾓᾔᾕᾖᾗᾘᾙᾚᾛᾜᾝᾞᾟᾠᾡᾢᾣᾤᾥᾦᾧᾨᾩᾪᾫᾬᾭᾮᾯᾲᾳᾴᾶᾷᾼῂῃῄῆῇῌῒΐῖῗῢΰῤῦῧῲῳῴῶῷῼﬀﬁﬂﬃﬄﬅﬆﬓﬔﬕﬖﬗ', 
    '\U0010F000\U0010F001\U0010F002\U0010F003\U0010F004\U0010F005\U0010F006\U0010F007\U0010F008\U0010F009\U0010F00A\U0010F00B\U0010F00C\U0010F00D\U0010F00E\U0010F00F\U0010F010\U0010F011\U0010F012\U0010F013\U0010F014\U0010F015\U0010F016\U0010F017\U0010F018\U0010F019\U0010F01A\U0010F01B\U0010F01C\U0010F01D\U0010F01E\U0010F01F\U0010F020\U0010F021\U0010F022\U0010F023\U0010F024\U0010F025\U0010F026\U0010F027\U0010F028\U0010F029\U0010F02A\U0010F02B\U0010F02C\U0010F02D\U0010F02E\U0010F02F\U0010F030\U0010F031\U0010F032\U0010F033\U0010F034\U0010F035\U0010F036\U0010F037\U0010F038\U0010F039\U0010F03A\U0010F03B\U0010F03C\U0010F03D\U0010F03E\U0010F03F\U0010F040\U0010F041\U0010F042\U0010F043\U0010F044\U0010F045\U0010F046\U0010F047\U0010F048\U0010F049\U0010F04A\U0010F04B\U0010F04C\U0010F04D\U0010F04E\U0010F04F\U0010F050\U0010F051\U0010F052\U0010F053\U0010F054\U0010F055\U0010F056\U0010F057\U0010F058\U0010F059\U0010F05A\U0010F05B\U0010F05C\U0010F05D\U0010F05E\U0010F05F\U0010F060\U0010F061\U0010F062\U0010F063\U0010F064\U0010F065')), 
    '\U0010F000\U0010F001\U0010F002\U0010F003\U0010F004\U0010F005\U0010F006\U0010F007\U0010F008\U0010F009\U0010F00A\U0010F00B\U0010F00C\U0010F00D\U0010F00E\U0010F00F\U0010F010\U0010F011\U0010F012\U0010F013\U0010F014\U0010F015\U0010F016\U0010F017\U0010F018\U0010F019\U0010F01A\U0010F01B\U0010F01C\U0010F01D\U0010F01E\U0010F01F\U0010F020\U0010F021\U0010F022\U0010F023\U0010F024\U0010F025\U0010F026\U0010F027\U0010F028\U0010F029\U0010F02A\U0010F02B\U0010F02C\U0010F02D\U0010F02E\U0010F02F\U0010F030\U0010F031\U0010F032\U0010F033\U0010F034\U0010F035\U0010F036\U0010F037\U0010F038\U0010F039\U0010F03A\U0010F03B\U0010F03C\U0010F03D\U0010F03E\U0010F03F\U0010F040\U0010F041\U0010F042\U0010F043\U0010F044\U0010F045\U0010F046\U0010F047\U0010F048\U0010F049\U0010F04A\U0010F04B\U0010F04C\U0010F04D\U0010F04E\U0010F04F\U0010F050\U0010F051\U0010F052\U0010F053\U0010F054\U0010F055\U0010F056\U0010F057\U0010F058\U0010F059\U0010F05A\U0010F05B\U0010F05C\U0010F05D\U0010F05E\U0010F05F\U0010F060\U0010F061\U0010F062\U0010F063\U0010F064\U0010F065',
    'ßŉǰΐΰևẖẗẘẙẚὐὒὔὖᾈᾉᾊᾋᾌᾍᾎᾏᾈᾉᾊᾋᾌᾍᾎᾏᾘᾙᾚᾛᾜᾝᾞᾟᾘᾙᾚᾛᾜᾝᾞᾟᾨᾩᾪᾫᾬᾭᾮᾯᾨᾩᾪᾫᾬᾭᾮᾯᾲᾼᾴᾶᾷᾼῂῌῄῆῇῌῒΐῖῗῢΰῤῦῧῲῼῴῶῷῼﬀﬁﬂﬃﬄﬅﬆﬓﬔﬕﬖﬗ') END

CREATE OR REPLACE TEMPORARY FUNCTION pw_from(x STRING, s BIGINT) RETURNS STRING RETURN CASE WHEN s IS NOT NULL THEN substring(x, pw_count(greatest(s, 1L))) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_substring(x STRING, s BIGINT, n BIGINT) RETURNS STRING RETURN CASE WHEN s IS NOT NULL AND n >= 0
  THEN substring(x, pw_count(greatest(s, 1L)), pw_count(try_add(n, least(greatest(s, -9223372036854775807L) - 1L, 0L)))) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_left(x STRING, n BIGINT) RETURNS STRING RETURN
  substring(x, 1, CASE WHEN n >= 0 THEN pw_count(n) WHEN n < 0 THEN pw_count(try_add(length(x), n)) END)

CREATE OR REPLACE TEMPORARY FUNCTION pw_right(x STRING, n BIGINT) RETURNS STRING RETURN
  substring(x, CASE WHEN n >= 0 THEN greatest(length(x) - pw_count(n), 0) + 1 WHEN n < 0 THEN pw_count(try_subtract(1L, greatest(n, -2147483646L))) END)

CREATE OR REPLACE TEMPORARY FUNCTION pw_trim(x STRING) RETURNS STRING RETURN btrim(x, ' \t\n\u000C\r')

-- Null where a text grows to over a million characters.
CREATE OR REPLACE TEMPORARY FUNCTION pw_within(x STRING, y STRING) RETURNS STRING RETURN CASE WHEN length(y) <= greatest(1000000, length(x)) THEN y END

CREATE OR REPLACE TEMPORARY FUNCTION pw_replace(x STRING, f STRING, t STRING) RETURNS STRING RETURN CASE WHEN f = '' THEN CASE WHEN t IS NOT NULL THEN x END
  WHEN CAST(length(x) - length(replace(x, f, '')) AS BIGINT) div greatest(length(f), 1) * (length(t) - length(f)) <= greatest(1000000 - length(x), 0) THEN replace(x, f, t) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_split(x STRING, s STRING) RETURNS ARRAY<STRING> RETURN CASE WHEN s = '' THEN regexp_extract_all(x, '(?s).', 0)
  WHEN s IS NOT NULL THEN split(x, concat('\\Q', replace(s, '\\E', '\\E\\\\E\\Q'), '\\E')) END

-- An item, from 1; below zero from the end.
CREATE OR REPLACE TEMPORARY FUNCTION pw_place(size INT, n BIGINT) RETURNS INT RETURN
  CASE WHEN n BETWEEN 1 AND size THEN CAST(n - 1 AS INT) WHEN n BETWEEN -size AND -1 THEN CAST(size + n AS INT) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_piece(l ARRAY<STRING>, n BIGINT) RETURNS STRING RETURN get(l, pw_place(array_size(l), n))

CREATE OR REPLACE TEMPORARY FUNCTION pw_split_part(x STRING, s STRING, n BIGINT) RETURNS STRING RETURN pw_piece(pw_split(x, s), n)

CREATE OR REPLACE TEMPORARY FUNCTION pw_repeat(x STRING, n BIGINT) RETURNS STRING RETURN CASE WHEN n <= 0 OR x = '' AND n IS NOT NULL THEN left(x, 0)
  WHEN n IS NOT NULL AND length(x) * least(n, 1000001L) <= 1000000 THEN repeat(x, pw_count(n)) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_pad_start(x STRING, n BIGINT, f STRING) RETURNS STRING RETURN
  CASE WHEN f IS NULL OR n IS NULL OR n > 1000000 THEN NULL WHEN length(x) >= n OR f = '' THEN x ELSE lpad(x, pw_count(least(n, 1000000L)), f) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_pad_end(x STRING, n BIGINT, f STRING) RETURNS STRING RETURN
  CASE WHEN f IS NULL OR n IS NULL OR n > 1000000 THEN NULL WHEN length(x) >= n OR f = '' THEN x ELSE rpad(x, pw_count(least(n, 1000000L)), f) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_mask(x STRING, n BIGINT) RETURNS STRING RETURN CASE WHEN n >= length(x) THEN x
  ELSE concat(repeat('*', length(x) - pw_count(n)), right(x, pw_count(n))) END

-- The group of a pattern; null where nothing matches.
CREATE OR REPLACE TEMPORARY FUNCTION pw_extract(x STRING, p STRING, g INT) RETURNS STRING RETURN CASE WHEN regexp_like(x, p) THEN regexp_extract(x, p, g) END

-- Texts as values: whole texts only, no separators, no special numbers.
CREATE OR REPLACE TEMPORARY FUNCTION pw_int(x STRING) RETURNS BIGINT RETURN CASE WHEN regexp_like(pw_trim(x), '\\A[+-]?[0-9]+\\z') THEN try_cast(pw_trim(x) AS BIGINT) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_float(x STRING) RETURNS DOUBLE RETURN pw_finite(
  CASE WHEN regexp_like(pw_trim(x), '\\A[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\\z') THEN try_cast(pw_trim(x) AS DOUBLE) END)

CREATE OR REPLACE TEMPORARY FUNCTION pw_boolean(x STRING) RETURNS BOOLEAN RETURN CASE
  WHEN lower(pw_trim(x)) IN ('true', 't', 'yes', 'y', 'on', '1') THEN TRUE
  WHEN lower(pw_trim(x)) IN ('false', 'f', 'no', 'n', 'off', '0') THEN FALSE END

-- A time, if it lies in the years 1 to 9999.
CREATE OR REPLACE TEMPORARY FUNCTION pw_time(micros BIGINT) RETURNS TIMESTAMP RETURN
  CASE WHEN micros BETWEEN -62135596800000000L AND 253402300799999999L THEN timestamp_micros(micros) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_held(t TIMESTAMP) RETURNS TIMESTAMP RETURN
  CASE WHEN t BETWEEN timestamp_micros(-62135596800000000L) AND timestamp_micros(253402300799999999L) THEN t END

-- Moves a time by microseconds.
CREATE OR REPLACE TEMPORARY FUNCTION pw_shift(t TIMESTAMP, micros BIGINT) RETURNS TIMESTAMP RETURN pw_time(try_add(unix_micros(t), micros))

-- The start of a time's bucket; buckets of whole weeks begin on Mondays.
CREATE OR REPLACE TEMPORARY FUNCTION pw_bucket_from(w BIGINT, micros BIGINT, origin BIGINT) RETURNS TIMESTAMP RETURN
  pw_time(try_add(try_multiply(pw_floor_div(micros - origin, w), w), origin))

CREATE OR REPLACE TEMPORARY FUNCTION pw_bucket(w BIGINT, t TIMESTAMP) RETURNS TIMESTAMP RETURN
  pw_bucket_from(w, unix_micros(t), CASE WHEN try_mod(w, 604800000000L) = 0 THEN 345600000000L ELSE 0L END)

-- Times in ISO 8601 as logs write them, zone or none (UTC). Parts of times are texts; what has no digits is 0.
CREATE OR REPLACE TEMPORARY FUNCTION pw_part(x STRING) RETURNS BIGINT RETURN coalesce(try_cast(x AS BIGINT), 0L)

CREATE OR REPLACE TEMPORARY FUNCTION pw_fraction(x STRING) RETURNS BIGINT RETURN pw_part(rpad(left(x, 6), 6, '0'))

-- Days since 1970 of a day in the calendar, as microseconds. A year begins in March, here.
CREATE OR REPLACE TEMPORARY FUNCTION pw_days(y BIGINT, m BIGINT, d BIGINT) RETURNS BIGINT RETURN
  (365 * y + y div 4 - y div 100 + y div 400 + (153 * m + 2) div 5 + d - 719469) * 86400000000L

CREATE OR REPLACE TEMPORARY FUNCTION pw_day(y BIGINT, m BIGINT, d BIGINT) RETURNS BIGINT RETURN
  CASE WHEN y BETWEEN 1 AND 9999 AND m BETWEEN 1 AND 12 AND d BETWEEN 1 AND CASE WHEN m IN (4, 6, 9, 11) THEN 30 WHEN m <> 2 THEN 31
      WHEN try_mod(y, 4L) = 0 AND (try_mod(y, 100L) <> 0 OR try_mod(y, 400L) = 0) THEN 29 ELSE 28 END
    THEN pw_days(least(greatest(y, 1L), 9999L) - CASE WHEN m <= 2 THEN 1 ELSE 0 END, try_mod(least(greatest(m, 1L), 12L) + 9L, 12L), least(greatest(d, 1L), 31L)) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_clock(h BIGINT, m BIGINT, s BIGINT) RETURNS BIGINT RETURN CASE WHEN h BETWEEN 0 AND 23 AND m BETWEEN 0 AND 59 AND s BETWEEN 0 AND 60
  THEN (h * 3600 + m * 60 + s) * 1000000L END

CREATE OR REPLACE TEMPORARY FUNCTION pw_day_of_year(y BIGINT, d BIGINT) RETURNS BIGINT RETURN CASE WHEN d BETWEEN 1 AND 365 OR d = 366 AND pw_day(y, 2, 29) IS NOT NULL
  THEN pw_day(y, 1, 1) + (d - 1) * 86400000000L END

-- Microseconds east of UTC.
CREATE OR REPLACE TEMPORARY FUNCTION pw_zone(z STRING) RETURNS BIGINT RETURN CASE
  WHEN left(z, 1) IN ('+', '-') THEN CASE WHEN pw_part(substring(z, 2, 2)) <= 18 AND pw_part(right(z, 2)) < CASE WHEN length(z) > 3 THEN 60 ELSE 99 END
    THEN (pw_part(substring(z, 2, 2)) * 3600 + CASE WHEN length(z) > 3 THEN pw_part(right(z, 2)) * 60 ELSE 0 END) * CASE WHEN left(z, 1) = '-' THEN -1000000L ELSE 1000000L END END
  WHEN z IN ('', 'Z', 'z', 'UTC', 'GMT', 'WET', 'UT') THEN 0
  ELSE 3600000000L * CASE WHEN z IN ('WEST', 'CET', 'MEZ') THEN 1 WHEN z IN ('CEST', 'MESZ', 'EET', 'SAST') THEN 2 WHEN z IN ('EEST', 'MSK') THEN 3
    WHEN z IN ('SGT', 'HKT') THEN 8 WHEN z IN ('JST', 'KST') THEN 9 WHEN z = 'AEST' THEN 10 WHEN z = 'AEDT' THEN 11 WHEN z = 'EDT' THEN -4
    WHEN z IN ('EST', 'CDT') THEN -5 WHEN z IN ('CST', 'MDT') THEN -6 WHEN z IN ('MST', 'PDT') THEN -7 WHEN z = 'PST' THEN -8 END END

-- Year, month, day, hour, minute, second, fraction, zone, and the year again where day and clock have no signs between.
CREATE OR REPLACE TEMPORARY FUNCTION pw_time_parts(x STRING, p STRING) RETURNS ARRAY<STRING> RETURN
  CASE WHEN regexp_like(x, p) THEN split(regexp_replace(x, p, '$1$4$7|$2$5$8|$3$6$9|$10$13|$11$14|$12$15|$16|$17$18|$7'), '[|]') END

CREATE OR REPLACE TEMPORARY FUNCTION pw_time_of(t ARRAY<STRING>) RETURNS TIMESTAMP RETURN CASE WHEN get(t, 8) = '' OR get(t, 3) <> '' THEN
  pw_time(pw_day(pw_part(get(t, 0)), pw_part(get(t, 1)), pw_part(get(t, 2))) + pw_clock(pw_part(get(t, 3)), pw_part(get(t, 4)), pw_part(get(t, 5)))
    + pw_fraction(get(t, 6)) - pw_zone(get(t, 7))) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_timestamp(x STRING) RETURNS TIMESTAMP RETURN pw_time_of(pw_time_parts(pw_trim(x),
  '\\A(?:(\\d{4})-(\\d{2})-(\\d{2})|(\\d{4})/(\\d{2})/(\\d{2})|(\\d{4})(\\d{2})(\\d{2}))(?:[Tt ](?:(\\d{2}):(\\d{2})(?::(\\d{2}))?|(\\d{2})(\\d{2})(\\d{2}))(?:[.,](\\d+))?(?: ?([Zz]|[A-Z]{2,4}|[+-]\\d{2}:?\\d{2})|([+-]\\d{2}))?)?\\z'))

CREATE OR REPLACE TEMPORARY FUNCTION pw_date(x STRING) RETURNS DATE RETURN CAST(pw_timestamp(x) AS DATE)

-- Values as texts.
CREATE OR REPLACE TEMPORARY FUNCTION pw_timestamp_text(t TIMESTAMP) RETURNS STRING RETURN concat(date_format(t, "yyyy-MM-dd'T'HH:mm:ss"),
  CASE WHEN unix_micros(t) % 1000000 = 0 THEN '' WHEN unix_micros(t) % 1000 = 0 THEN concat('.', lpad(CAST(pmod(unix_micros(t), 1000000L) div 1000 AS STRING), 3, '0'))
  ELSE concat('.', lpad(CAST(pmod(unix_micros(t), 1000000L) AS STRING), 6, '0')) END, 'Z')

CREATE OR REPLACE TEMPORARY FUNCTION pw_seconds_text(u BIGINT) RETURNS STRING RETURN CASE WHEN u % 1000000 = 0 THEN CAST(u div 1000000 AS STRING)
  ELSE concat(CAST(u div 1000000 AS STRING), '.', rtrim('0', lpad(CAST(u % 1000000 AS STRING), 6, '0'))) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_size_text(d BIGINT) RETURNS STRING RETURN concat(
  CASE WHEN d >= 86400000000 THEN concat(CAST(d div 86400000000 AS STRING), 'D') ELSE '' END,
  CASE WHEN d % 86400000000 > 0 OR d < 86400000000 THEN 'T' ELSE '' END,
  CASE WHEN d % 86400000000 >= 3600000000 THEN concat(CAST(d % 86400000000 div 3600000000 AS STRING), 'H') ELSE '' END,
  CASE WHEN d % 3600000000 >= 60000000 THEN concat(CAST(d % 3600000000 div 60000000 AS STRING), 'M') ELSE '' END,
  CASE WHEN d % 60000000 > 0 OR d = 0 THEN concat(pw_seconds_text(d % 60000000), 'S') ELSE '' END)

-- The least span of all has no size in its own type.
CREATE OR REPLACE TEMPORARY FUNCTION pw_duration_text(d BIGINT) RETURNS STRING RETURN CASE WHEN d < -9223372036854775807L THEN '-P106751991DT4H54.775808S'
  WHEN d < 0 THEN concat('-P', pw_size_text(abs(greatest(d, -9223372036854775807L)))) WHEN d >= 0 THEN concat('P', pw_size_text(greatest(d, 0L))) END

-- A float with as many digits as tell it from all others.
CREATE OR REPLACE TEMPORARY FUNCTION pw_digits(x DOUBLE) RETURNS STRING RETURN CASE
  WHEN try_cast(format_string('%.14e', x) AS DOUBLE) = x THEN format_string('%.14e', x)
  WHEN try_cast(format_string('%.15e', x) AS DOUBLE) = x THEN format_string('%.15e', x) WHEN x IS NOT NULL THEN format_string('%.16e', x) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_laid_out(d STRING, e INT) RETURNS STRING RETURN CASE
  WHEN e BETWEEN 0 AND 15 THEN concat(rpad(left(d, e + 1), e + 1, '0'), '.', CASE WHEN length(d) > e + 1 THEN substring(d, e + 2) ELSE '0' END)
  WHEN e BETWEEN -4 AND -1 THEN concat('0.', repeat('0', -e - 1), d)
  ELSE concat(left(d, 1), CASE WHEN length(d) > 1 THEN concat('.', substring(d, 2)) ELSE '' END, 'e', CAST(e AS STRING)) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_float_parts(x DOUBLE, s STRING) RETURNS STRING RETURN CASE WHEN x = 0 THEN '0.0'
  ELSE concat(CASE WHEN x < 0 THEN '-' ELSE '' END, pw_laid_out(rtrim('0', replace(split_part(s, 'e', 1), '.', '')), try_cast(split_part(s, 'e', 2) AS INT))) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_float_text(x DOUBLE) RETURNS STRING RETURN pw_float_parts(x, pw_digits(abs(x)))

-- Parts of URLs: without query and fragment; what stands between `//` and the path, without a user.
CREATE OR REPLACE TEMPORARY FUNCTION pw_url_text(x STRING) RETURNS STRING RETURN btrim(x, ' \t\n\u000B\u000C\r')

CREATE OR REPLACE TEMPORARY FUNCTION pw_url_bare(x STRING) RETURNS STRING RETURN regexp_extract(pw_url_text(x), '\\A[^#?]*', 0)

CREATE OR REPLACE TEMPORARY FUNCTION pw_url_authority(x STRING) RETURNS STRING RETURN pw_extract(pw_url_bare(x), '\\A(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/]*)', 1)

CREATE OR REPLACE TEMPORARY FUNCTION pw_url_address(x STRING) RETURNS STRING RETURN regexp_replace(pw_url_authority(x), '(?s)\\A.*@', '')

CREATE OR REPLACE TEMPORARY FUNCTION pw_host_of(x STRING) RETURNS STRING RETURN translate(nullif(CASE WHEN startswith(x, '[')
  THEN regexp_extract(x, '\\A\\[([^\\]]*)', 1) ELSE regexp_extract(x, '\\A[^:]*', 0) END, ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')

CREATE OR REPLACE TEMPORARY FUNCTION pw_url_host(x STRING) RETURNS STRING RETURN pw_host_of(pw_url_address(x))

CREATE OR REPLACE TEMPORARY FUNCTION pw_port(x STRING) RETURNS BIGINT RETURN
  CASE WHEN regexp_like(x, '\\A[+]?0*[0-9]{1,5}\\z') AND try_cast(x AS BIGINT) < 65536 THEN try_cast(x AS BIGINT) END

CREATE OR REPLACE TEMPORARY FUNCTION pw_url_port(x STRING) RETURNS BIGINT RETURN
  pw_port(regexp_extract(pw_url_address(x), '\\A(?:\\[[^\\]]*\\]|[^\\[:][^:]*|):((?s).*)\\z', 1))

CREATE OR REPLACE TEMPORARY FUNCTION pw_url_scheme(x STRING) RETURNS STRING RETURN lower(pw_extract(pw_url_bare(x), '\\A([A-Za-z][A-Za-z0-9+.-]*)://', 1))

CREATE OR REPLACE TEMPORARY FUNCTION pw_url_path(x STRING) RETURNS STRING RETURN
  regexp_extract(pw_url_bare(x), '\\A(?:(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*)?((?s).*)\\z', 1)

CREATE OR REPLACE TEMPORARY FUNCTION pw_url_query(x STRING) RETURNS STRING RETURN pw_extract(pw_url_text(x), '\\A[^?#]*\\?([^#]*)', 1)

CREATE OR REPLACE TEMPORARY FUNCTION pw_url_fragment(x STRING) RETURNS STRING RETURN pw_extract(pw_url_text(x), '\\A[^#]*#((?s).*)\\z', 1)
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_stands_below_those_that_it_calls() {
        let mut known = BTreeSet::new();
        for text in FUNCTIONS.split("\n\n").map(str::trim) {
            let name = name_of(text).unwrap_or_else(|| panic!("{text}"));
            let missing: Vec<&str> = calls(text).filter(|call| *call != name && !known.contains(call)).collect();
            assert!(missing.is_empty(), "{name} calls {missing:?}");
            assert!(known.insert(name), "{name} stands twice");
        }
    }

    #[test]
    fn texts_hold_no_escape_that_spark_does_not_know() {
        // Behind another backslash it is one of patterns.
        let alone = FUNCTIONS.replace(r"\\", "");
        assert!(!alone.contains(r"\f") && !alone.contains(r"\v"));
    }

    #[test]
    fn only_what_is_called_is_made() {
        let names: Vec<&str> = needed("SELECT pw_divide(1, 2)").into_iter().filter_map(name_of).collect();
        assert_eq!(names, ["pw_finite", "pw_divide"]);
    }
}
