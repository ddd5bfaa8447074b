# --- Aggregates: nulls are skipped; what has no answer is null.


def pw_len(x):
    return x.len().cast(pl.Int64)


def pw_count(x):
    return x.count().cast(pl.Int64)


def pw_hits(x):
    return x.sum().cast(pl.Int64)


def pw_count_distinct(x):
    return x.drop_nulls().n_unique().cast(pl.Int64)


def pw_share(x):
    return pw_finite(x.sum() / x.len())


def pw_total(x):
    """Of integers, added in 128 bits; null where an integer's range is left."""
    return pl.when(x.count() > 0).then(pw_narrow(pw_wide(x).sum()))


def pw_total_span(x):
    return pw_total(x).cast(pl.Duration("us"))


def pw_total_float(x):
    return pw_finite(pl.when(x.count() > 0).then(x.cast(pl.Float64).sum()))


def pw_mean(x):
    return pw_finite(pw_wide(x).sum().cast(pl.Float64) / x.count())


@pw_once(pl.Duration("us"))
def pw_part_of_span(total, count):
    size = total.abs() // count.cast(pl.Int128)
    return pw_narrow(pl.when(total < 0).then(pw_opposite(size)).otherwise(size))


def pw_mean_span(x):
    """Without fractions of a microsecond."""
    return pw_part_of_span(pw_wide(x).sum(), x.count())


def pw_mean_float(x):
    return pw_finite(x.cast(pl.Float64).mean())


def pw_least(x):
    return x.min()


def pw_greatest(x):
    return x.max()


def pw_quantile(x, share):
    return pw_finite(x.cast(pl.Float64).quantile(share, interpolation="linear"))


def pw_quantile_span(x, share):
    micros = x.cast(pl.Int64).cast(pl.Float64).quantile(share, interpolation="linear")
    return micros.cast(pl.Int64, strict=False).cast(pl.Duration("us"))


def pw_distances(x, is_whole):
    """From the first number: large numbers that are close together lose digits as floats, their distances do not."""
    x = pw_wide(x) if is_whole else x
    return (x - x.drop_nulls().first()).cast(pl.Float64)


def pw_variance(x, is_whole=False):
    return pw_finite(pw_distances(x, is_whole).var(1))


def pw_stddev(x, is_whole=False):
    return pw_finite(pw_distances(x, is_whole).std(1))


def pw_first(x):
    return x.first()


def pw_last(x):
    return x.last()


def pw_collect(x):
    return x.drop_nulls().implode()


def pw_collect_distinct(x):
    return x.drop_nulls().unique(maintain_order=True).implode()


def pw_string_agg(x, separator):
    return pl.when(x.count() > 0).then(x.str.join(separator))


def pw_string_agg_distinct(x, separator):
    return pw_string_agg(x.unique(maintain_order=True), separator)


def pw_sorted(x, by, descending, keep=None):
    """Values in an order, nulls last; of those only which are kept."""
    options = {"descending": descending, "nulls_last": True}
    x = x.sort_by(by, **options)
    return x if keep is None else x.filter(keep.sort_by(by, **options))


# --- Windows along an order.


def pw_over(name, dtype, function, *values, partition=(), order=(), keep=None, frame=None, more=()):
    """A column of `pw_windows`: an aggregate, or the name of a function of places, over the frame of each row. `order`
    holds pairs of a key and whether it descends; `frame` a unit and two bounds, None without an end."""
    return {
        "name": name, "dtype": dtype, "function": function, "values": values, "partition": partition, "order": order,
        "keep": keep, "frame": frame, "more": more,
    }  # fmt: skip


def pw_windows(frame, ties, columns):
    """The rows with columns that are computed along orders. Of rows that are alike in one `ties` decide, then the place."""

    def run(rows):
        rows = rows.with_row_index("\0row")
        found = [pw_window(rows, ties, column) for column in columns]
        return rows.drop("\0row").with_columns(found)

    schema = {**frame.collect_schema(), **{column["name"]: column["dtype"] for column in columns}}
    options = {"predicate_pushdown": False, "projection_pushdown": False, "slice_pushdown": False}
    return frame.map_batches(run, schema=schema, **options)


