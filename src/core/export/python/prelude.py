def pw_apply(function, dtype, arguments):
    """A function of columns of one length as an expression; what is the same in every row is computed once."""

    def run(columns):
        height = 0 if any(len(column) == 0 for column in columns) else max(len(column) for column in columns)
        columns = [column if len(column) == height else column.new_from_index(0, height) for column in columns]
        return function(*columns)

    if not any(argument.meta.root_names() for argument in arguments):
        try:
            return pl.lit(run([pl.select(argument).to_series() for argument in arguments])).first()
        except pl.exceptions.InvalidOperationError:
            pass  # an item of a list
    return pl.map_batches(arguments, run, return_dtype=dtype, is_elementwise=True)


def pw_once(dtype):
    """An expression over its arguments, each of which is computed once, however often it stands there."""

    def made(build):
        def helper(*arguments, **more):
            def run(*columns):
                names = [f"a{place}" for place in range(len(columns))]
                frame = pl.DataFrame([column.alias(name) for column, name in zip(columns, names)])
                return frame.select(build(*map(pl.col, names), **more).cast(dtype).alias("a")).to_series()

            return pw_apply(run, dtype, arguments)

        return helper

    return made


def pw_rows(dtype):
    """A Python function of one row's values, none of which is null; times and spans are microseconds."""

    def made(function):
        def helper(*arguments, **more):
            remembered = functools.lru_cache(maxsize=4096)(lambda *row: function(*row, **more))

            def run(*columns):
                wanted = more.get("dtype", dtype)
                plain = [pw_plain(column).to_list() for column in columns]
                is_nested = any(column.dtype.is_nested() for column in columns)
                compute = (lambda *row: function(*row, **more)) if is_nested else remembered
                rows = [None if None in row else compute(*row) for row in zip(*plain)]
                if wanted in (pl.Datetime("us"), pl.Duration("us")):
                    return pl.Series("a", rows, pl.Int64).cast(wanted)
                return pl.Series("a", rows, wanted, strict=False)

            return pw_apply(run, more.get("dtype", dtype), arguments)

        return helper

    return made


def pw_plain(column):
    return column.cast(pl.Int64) if column.dtype.base_type() in (pl.Datetime, pl.Duration) else column


# --- Numbers: what is NaN, infinite or out of range is null, and zero has no sign.


@pw_once(pl.Float64)
def pw_finite(x):
    return pl.when(x.cast(pl.Float64).is_finite()).then(x + 0.0)


def pw_wide(x):
    return x.cast(pl.Int64).cast(pl.Int128)


def pw_narrow(x, dtype=pl.Int64):
    return x.cast(pl.Int64, strict=False).cast(dtype)


def pw_add(a, b, dtype=pl.Int64):
    return pw_narrow(pw_wide(a) + pw_wide(b), dtype)


def pw_subtract(a, b, dtype=pl.Int64):
    return pw_narrow(pw_wide(a) - pw_wide(b), dtype)


def pw_multiply(a, b, dtype=pl.Int64):
    return pw_narrow(pw_wide(a) * pw_wide(b), dtype)


def pw_opposite(wide):
    return pl.lit(0, pl.Int128) - wide


def pw_negate(a, dtype=pl.Int64):
    return pw_narrow(pw_opposite(pw_wide(a)), dtype)


def pw_divide(a, b):
    """Row by row: by one number Polars would multiply with its inverse, which is another one in its last digit."""
    return pw_finite(pw_apply(lambda a, b: a.cast(pl.Float64) / b.cast(pl.Float64), pl.Float64, [a, b]))


def pw_whole(a, b, dtype=pl.Int64):
    """The quotient of two integers, towards zero."""

    @pw_once(dtype)
    def quotient(a, b):
        size = pw_wide(a).abs() // pw_wide(b).abs()
        return pw_narrow(pl.when((pw_wide(a) < 0) == (pw_wide(b) < 0)).then(size).otherwise(pw_opposite(size)), dtype)

    return quotient(a, b)


def pw_rest(a, b, dtype=pl.Int64):
    """What is left of a division of two integers, with the sign of the first."""

    @pw_once(dtype)
    def rest(a, b):
        size = pw_wide(a).abs() % pw_wide(b).abs()
        return pw_narrow(pl.when(pw_wide(a) < 0).then(pw_opposite(size)).otherwise(size), dtype)

    return rest(a, b)


@pw_rows(pl.Float64)
def pw_float_rest(a, b):
    return math.fmod(a, b) + 0.0 if b != 0 else None


