//! Macros that give DuckDB Pipewright's semantics: null where an operation has no answer.

/// Stands at the top of every script.
pub const PRELUDE: &str = r"-- Made by Pipewright. Needs DuckDB 1.3 or later (TRY).
SET TimeZone = 'UTC';
SET preserve_insertion_order = true;

-- A float that is NaN or infinite is null.
CREATE OR REPLACE TEMP MACRO pw_finite(x) AS CASE WHEN isfinite(x) THEN x END;
CREATE OR REPLACE TEMP MACRO pw_divide(a, b) AS CASE WHEN b <> 0 THEN pw_finite(CAST(a AS DOUBLE) / CAST(b AS DOUBLE)) END;
CREATE OR REPLACE TEMP MACRO pw_modulo(a, b) AS CASE WHEN b <> 0 THEN pw_finite(fmod(CAST(a AS DOUBLE), CAST(b AS DOUBLE))) END;
CREATE OR REPLACE TEMP MACRO pw_round(x, n) AS CASE
  WHEN NOT isfinite(x * pow(10e0, n)) THEN x
  WHEN n >= 0 THEN round(x * pow(10e0, n)) / pow(10e0, n)
  ELSE round(x / pow(10e0, -n)) * pow(10e0, -n) END;
CREATE OR REPLACE TEMP MACRO pw_round_int(x, n) AS CASE WHEN n >= 0 THEN x ELSE TRY_CAST((abs(CAST(x AS HUGEINT)) + CAST(pow(10, -n) AS HUGEINT) // 2) // CAST(pow(10, -n) AS HUGEINT) * CAST(pow(10, -n) AS HUGEINT) * sign(x) AS BIGINT) END;
-- Moves a time by microseconds.
CREATE OR REPLACE TEMP MACRO pw_shift(t, micros) AS TRY(make_timestamp(epoch_us(CAST(t AS TIMESTAMP)) + micros));
-- The start of a time's bucket; buckets of whole weeks begin on Mondays.
CREATE OR REPLACE TEMP MACRO pw_floor_div(a, b) AS (a // b) - CASE WHEN a % b < 0 THEN 1 ELSE 0 END;
CREATE OR REPLACE TEMP MACRO pw_bucket(w, t) AS CASE WHEN w > 0 THEN TRY(make_timestamp(
  CASE WHEN w % 604800000000 = 0 THEN pw_floor_div(epoch_us(t) - 345600000000, w) * w + 345600000000
  ELSE pw_floor_div(epoch_us(t), w) * w END)) END;
CREATE OR REPLACE TEMP MACRO pw_json(x) AS CASE WHEN json_valid(x) THEN x END;
-- Texts as values: whole texts only, no separators, no special numbers.
CREATE OR REPLACE TEMP MACRO pw_trim(x) AS trim(x, E' \t\n\f\r');
CREATE OR REPLACE TEMP MACRO pw_int(x) AS CASE WHEN regexp_full_match(pw_trim(x), '[+-]?[0-9]+') THEN TRY_CAST(pw_trim(x) AS BIGINT) END;
CREATE OR REPLACE TEMP MACRO pw_float(x) AS CASE WHEN regexp_full_match(pw_trim(x), '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?') THEN pw_finite(TRY_CAST(pw_trim(x) AS DOUBLE)) END;
CREATE OR REPLACE TEMP MACRO pw_boolean(x) AS CASE
  WHEN lower(pw_trim(x)) IN ('true', 't', 'yes', 'y', 'on', '1') THEN TRUE
  WHEN lower(pw_trim(x)) IN ('false', 'f', 'no', 'n', 'off', '0') THEN FALSE END;
-- Times in ISO 8601, zone or none (UTC).
CREATE OR REPLACE TEMP MACRO pw_timestamp(x) AS CASE
  WHEN regexp_full_match(pw_trim(x), '\d{4}-\d{2}-\d{2}') THEN TRY_CAST(pw_trim(x) AS TIMESTAMP)
  WHEN regexp_full_match(pw_trim(x), '\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?')
    THEN TRY_CAST(replace(pw_trim(x), ',', '.') AS TIMESTAMP)
  WHEN regexp_full_match(pw_trim(x), '\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)? ?([Zz]|[+-]\d{2}:?\d{2})')
    THEN TRY_CAST(TRY_CAST(regexp_replace(replace(pw_trim(x), ',', '.'), '([+-]\d{2})(\d{2})$', '\1:\2') AS TIMESTAMPTZ) AS TIMESTAMP) END;
CREATE OR REPLACE TEMP MACRO pw_date(x) AS CASE WHEN regexp_full_match(pw_trim(x), '\d{4}-\d{2}-\d{2}') THEN TRY_CAST(pw_trim(x) AS DATE) END;
-- Values as texts.
CREATE OR REPLACE TEMP MACRO pw_timestamp_text(t) AS CASE
  WHEN epoch_us(t) % 1000000 = 0 THEN strftime(t, '%Y-%m-%dT%H:%M:%SZ')
  WHEN epoch_us(t) % 1000 = 0 THEN strftime(t, '%Y-%m-%dT%H:%M:%S.%gZ')
  ELSE strftime(t, '%Y-%m-%dT%H:%M:%S.%fZ') END;
CREATE OR REPLACE TEMP MACRO pw_seconds_text(u) AS CASE
  WHEN u % 1000000 = 0 THEN CAST(u // 1000000 AS VARCHAR)
  ELSE CAST(u // 1000000 AS VARCHAR) || '.' || rtrim(lpad(CAST(u % 1000000 AS VARCHAR), 6, '0'), '0') END;
CREATE OR REPLACE TEMP MACRO pw_duration_text(d) AS
  CASE WHEN d < 0 THEN '-P' ELSE 'P' END
  || CASE WHEN abs(d) >= 86400000000 THEN CAST(abs(d) // 86400000000 AS VARCHAR) || 'D' ELSE '' END
  || CASE WHEN abs(d) % 86400000000 > 0 OR abs(d) < 86400000000 THEN 'T' ELSE '' END
  || CASE WHEN abs(d) % 86400000000 >= 3600000000 THEN CAST(abs(d) % 86400000000 // 3600000000 AS VARCHAR) || 'H' ELSE '' END
  || CASE WHEN abs(d) % 3600000000 >= 60000000 THEN CAST(abs(d) % 3600000000 // 60000000 AS VARCHAR) || 'M' ELSE '' END
  || CASE WHEN abs(d) % 60000000 > 0 OR d = 0 THEN pw_seconds_text(abs(d) % 60000000) || 'S' ELSE '' END;
CREATE OR REPLACE TEMP MACRO pw_float_text(x) AS regexp_replace(regexp_replace(CAST(x AS VARCHAR), 'e[+]', 'e'), 'e(-?)0+(\d)', 'e\1\2');
";