def pw_window(rows, ties, column):
    named = {}
    for part, expressions in (("value", column["values"]), ("part", column["partition"]), ("tie", ties)):
        named |= {f"{part}{place}": expression for place, expression in enumerate(expressions)}
    named |= {f"order{place}": key for place, (key, _) in enumerate(column["order"])}
    keep = pl.lit(True) if column["keep"] is None else column["keep"].fill_null(False)
    work = rows.with_columns(keep.alias("\0keep")).select(pl.col("\0row"), pl.col("\0keep"), **named)
    parts = [name for name in named if name.startswith("part")]
    orders = [name for name in named if name.startswith("order")]
    by = parts + orders + [name for name in named if name.startswith("tie")] + ["\0row"]
    descending = [False] * len(parts) + [down for _, down in column["order"]]
    work = work.sort(by, descending=descending + [False] * (len(by) - len(descending)), nulls_last=True)
    begins = pw_begins(work, parts)
    partitions = pw_spans(begins)
    peers = pw_spans([a or b for a, b in zip(begins, pw_begins(work, orders))])
    found = pw_placed(work, column, partitions, peers)
    if found is None:
        frames = pw_bounds(work, column, partitions, peers)
        found = pw_folded(work, column, frames, [place for place, _ in partitions])
    found = found.cast(column["dtype"]).alias(column["name"])
    return work.select("\0row").with_columns(found).sort("\0row")[column["name"]]


def pw_begins(work, names):
    """Whether each row differs from the one before."""
    if work.height == 0:
        return []
    differs = [pl.col(name).ne_missing(pl.col(name).shift(1)) for name in names]
    found = work.select(pl.any_horizontal(*differs)).to_series().to_list() if names else [False] * work.height
    return [True, *found[1:]]


def pw_spans(begins):
    """For each row where the span that it lies in begins and ends."""
    starts = [place for place, begin in enumerate(begins) if begin]
    return [(start, end) for start, end in zip(starts, [*starts[1:], len(begins)]) for _ in range(start, end)]


def pw_placed(work, column, partitions, peers):
    """Functions of places; None: it is an aggregate."""
    function, height = column["function"], work.height
    if function == "row_number":
        return pl.Series("a", [row - start + 1 for row, (start, _) in enumerate(partitions)], pl.Int64)
    if function == "rank":
        return pl.Series("a", [peer[0] - part[0] + 1 for peer, part in zip(peers, partitions)], pl.Int64)
    if function == "dense_rank":
        found, rank = [], 0
        for row in range(height):
            rank = 0 if row == partitions[row][0] else rank
            rank += row == peers[row][0]
            found.append(rank)
        return pl.Series("a", found, pl.Int64)
    if function in ("lag", "lead"):
        distance, default = column["more"]
        distance = -distance if function == "lag" else distance
        places = [row + distance if start <= row + distance < end else None for row, (start, end) in enumerate(partitions)]
        values = pw_gathered(work["value0"], places)
        if default is None:
            return values
        outside = pl.Series("outside", [place is None for place in places], pl.Boolean)
        default = pl.select(default.cast(column["dtype"])).to_series().new_from_index(0, height)
        return default.zip_with(outside, values.cast(column["dtype"]))
    return None


def pw_gathered(values, places):
    return values.gather(pl.Series(places, dtype=pl.UInt32)) if len(places) else values


def pw_bounds(work, column, partitions, peers):
    """For each row where its frame begins and ends."""
    if column["frame"] is None:
        whole = not column["order"]
        return [(part[0], part[1] if whole else peer[1]) for part, peer in zip(partitions, peers)]
    unit, first, last = column["frame"]
    found = []
    if unit == "rows":
        for row, (start, end) in enumerate(partitions):
            begin = start if first is None else min(max(row + first, start), end)
            stop = end if last is None else min(max(row + 1 + last, start), end)
            found.append((begin, stop))
        return found
    keys = work["order0"]
    keys = pw_plain(keys.cast(pl.Datetime("us")) if keys.dtype == pl.Date else keys).to_list()
    sign = -1 if column["order"][0][1] else 1
    keys = [None if key is None else sign * key for key in keys]
    is_known = [key is not None for key in keys]
    ends = {part: part[0] + sum(is_known[part[0] : part[1]]) for part in set(partitions)}
    for key, part, peer in zip(keys, partitions, peers):
        (start, end), known = part, ends[part]
        begin, stop = peer
        if first is None:
            begin = start
        elif first != 0 and key is not None:
            begin = bisect.bisect_left(keys, key + first, start, known)
        if last is None:
            stop = end
        elif last != 0 and key is not None:
            stop = bisect.bisect_right(keys, key + last, start, known)
        found.append((begin, stop))
    return found


def pw_running(flags):
    return [0, *itertools.accumulate(flags)]