def pw_rounded(x, dtype=pl.Int64):
    """The nearest integer, halves away from zero."""
    return pw_finite(x).round(mode="half_away_from_zero").cast(pl.Int64, strict=False).cast(dtype)


def pw_micros_of(span):
    return span.cast(pl.Int64).cast(pl.Float64)


def pw_abs(x, dtype=pl.Int64):
    return pw_narrow(pw_wide(x).abs(), dtype)


@pw_rows(pl.Float64)
def pw_round(x, digits):
    scale = 10.0 ** min(abs(digits), 30)
    scaled = x * scale if digits >= 0 else x / scale
    if not math.isfinite(scaled):
        return x
    whole = math.floor(abs(scaled))
    whole = math.copysign(whole + (abs(scaled) - whole >= 0.5), scaled)
    found = whole / scale if digits >= 0 else whole * scale
    return found + 0.0 if math.isfinite(found) else None


@pw_rows(pl.Int64)
def pw_round_int(x, digits):
    if digits >= 0:
        return x
    step = 10 ** min(-digits, 30)
    found = (abs(x) + step // 2) // step * step
    found = -found if x < 0 else found
    return found if -(2**63) <= found < 2**63 else None


@pw_rows(pl.Float64)
def pw_log10(x):
    """Polars divides logarithms, so that those of powers are not whole."""
    return math.log10(x) if x > 0 else None


@pw_rows(pl.Float64)
def pw_log2(x):
    return math.log2(x) if x > 0 else None


@pw_once(pl.Float64)
def pw_trunc(x):
    return pl.when(x < 0).then(x.ceil()).otherwise(x.floor()) + 0.0


@pw_once(pl.Float64)
def pw_bin(x, width):
    width = width.cast(pl.Float64)
    return pl.when(width > 0).then(pw_finite((x.cast(pl.Float64) / width).floor() * width))


@pw_rows(pl.Int64)
def pw_order(a, b):
    """Whether a number comes before another one (-1), is the same (0) or comes after it: an integer is not rounded."""
    return (a > b) - (a < b)


def pw_differ(a, b):
    return pw_order(a, b).ne_missing(0) & ~(a.is_null() & b.is_null())


@pw_rows(pl.Float64)
def pw_exact_float(x):
    """The float that is the same number as an integer; null where there is none."""
    return float(x) if int(float(x)) == x else None


def pw_clamp(x, low, high, is_empty, dtype):
    """At least `low` and at most `high`; null where there is no number between them."""

    @pw_once(dtype)
    def clamped(x, low, high, is_empty):
        found = pl.max_horizontal(pl.min_horizontal(x, high), low)
        return pl.when(~is_empty & x.is_not_null()).then(found)

    return clamped(x.cast(dtype), low.cast(dtype), high.cast(dtype), is_empty)


# --- Times: years 1 to 9999.


@pw_once(pl.Datetime("us"))
def pw_time(micros):
    """The time so many microseconds after 1970, if it is one that is held."""
    micros = micros.cast(pl.Int128)
    held = pl.when(micros.is_between(-62135596800000000, 253402300799999999)).then(micros)
    return held.cast(pl.Int64).cast(pl.Datetime("us"))


def pw_shift(time, span):
    return pw_time(pw_wide(time.cast(pl.Datetime("us"))) + pw_wide(span))


def pw_shift_back(time, span):
    return pw_time(pw_wide(time.cast(pl.Datetime("us"))) - pw_wide(span))


def pw_truncate(unit, time):
    return pw_time(time.cast(pl.Datetime("us")).dt.truncate(unit).cast(pl.Int64))


@pw_once(pl.Datetime("us"))
def pw_bucket(width, time):
    """Buckets of whole weeks begin on Mondays."""
    width, time = pw_wide(width), pw_wide(time.cast(pl.Datetime("us")))
    origin = pl.when(width % 604800000000 == 0).then(345600000000).otherwise(0).cast(pl.Int128)
    return pw_time(pl.when(width > 0).then((time - origin) // width * width + origin))


@pw_rows(pl.Datetime("us"))
def pw_from_epoch(number, micros):
    """`micros`: of one of these units; of nanoseconds a negative one, which divides."""
    if isinstance(number, int):
        found = number * micros if micros > 0 else number // -micros
    else:
        found = number * float(micros) if micros > 0 else number / -micros
        found = pw_halves_away(found) if math.isfinite(found) else None
    return pw_held(found)


def pw_halves_away(number):
    whole = math.floor(abs(number))
    whole += abs(number) - whole >= 0.5
    return -whole if number < 0 else whole


def pw_held(micros):
    return micros if micros is not None and -62135596800000000 <= micros <= 253402300799999999 else None


def pw_days(year, month, day):
    """Days since 1970."""
    try:
        return datetime.date(year, month, day).toordinal() - 719163
    except (ValueError, OverflowError):
        return None


@pw_rows(pl.Datetime("us"))
def pw_make_timestamp(year, month, day, hour=0, minute=0, second=0):
    days = pw_days(year, month, day)
    if days is None or not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return None
    return (days * 86400 + hour * 3600 + minute * 60 + second) * 1000000


def pw_offset(micros, zone):
    """Microseconds by which a zone's clocks are ahead of UTC at that time."""
    time = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=micros)
    try:
        return time.astimezone(zoneinfo.ZoneInfo(zone)).utcoffset() // datetime.timedelta(microseconds=1)
    except OverflowError:
        return None


@pw_rows(pl.Datetime("us"))
def pw_at_timezone(micros, zone):
    offset = pw_offset(micros, zone)
    return None if offset is None else pw_held(micros + offset)


def pw_zoned(micros, zone):
    """The time at which a clock of the zone showed this: the earlier one where it did twice, None where never."""
    zone = zoneinfo.ZoneInfo(zone)
    shown = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
    try:
        time = shown.replace(tzinfo=zone).astimezone(datetime.timezone.utc)
        is_shown = time.astimezone(zone).replace(tzinfo=None) == shown
    except OverflowError:
        return None
    since = time.replace(tzinfo=None) - datetime.datetime(1970, 1, 1)
    return pw_held(since // datetime.timedelta(microseconds=1)) if is_shown else None


@pw_rows(pl.Datetime("us"))
def pw_from_timezone(micros, zone):
    return pw_zoned(micros, zone)


PW_MONTHS = "January February March April May June July August September October November December".split()


PW_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


@pw_rows(pl.String)
def pw_format_time(micros, format):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
    month, weekday = PW_MONTHS[time.month - 1], PW_WEEKDAYS[time.weekday()]
    parts = {
        "Y": f"{time.year:04}", "y": f"{time.year % 100:02}", "m": f"{time.month:02}", "b": month[:3], "B": month,
        "d": f"{time.day:02}", "e": f"{time.day:2}", "j": f"{time.timetuple().tm_yday:03}", "a": weekday[:3], "A": weekday,
        "H": f"{time.hour:02}", "I": f"{(time.hour + 11) % 12 + 1:02}", "p": "AM" if time.hour < 12 else "PM",
        "M": f"{time.minute:02}", "S": f"{time.second:02}", "f": f"{time.microsecond:06}",
        "L": f"{time.microsecond // 1000:03}", "z": "+0000", "Z": "UTC", "s": str(micros // 1000000), "%": "%",
    }  # fmt: skip
    return re.sub("%(.)", lambda found: parts[found.group(1)], format, flags=re.DOTALL)


PW_ZONES = {
    "": 0, "Z": 0, "z": 0, "UTC": 0, "GMT": 0, "WET": 0, "UT": 0, "WEST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2,
    "EET": 2, "SAST": 2, "EEST": 3, "MSK": 3, "SGT": 8, "HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "EDT": -4,
    "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8,
}  # fmt: skip


def pw_zone(text):
    """Microseconds east of UTC."""
    if text[:1] not in ("+", "-"):
        return PW_ZONES[text] * 3600000000 if text in PW_ZONES else None
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 18 or minutes > 59:
        return None
    return (hours * 3600 + minutes * 60) * (-1000000 if text[0] == "-" else 1000000)


# What the language takes for a time: a day, a clock, a zone, as logs write them.
PW_TIME = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})-([0-9]{2})|/([0-9]{2})/([0-9]{2})|([0-9]{2})([0-9]{2}))"
    r"(?:[Tt ](?:([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?|([0-9]{2})([0-9]{2})([0-9]{2}))(?:[.,]([0-9]+))?"
    r"( ?(?:[Zz]|[A-Z]{2,4}|[+-][0-9]{2}:?[0-9]{2})|[+-][0-9]{2})?)?"
)


