"""Labels from a table of injections beside pandas, for `cargo xtask peers`.

`labels.py serve TABLE` labels with pandas. Both read the table, normalise levels and sides,
check scores and dates, keep the follow-up nearest to day 60 within days 46 to 74, set aside
episodes with an event before it, and say who lost at least half of the pain.
"""

import datetime
import random
import sys

import turns


def labelled(path):
    import pandas as pd

    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table["level"] = table.level.str.extract(r"(\d)\s*[-/]\s*C?(\d)").agg("/".join, axis=1)
    table["side"] = table.side.str.strip().str.lower().str[0].map({"l": "left", "r": "right"})
    for name in ("injection_date", "followup_date", "event_date"):
        table[name] = pd.to_datetime(table[name], format="%Y-%m-%d", errors="coerce")
    for name in ("nrs_baseline", "nrs_followup"):
        score = pd.to_numeric(table[name], errors="coerce")
        table[name] = score.where(score.between(0, 10))
    table["day"] = (table.followup_date - table.injection_date).dt.days
    during = (table.event != "") & (table.event_date <= table.followup_date)
    usable = table.day.between(46, 74) & table.nrs_followup.notna() & (table.nrs_baseline > 0)
    usable &= table.level.notna() & table.side.notna() & ~during
    table = table[usable].assign(off=lambda rows: (rows.day - 60).abs())
    key = ["subject_id", "level", "side", "injection_date"]
    table = table.sort_values([*key, "off", "day"]).drop_duplicates(key)
    favourable = 2 * (table.nrs_baseline - table.nrs_followup) >= table.nrs_baseline
    return {"labels": len(table), "favourable": int(favourable.sum())}


def pandas_labels(path):
    import pandas as pd

    return pd.__version__, lambda: labelled(path)


def write_table(path, rows):
    """Episodes of a clinic: some without a follow-up, some too late, some with another one."""
    draw = random.Random(1)
    lines = [
        "subject_id,level,side,injection_date,nrs_baseline,followup_date,nrs_followup,event,"
        "event_date,age,sex,duration_weeks"
    ]
    for number in range(rows):
        injected = datetime.date(2019, 1, 1) + datetime.timedelta(draw.randrange(1500))
        day = draw.choice([None, 30, 80, *range(46, 75)])
        score = draw.choice(["", *map(str, range(11))]) if day else ""
        later = injected + datetime.timedelta(day) if day else ""
        event, on = "", ""
        if day and draw.random() < 0.03:
            event, on = "surgery", injected + datetime.timedelta(20)
        level = draw.choice(["C4/5", "C5/6", "C5-6", "C6/7", "C6-C7"])
        side = draw.choice(["left", "right", "L", "R"])
        row = [f"S{number:06}", level, side, injected, draw.randrange(4, 11), later, score]
        row += [event, on, draw.randrange(30, 80), draw.choice("FM"), draw.randrange(4, 60)]
        lines.append(",".join(map(str, row)))
    path.write_text("\n".join(lines) + "\n")


def main():
    chosen = turns.settings()
    rows = []
    for size in [1_000, 20_000] if chosen.quick else [1_000, 100_000]:
        table = chosen.work / f"outcomes-{size}.csv"
        write_table(table, size)
        ours = turns.Served("foramen", "", [chosen.programs / "peer_stages", "labels", table])
        theirs = turns.Served("pandas", "", [sys.executable, __file__, "serve", table])
        rows.append(turns.compare("labels from a table", f"{size:,} rows", [ours, theirs], chosen))
        if ours.answer != theirs.answer:
            sys.exit(f"the labels differ: {ours.answer} and {theirs.answer}")
    turns.write(
        chosen,
        "labels",
        rows,
        [
            "Both sides give the same number of labels and of favourable outcomes, which the "
            "command checks. Ours also detects encoding, separator and kinds of dates, looks "
            "for ids that may be one person, and says why each other row has no label.",
        ],
    )


if sys.argv[1:2] == ["serve"]:
    turns.serve(*pandas_labels(sys.argv[2]))
else:
    main()