def pw_folded(work, column, frames, starts):
    """An aggregate of the rows in each frame."""
    function, keep = column["function"], work["\0keep"].to_list()
    values = pw_plain(work["value0"]) if "value0" in work.columns else None
    if function in (pw_len, pw_count, pw_hits, pw_total, pw_total_span, pw_mean):
        cells = [True] * work.height if function is pw_len else values.to_list()
        cells = [cell if kept else None for cell, kept in zip(cells, keep)]
        counts = pw_running(cell is not None for cell in cells)
        sums = pw_running(0 if function in (pw_len, pw_count) else int(cell or 0) for cell in cells)
        found = []
        for begin, end in frames:
            count, total = (counts[end] - counts[begin], sums[end] - sums[begin]) if begin < end else (0, 0)
            if function in (pw_len, pw_count):
                found.append(count)
            elif function is pw_hits:
                found.append(total)
            elif count == 0:
                found.append(None)
            elif function is pw_mean:
                found.append(total / count)
            else:
                found.append(total if -(2**63) <= total < 2**63 else None)
        return pl.Series("a", found, pl.Float64 if function is pw_mean else pl.Int64)
    if function in (pw_first, pw_last):
        return pw_gathered(work["value0"], pw_edges(function is pw_first, keep, frames))
    running = {pw_least: "cum_min", pw_greatest: "cum_max", pw_total_float: "cum_sum"}.get(function)
    if running and work["value0"].dtype.is_numeric() and all(begin == start for (begin, _), start in zip(frames, starts)):
        return pw_prefixes(work, running, frames, starts)
    return pw_frames(work, column, frames)


def pw_edges(is_first, keep, frames):
    """The first or last row of each frame that is kept."""
    near, known = [None] * (len(keep) + 1), None
    for row in range(len(keep) - 1, -1, -1) if is_first else range(len(keep)):
        known = row if keep[row] else known
        near[row if is_first else row + 1] = known
    found = (near[begin if is_first else end] if begin < end else None for begin, end in frames)
    return [place if place is not None and begin <= place < end else None for place, (begin, end) in zip(found, frames)]


def pw_prefixes(work, running, frames, starts):
    """An aggregate of frames that begin where their partitions do."""
    work = work.with_columns(pl.Series("start", starts, pl.UInt32))
    kept = pl.when(pl.col("\0keep")).then(pl.col("value0"))
    kept = kept.cast(pl.Float64) if running == "cum_sum" else kept
    # Until the first value there is none.
    so_far = getattr(kept, running)().forward_fill().over("start")
    so_far = pw_finite(so_far) if running == "cum_sum" else so_far
    values = work.select(so_far.alias("a")).to_series()
    return pw_gathered(values, [end - 1 if begin < end else None for begin, end in frames])


def pw_frames(work, column, frames):
    """Any aggregate, frame by frame; rows of so many frames at once as memory takes."""
    names = [name for name in work.columns if name.startswith("value")]
    build = column["function"]([*map(pl.col, names)][0], *column["more"])
    bounds, found = sorted(set(frames)), {}
    while bounds:
        piece, rows = [], 0
        while bounds and (not piece or rows < 1000000):
            piece.append(bounds.pop())
            rows += max(piece[-1][1] - piece[-1][0], 0)
        places = [(number, place) for number, (begin, end) in enumerate(piece) for place in range(begin, end)]
        numbers = pl.Series("number", [number for number, _ in places], pl.UInt32)
        taken = work[pl.Series([place for _, place in places], dtype=pl.UInt32)] if places else work.clear()
        taken = taken.with_columns(numbers).filter(pl.col("\0keep"))
        folded = taken.group_by("number", maintain_order=True).agg(build.alias("a"))
        found |= {piece[number]: value for number, value in zip(folded["number"], pw_plain(folded["a"]).to_list())}
    none = {pw_collect: [], pw_collect_distinct: [], pw_count_distinct: 0}.get(column["function"])
    plain = pl.Int64 if column["dtype"] in (pl.Datetime("us"), pl.Duration("us")) else column["dtype"]
    return pl.Series("a", [found.get(frame, none) for frame in frames], plain, strict=False)


# --- Rows.


def pw_checked(frame, passes, fault):
    """The rows, all of which must pass."""

    def run(rows):
        failed = rows.height - rows.select(passes.fill_null(False).sum()).item() if rows.height else 0
        if failed:
            sys.exit(f"error: {fault}\n  help: mend the data, or let the check reject or flag rows")
        return rows

    options = {"predicate_pushdown": False, "projection_pushdown": False, "slice_pushdown": False}
    return frame.map_batches(run, **options)