def pw_micros(text):
    """Microseconds since 1970; None: the text is no time."""
    found = PW_TIME.fullmatch(text.strip(" \t\n\f\r"))
    if not found:
        return None
    parts = found.groups()
    days = pw_days(int(parts[0]), int(parts[1] or parts[3] or parts[5]), int(parts[2] or parts[4] or parts[6]))
    hour, minute, second = parts[7] or parts[10], parts[8] or parts[11], int(parts[9] or parts[12] or 0)
    zone = pw_zone((parts[14] or "").strip(" "))
    # Digits alone are a number, not a day.
    if days is None or zone is None or (hour is None and parts[5]):
        return None
    if hour is None:
        return days * 86400000000
    if int(hour) > 23 or int(minute) > 59 or second > 60:
        return None
    clock = (int(hour) * 3600 + int(minute) * 60 + second) * 1000000 + int(((parts[13] or "") + "000000")[:6])
    return pw_held(days * 86400000000 + clock - zone)


@pw_rows(pl.Datetime("us"))
def pw_timestamp(text):
    return pw_micros(text)


@pw_rows(pl.Int32)
def pw_day_number(text):
    micros = pw_micros(text)
    return None if micros is None else micros // 86400000000


def pw_date(text):
    return pw_day_number(text).cast(pl.Date)


