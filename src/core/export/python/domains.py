# --- Addresses, user agents, and what is personal.


def pw_address(text):
    try:
        found = None if "%" in text else ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def pw_network(address, bits):
    """The address with all but the leading bits cleared."""
    if not 0 <= bits <= address.max_prefixlen:
        return None
    rest = address.max_prefixlen - bits
    return type(address)(int(address) >> rest << rest)


@pw_rows(pl.Boolean)
def pw_ip_is_valid(text):
    return pw_address(text) is not None


@pw_rows(pl.Int64)
def pw_ip_version(text):
    address = pw_address(text)
    return None if address is None else address.version


# Of the machine itself, of its link, and those that anybody may use.
PW_PRIVATE = [
    ipaddress.ip_network(network)
    for network in "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 169.254.0.0/16 ::1/128 fc00::/7 fe80::/10".split()
]


@pw_rows(pl.Boolean)
def pw_ip_is_private(text):
    address = pw_address(text)
    return None if address is None else any(address in network for network in PW_PRIVATE)


@pw_rows(pl.String)
def pw_ip_subnet(text, bits):
    address = pw_address(text)
    found = None if address is None else pw_network(address, bits)
    return None if found is None else f"{found}/{bits}"


@pw_rows(pl.Boolean)
def pw_ip_in(text, network=""):
    base, _, bits = network.strip().partition("/")
    base, address = pw_address(base), pw_address(text)
    if base is None or address is None:
        return None
    return address.version == base.version and pw_network(address, int(bits)) == pw_network(base, int(bits))


@pw_rows(pl.String)
def pw_mask_ip(text):
    address = pw_address(text)
    return None if address is None else str(pw_network(address, 24 if address.version == 4 else 48))


@pw_rows(pl.String)
def pw_mask_email(text):
    name, _, domain = text.rpartition("@")
    return f"{name[0]}***@{domain}" if name else "*" * len(text)


def pw_agent(text):
    text = text.strip()
    return None if text in ("", "-") else text


def pw_marked(text, marks):
    text = pw_agent(text)
    return None if text is None else next((name for mark, name in marks if mark in text), "Other")


@pw_rows(pl.String)
def pw_ua_browser(text):
    return pw_marked(text, PW_BROWSERS)


@pw_rows(pl.String)
def pw_ua_os(text):
    return pw_marked(text, PW_SYSTEMS)


def pw_ascii_lower(text):
    return "".join(sign.lower() if sign.isascii() else sign for sign in text)


def pw_has_mark(text, marks):
    return any(mark in text for mark in marks)


def pw_is_bot(lower):
    # A phone of that maker is no robot.
    return pw_has_mark(lower, PW_BOTS) and "cubot" not in lower or pw_has_mark(lower, PW_FEED_READERS)


@pw_rows(pl.Boolean)
def pw_ua_is_bot(text):
    text = pw_agent(text)
    lower = None if text is None else pw_ascii_lower(text)
    return None if lower is None else pw_is_bot(lower) or pw_has_mark(lower, PW_TOOLS)


@pw_rows(pl.String)
def pw_ua_device(text):
    text = pw_agent(text)
    if text is None:
        return None
    lower = pw_ascii_lower(text)
    if pw_is_bot(lower):
        return "bot"
    if pw_has_mark(lower, PW_TOOLS):
        return "tool"
    # Browsers of Android say `Mobile` on telephones alone. Apps say it nowhere, and most of them run on telephones.
    is_browser = "mozilla/" in lower and "applewebkit" in lower
    if pw_has_mark(lower, PW_TABLETS) or "android" in lower and is_browser and "mobile" not in lower:
        return "tablet"
    is_mobile = pw_has_mark(lower, ("mobi", "iphone", "ipod", "android", "dalvik/", "cfnetwork/"))
    if is_mobile or "ios" in re.split("[^a-z0-9]", lower):
        return "mobile"
    return "desktop" if pw_has_mark(lower, ("windows", "macintosh", "linux", "cros")) else "other"