def pw_nearest(left, right, times, by, direction, tolerance, columns):
    """Each left row with the right row that is nearest in time among those with equal keys: of several at one time the
    last one by `columns`, and the earlier one of two that are as near. Gives places of right rows, too."""
    names = [f"\0key{place}" for place in range(len(by))]
    lefts = left.with_columns(times[0].alias("\0time"), *[key.alias(name) for (key, _), name in zip(by, names)])
    lefts = lefts.with_row_index("\0left")
    rights = right.with_columns(times[1].alias("\0time"), *[key.alias(name) for (_, key), name in zip(by, names)])
    rights = rights.drop_nulls(["\0time", *names]).sort(["\0time", *columns], nulls_last=True)
    rights = rights.unique(["\0time", *names], keep="last", maintain_order=True).with_row_index("\0right")
    both = [
        rights.select("\0time", "\0right", pl.lit(None, pl.UInt32).alias("\0left"), *names),
        lefts.drop_nulls(["\0time", *names]).select("\0time", pl.lit(None, pl.UInt32).alias("\0right"), "\0left", *names),
    ]
    both = pl.concat(both).with_columns(pl.when(pl.col("\0right").is_not_null()).then(pl.col("\0time")).alias("\0near"))
    sides = []
    for side in ("backward", "forward"):
        # Right rows of the same time count on both sides.
        last = pl.col("\0left").is_not_null() if side == "backward" else pl.col("\0left").is_null()
        fill = {"backward": pl.Expr.forward_fill, "forward": pl.Expr.backward_fill}[side]
        filled = [fill(pl.col(name)) for name in ("\0right", "\0near")]
        filled = [one.over(names) for one in filled] if names else filled
        rows = both.sort(["\0time", last]).with_columns(filled).filter(pl.col("\0left").is_not_null())
        sides.append(rows.select("\0left", pl.col("\0right").alias(f"\0{side}"), pl.col("\0near").alias(f"\0{side} time")))
    found = sides[0].join(sides[1], on="\0left", maintain_order="none")
    found = lefts.join(found, on="\0left", how="left")
    distance = lambda side: (pl.col(f"\0{side} time").cast(pl.Int64) - pl.col("\0time").cast(pl.Int64)).abs()
    near = {side: pl.col(f"\0{side}") for side in ("backward", "forward")}
    if tolerance is not None:
        near = {side: pl.when(distance(side) <= tolerance).then(place) for side, place in near.items()}
    if direction == "nearest":
        is_before = (distance("backward") <= distance("forward")).fill_null(pl.col("\0backward").is_not_null())
        near["nearest"] = pl.when(is_before).then(near["backward"]).otherwise(near["forward"])
    return found.with_columns(near[direction].alias("\0right")), rights


def pw_matches(left, right, names):
    """How many rows of each side find a partner, how many there are, how many have a null key."""
    counts = []
    null = pl.any_horizontal(pl.lit(False), *[pl.col(name).is_null() for name in names]).sum()
    for side, own, other in (("left", left, right), ("right", right, left)):
        counts.append(own.join(other, on=names, how="semi").select(pl.len().alias(f"{side} found")))
        counts.append(own.select(pl.len().alias(f"{side} rows"), null.alias(f"{side} null")))
    return pl.concat(counts, how="horizontal")


def pw_near_matches(near, left, right, left_keys, right_keys):
    """The same of a join to the nearest rows."""
    null = lambda keys: pl.any_horizontal(pl.lit(False), *[key.is_null() for key in keys]).sum()
    counts = [
        near.select(pl.col("\0right").count().alias("a0")),
        left.select(pl.len().alias("b1"), null(left_keys).alias("c1")),
        near.select(pl.col("\0right").drop_nulls().n_unique().alias("a2")),
        right.select(pl.len().alias("b3"), null(right_keys).alias("c3")),
    ]
    return pl.concat(counts, how="horizontal")


def pw_counted(rows, rejected):
    """How many rows a check sees, and how many it rejects."""
    counts = [rows.select(pl.len().alias("rows")), rejected.select(pl.len().alias("rejected"))]
    return pl.concat(counts, how="horizontal")


def pw_parameters(types):
    """The values of the parameters, which Pipewright has read."""
    columns = [pl.col(f"c{place}").cast(dtype) for place, dtype in enumerate(types.values())]
    values = pl.read_parquet("stage/parameters.parquet").select(columns).row(0)
    return {name: pl.lit(value, dtype) for (name, dtype), value in zip(types.items(), values)}


def pw_write(results, counts):
    """Rows for Pipewright, which makes the design's files of them, and counts for the report."""

    def sink(name, frame):
        types = frame.collect_schema().items()
        spans = [pl.col(column).cast(pl.Int64) for column, dtype in types if dtype == pl.Duration("us")]
        return frame.with_columns(spans).sink_parquet(f"rows/{name}/rows.parquet", mkdir=True, lazy=True)

    frames = [sink(name, frame) for name, frame in results.items()]
    found = pl.collect_all([*frames, *counts.values()])[len(frames) :]
    os.makedirs("counts")
    for name, numbers in zip(counts, found):
        with open(f"counts/{name}.json", "w", encoding="utf-8") as text:
            json.dump(numbers.row(0), text)
