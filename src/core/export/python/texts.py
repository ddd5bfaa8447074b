# --- Values as texts, and texts as values.


PW_BLANKS = " \t\n\f\r"


def pw_int(text):
    text = text.str.strip_chars(PW_BLANKS)
    digits = pw_matching(text, pattern=r"^[+-]?[0-9]+$").str.replace(r"^\+?(-?)0*([0-9])", "$1$2")
    return digits.cast(pl.Int64, strict=False)


@pw_once(pl.String)
def pw_matching(text, pattern=""):
    return pl.when(text.str.contains(pattern)).then(text)


def pw_float(text):
    text = text.str.strip_chars(PW_BLANKS)
    plain = pw_matching(text, pattern=r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$")
    return pw_finite(plain.str.strip_prefix("+").cast(pl.Float64, strict=False))


@pw_rows(pl.Boolean)
def pw_boolean(text):
    word = text.strip(PW_BLANKS).lower()
    if word in ("true", "t", "yes", "y", "on", "1"):
        return True
    return False if word in ("false", "f", "no", "n", "off", "0") else None


def pw_float_digits(number):
    """The shortest digits that are the number."""
    return re.sub(r"e\+?(-?)0*", r"e\1", repr(number))


@pw_rows(pl.String)
def pw_float_text(number):
    """Of two texts that are as near, the one farther from zero; Python takes the even one."""
    digits = repr(number)
    if len(digits) > 16:
        with decimal.localcontext(prec=2000):
            near = decimal.Decimal(digits)
            other = (2 * decimal.Decimal(number) - near).normalize()
        is_as_short = other.as_tuple().exponent >= near.as_tuple().exponent
        if is_as_short and abs(other) > abs(near) and float(other) == number:
            digits = format(other, "e" if "e" in digits else "f")
    return re.sub(r"e\+?(-?)0*", r"e\1", digits)


@pw_rows(pl.String)
def pw_timestamp_text(micros):
    return pw_time_digits(micros)


def pw_time_digits(micros):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
    spec = "seconds" if micros % 1000000 == 0 else "milliseconds" if micros % 1000 == 0 else "microseconds"
    return time.isoformat(timespec=spec) + "Z"


@pw_rows(pl.String)
def pw_duration_text(micros):
    days, rest = divmod(abs(micros), 86400000000)
    hours, rest = divmod(rest, 3600000000)
    minutes, rest = divmod(rest, 60000000)
    text = ("-P" if micros < 0 else "P") + (f"{days}D" if days else "")
    text += "T" if hours or minutes or rest or not days else ""
    text += (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    seconds = f"{rest // 1000000}.{rest % 1000000:06}".rstrip("0").rstrip(".")
    return text + (f"{seconds}S" if rest or not micros else "")


# --- Texts: lengths and positions count characters, from 1.


@pw_rows(pl.String)
def pw_lower(text):
    return text.lower() if text.isascii() else "".join(sign.lower()[0] for sign in text)


def pw_capital(sign):
    code = ord(sign)
    if 0x1F80 <= code <= 0x1F87 or 0x1F90 <= code <= 0x1F97 or 0x1FA0 <= code <= 0x1FA7:
        return chr(code + 8)
    if code in (0x1FB3, 0x1FC3, 0x1FF3):
        return chr(code + 9)
    return sign.upper() if len(sign.upper()) == 1 else sign


@pw_rows(pl.String)
def pw_upper(text):
    return text.upper() if text.isascii() else "".join(map(pw_capital, text))


@pw_rows(pl.String)
def pw_reverse(text):
    return text[::-1]


@pw_rows(pl.String)
def pw_substring(text, start, count=None):
    if count is not None and count < 0:
        return None
    return text[max(start, 1) - 1 : None if count is None else max(start - 1 + count, 0)]


@pw_rows(pl.String)
def pw_left(text, count):
    return text[:count]


@pw_rows(pl.String)
def pw_right(text, count):
    return text[-count:] if count else ""


@pw_rows(pl.String)
def pw_trim(text, signs=" \t\n\r\v\f"):
    return text.strip(signs)


@pw_rows(pl.String)
def pw_trim_start(text, signs=" \t\n\r\v\f"):
    return text.lstrip(signs)


@pw_rows(pl.String)
def pw_trim_end(text, signs=" \t\n\r\v\f"):
    return text.rstrip(signs)


@pw_rows(pl.String)
def pw_normalize_space(text):
    return " ".join(part for part in re.split("[ \t\n\f\r]+", text) if part)


@pw_rows(pl.String)
def pw_replace(text, old, new):
    """Null where the text grows to over a million characters."""
    if not old:
        return text
    grows = text.count(old) * (len(new) - len(old))
    return text.replace(old, new) if grows <= 0 or len(text) + grows <= 1000000 else None


def pw_replace_all(text, pattern, new):
    return pw_grown(text, pattern=pattern, new=new)


@pw_once(pl.String)
def pw_grown(text, pattern="", new=""):
    made = text.str.replace_all(pattern, new)
    return pl.when(made.str.len_chars() <= pl.max_horizontal(text.str.len_chars(), pl.lit(1000000, pl.UInt32))).then(made)


@pw_rows(pl.Int64)
def pw_position(text, part):
    return text.find(part) + 1


def pw_pieces(text, separator):
    return text.split(separator) if separator else list(text)


@pw_rows(pl.List(pl.String))
def pw_split(text, separator):
    return pw_pieces(text, separator)


@pw_rows(pl.String)
def pw_split_part(text, separator, index):
    return pw_item(pw_pieces(text, separator), index)


def pw_item(items, index):
    index = index - 1 if index > 0 else len(items) + index if index else -1
    return items[index] if 0 <= index < len(items) else None


@pw_rows(pl.String)
def pw_repeat(text, count):
    return text * max(count, 0) if len(text) * count <= 1000000 else None


def pw_filling(text, length, fill):
    missing = max(length - len(text), 0)
    return (fill * (missing // len(fill) + 1))[:missing] if fill else ""


@pw_rows(pl.String)
def pw_pad_start(text, length, fill=" "):
    return pw_filling(text, length, fill) + text if length <= 1000000 else None


@pw_rows(pl.String)
def pw_pad_end(text, length, fill=" "):
    return text + pw_filling(text, length, fill) if length <= 1000000 else None


@pw_rows(pl.Boolean)
def pw_like(text, pattern, insensitive=False):
    """`%`: any characters; `_`: one; there is no escape."""
    fold = (lambda part: "".join(sign.lower()[0] for sign in part)) if insensitive else str
    wanted = "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in fold(pattern))
    return re.fullmatch(wanted, fold(text), re.DOTALL) is not None


@pw_rows(pl.String)
def pw_hash(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pw_rows(pl.String)
def pw_mask(text, keep=0):
    hidden = max(len(text) - max(keep, 0), 0)
    return "*" * hidden + text[hidden:]


# --- Lists.


def pw_list(dtype, *items):
    """A list of the values, nulls included."""

    def run(*columns):
        return pl.Series("a", [list(row) for row in zip(*[column.to_list() for column in columns])], dtype)

    return pw_apply(run, dtype, items)


@pw_rows(None)
def pw_list_get(items, index, dtype=None):
    return pw_plain_value(pw_item(items, index))


@pw_rows(pl.Boolean)
def pw_list_contains(items, wanted):
    return wanted in [pw_plain_value(item) for item in items if item is not None]


@pw_rows(None)
def pw_list_distinct(items, dtype=None):
    found = []
    for item in items:
        if item is not None and item not in found:
            found.append(item)
    return found


@pw_rows(None)
def pw_list_sort(items, dtype=None):
    return sorted(items, key=pw_bytes)


@pw_rows(pl.String)
def pw_join(texts, separator):
    """Nulls are left out; null where the separators are over a million characters."""
    texts = [text for text in texts if text is not None]
    return separator.join(texts) if max(len(texts) - 1, 0) * len(separator) <= 1000000 else None


def pw_plain_value(value):
    """Times and spans inside of a list in microseconds, as they are outside."""
    if isinstance(value, datetime.datetime):
        value = value - datetime.datetime(1970, 1, 1)
    return value // datetime.timedelta(microseconds=1) if isinstance(value, datetime.timedelta) else value


def pw_bytes(value):
    """Bytes that compare as values do; nulls inside come last, too."""
    if value is None:
        return b"\xff"
    if isinstance(value, bool):
        return b"\1" + bytes([value])
    value = pw_plain_value(value)
    if isinstance(value, datetime.date):
        value = value.toordinal()
    if isinstance(value, int):
        return b"\1" + (value + 2**63).to_bytes(8, "big")
    if isinstance(value, float):
        bits = int.from_bytes(struct.pack(">d", value + 0.0), "big")
        return b"\1" + (bits | 2**63 if bits < 2**63 else 2**64 - 1 - bits).to_bytes(8, "big")
    if isinstance(value, str):
        return b"\1" + value.encode().replace(b"\0", b"\0\1") + b"\0\0"
    if isinstance(value, dict):
        return b"\1" + b"".join(map(pw_bytes, value.values()))
    return b"\1" + b"".join(b"\1" + pw_bytes(item) for item in value) + b"\0"


@pw_rows(pl.Binary)
def pw_key(value):
    """Lists and records in a form that can be ordered and compared."""
    return pw_bytes(value)


# --- JSON as it stands in a text: fields in their order, numbers with all their digits.


class PwObject(list):
    """Names and values."""


class PwNumber(str):
    """As it is printed."""


def pw_json_float(token):
    number = float(token)
    if not math.isfinite(number):
        raise ValueError(token)
    if 1e-5 <= abs(number) < 1e-4:
        digits, _, exponent = pw_float_digits(number).partition("e")
        sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
        return PwNumber(sign + "0." + "0" * (-int(exponent) - 1) + digits.replace(".", "").rstrip("0"))
    # Zero has no sign.
    return PwNumber(re.sub(r"e(\d)", r"e+\1", pw_float_digits(number + 0.0)))


def pw_json_constant(token):
    raise ValueError(token)


def pw_json(text):
    """What a text says as JSON; an error where it is none."""
    depth = most = 0
    for sign in re.sub(r'"(?:\\.|[^"\\])*"', "", text, flags=re.DOTALL):
        depth += (sign in "[{") - (sign in "]}")
        most = max(most, depth)
    if most > 127:
        raise ValueError("deep")
    whole = lambda token: PwNumber("0" if token == "-0" else token)
    numbers = {"parse_float": pw_json_float, "parse_int": whole, "parse_constant": pw_json_constant}
    found = json.loads(text, object_pairs_hook=PwObject, **numbers)
    if "\\u" in text:
        pw_json_print(found).encode()
    return found


def pw_json_print(value):
    if isinstance(value, PwNumber):
        return str(value)
    if isinstance(value, PwObject):
        return "{" + ",".join(f"{pw_json_print(name)}:{pw_json_print(item)}" for name, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(pw_json_print, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def pw_json_shown(value):
    return value if value is None or type(value) is str else pw_json_print(value)


def pw_json_part(text, path):
    """What stands at a path of names and indices."""
    try:
        value = pw_json(text)
    except (ValueError, RecursionError):
        return None
    for step in path:
        if isinstance(step, str) and isinstance(value, PwObject):
            value = next((item for name, item in value if name == step), None)
        elif isinstance(step, int) and type(value) is list:
            value = value[step] if step < len(value) else None
        else:
            return None
    return value


@pw_rows(pl.String)
def pw_json_get(text, path=()):
    return pw_json_shown(pw_json_part(text, path))


@pw_rows(pl.List(pl.String))
def pw_json_list(text, path=()):
    value = pw_json_part(text, path)
    return list(map(pw_json_shown, value)) if type(value) is list else None


@pw_rows(pl.List(pl.String))
def pw_json_keys(text):
    value = pw_json_part(text, ())
    return sorted(name for name, _ in value) if isinstance(value, PwObject) else None


@pw_rows(pl.Int64)
def pw_json_length(text, path=()):
    value = pw_json_part(text, path)
    return len(value) if isinstance(value, list) else None


@pw_rows(pl.Boolean)
def pw_json_valid(text):
    try:
        pw_json(text)
        return True
    except (ValueError, RecursionError):
        return False


# --- URLs.


def pw_url(text):
    """Scheme, host, port, path, query and fragment, as written."""
    rest, mark, fragment = text.strip(" \t\n\v\f\r").partition("#")
    fragment = fragment if mark else None
    rest, mark, query = rest.partition("?")
    query = query if mark else None
    found = re.match("([A-Za-z][A-Za-z0-9+.-]*)://", rest)
    scheme = found.group(1) if found else None
    rest = rest[len(scheme) + 1 :] if found else rest
    if not rest.startswith("//"):
        return scheme, None, None, rest, query, fragment
    address, slash, path = rest[2:].partition("/")
    address = address.rpartition("@")[2]
    if address.startswith("["):
        host, mark, after = address[1:].partition("]")
        port = after[1:] if mark and after.startswith(":") else None
    else:
        host, mark, port = address.partition(":")
        port = port if mark else None
    return scheme, host or None, port, slash + path, query, fragment


def pw_small(text):
    return None if text is None else "".join(sign.lower() if sign.isascii() else sign for sign in text)


@pw_rows(pl.String)
def pw_url_scheme(text):
    return pw_small(pw_url(text)[0])


@pw_rows(pl.String)
def pw_url_host(text):
    return pw_small(pw_url(text)[1])


@pw_rows(pl.Int64)
def pw_url_port(text):
    port = pw_url(text)[2]
    return int(port) if port is not None and re.fullmatch("[+]?[0-9]+", port) and int(port) < 65536 else None


@pw_rows(pl.String)
def pw_url_path(text):
    return pw_url(text)[3]


@pw_rows(pl.String)
def pw_url_query(text):
    return pw_url(text)[4]


@pw_rows(pl.String)
def pw_url_fragment(text):
    return pw_url(text)[5]


def pw_is_id(part):
    """Numbers; UUIDs; long hexadecimal numbers; longer codes of letters and digits."""
    if not re.search("[0-9]", part):
        return False
    return re.fullmatch("[0-9]+|[0-9A-Fa-f-]{8,}|[0-9A-Za-z_-]{20,}", part) is not None


@pw_rows(pl.String)
def pw_path_template(text):
    return "/".join("{id}" if pw_is_id(part) else part for part in pw_url(text)[3].split("/"))


@pw_rows(pl.String)
def pw_url_decode(text):
    return urllib.parse.unquote(text, errors="replace")


@pw_rows(pl.String)
def pw_url_encode(text):
    return urllib.parse.quote(text, safe="-._~")


@pw_rows(pl.String)
def pw_url_param(text, wanted):
    for pair in (pw_url(text)[4] or "").split("&") if pw_url(text)[4] is not None else []:
        name, _, value = pair.partition("=")
        if urllib.parse.unquote_plus(name, errors="replace") == wanted:
            return urllib.parse.unquote_plus(value, errors="replace")
    return None