# What each part of a format takes of a text.
PW_PARTS = {
    "Y": "[0-9]{4}", "y": "[0-9]{2}", "j": "[0-9]{3}", "e": " ?(?:[0-9][0-9]|[0-9])", "p": "[AaPp][Mm]", "f": "[0-9]+",
    "L": "[0-9]+", "z": "[Zz]|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2}", "Z": "UTC|GMT|Z", "s": "-?[0-9]+",
}  # fmt: skip


def pw_pattern(format):
    """A pattern for texts of a format, and the letters of its groups."""
    pattern, letters = "", re.findall("%(.)|(.)", format, re.DOTALL)
    names = {"b": PW_MONTHS, "B": PW_MONTHS, "a": PW_WEEKDAYS, "A": PW_WEEKDAYS}
    found = []
    for place, (letter, plain) in enumerate(letters):
        if not letter or letter == "%":
            pattern += re.escape(plain or "%")
            continue
        own = PW_PARTS.get(letter)
        if letter in names:
            own = "(?i:" + "|".join([*names[letter], *(name[:3] for name in names[letter])]) + ")"
        if own is None:
            # Two digits are taken where there are two: what follows at once finds none of them.
            after, sign = letters[place + 1] if place + 1 < len(letters) else ("", "")
            is_before_digits = sign.isdigit() or (after and after not in "epzZsabAB%") and after != ""
            own = "[0-9][0-9]" if is_before_digits else "[0-9][0-9]|[0-9]"
        pattern += f"({own})"
        found.append(letter)
    return re.compile(pattern, re.ASCII), found


@pw_rows(pl.Datetime("us"))
def pw_to_timestamp(text, format, zone=None):
    pattern, letters = functools.lru_cache(pw_pattern)(format)
    found = pattern.fullmatch(text)
    if not found:
        return None
    # Of a part that comes twice the last one counts.
    parts = dict(zip(letters, found.groups()))
    last = [letter for letter in letters if letter in "fL"][-1:]
    fraction = int((parts[last[0]] + "000000")[:6]) if last else 0
    if "s" in parts:
        seconds = int(parts["s"])
        return pw_held(seconds * 1000000 + fraction) if -(2**63) <= seconds < 2**63 else None
    years = [letter for letter in letters if letter in "Yy"][-1:]
    months = [letter for letter in letters if letter in "mbB"][-1:]
    days = [letter for letter in letters if letter in "de"][-1:]
    if not years:
        return None
    year = int(parts[years[0]])
    year += 0 if years[0] == "Y" else 1900 if year >= 69 else 2000
    if months and days:
        month = parts[months[0]]
        month = int(month) if months[0] == "m" else [name[:3].lower() for name in PW_MONTHS].index(month[:3].lower()) + 1
        day = pw_days(year, month, int(parts[days[0]]))
    elif "j" in parts:
        day = pw_days(year, 1, 1)
        day = day + int(parts["j"]) - 1 if day is not None and 1 <= int(parts["j"]) <= 365 + calendar.isleap(year) else None
    else:
        day = None
    hour = int(parts.get("H", 0))
    if "I" in parts:
        is_hour = 1 <= int(parts["I"]) <= 12 and "p" in parts
        hour = int(parts["I"]) % 12 + (12 if parts["p"].lower() == "pm" else 0) if is_hour else 24
    minute, second = int(parts.get("M", 0)), int(parts.get("S", 0))
    offsets = [letter for letter in letters if letter in "zZ"][-1:]
    offset = pw_zone(parts[offsets[0]]) if offsets else 0
    if day is None or offset is None or hour > 23 or minute > 59 or second > 60:
        return None
    micros = pw_held((day * 86400 + hour * 3600 + minute * 60 + second) * 1000000 + fraction)
    if micros is not None and zone is not None and not offsets:
        return pw_zoned(micros, zone)
    return None if micros is None else pw_held(micros - offset)
