//! Tests of the patterns of messages.

use std::collections::BTreeMap;

use super::*;

fn form(message: &str) -> String {
    let mut form = String::new();
    form_of(message, &mut form);
    form
}

fn mined(messages: &[&str]) -> Mined {
    let mut miner = Miner::default();
    messages.iter().for_each(|message| miner.add(Some(message), None));
    miner.finish()
}

fn texts(mined: &Mined) -> Vec<(&str, u64)> {
    mined.patterns.iter().map(|pattern| (pattern.text.as_str(), pattern.rows)).collect()
}

#[test]
fn what_varies_by_its_class_is_left_out() {
    for (message, wanted) in [
        ("order 17 took 35.5 ms", "order <n> took <n> ms"),
        ("  two   blanks\tand a tab ", "two blanks and a tab"),
        ("refused 10.0.0.7:443, retry in -3", "refused <ip>, retry in <n>"),
        ("from fe80::1ff:fe23:4567:890a to ::1", "from <ip> to <ip>"),
        ("job7 of pool-2-thread-11", "job<n> of pool-<n>-thread-<n>"),
        ("blk_-4046472716157313 at /10.1.2.3:50010", "blk_<n> at /<ip>"),
        ("read /var/log/a.log and C:\\Windows\\x.dll.", "read <path> and <path>."),
        ("GET https://a.example/b?c=1 by ann@a.example", "GET <url> by <email>"),
        ("id 6ba7b810-9dad-11d1-80b4-00c04fd430c8 0xff8358f 9f4ef63", "id <uuid> <hex>…"),
        ("at 2026-03-02T10:00:00.123Z and Sun Jul 17 09:44:07 2005", "at <time> and <time>"),
        ("began 22/Jun/2021:12:03:08 +0200 until 10:11:12,5", "began <time> until <time>"),
        ("says \"a b\" and name='c d'", "says <text> and name=<text>"),
        ("it isn't what it's worth", "it isn't what it's worth"),
        ("hosts [1, 2, 3, 4] of 5", "hosts [<n>, <n>,… <n>] of <n>"),
        ("new <init> and <n> of them", "new <init> and <*> of them"),
        ("decade 2 of cafe", "decade <n> of cafe"),
        ("año 5 über", "año <n> über"),
        ("from 24-54-76-216.x on 26/03/02 or 2016/9/27:20:30:31.4", "from <n>-<n>-<n>-<n>.x on <time> or <time>"),
    ] {
        assert_eq!(form(message), wanted, "{message}");
    }
    let long = form(&"word ".repeat(1000));
    assert!(long.ends_with("word <...>") && long.len() < 400, "{long}");
    let wide = form(&"x-".repeat(1000));
    assert!(wide.ends_with("<*>") && wide.len() < 300, "{wide}");
}

#[test]
fn what_differs_in_a_word_that_varies_is_one_pattern() {
    let found = mined(&[
        "session opened for user ann",
        "session opened for user bob",
        "session opened for user eve",
        "session closed for user ann",
        "session closed for user bob",
        "session closed for user eve",
        "login from rhost=10.0.0.7",
        "login from rhost=gate.example",
        "block a and b and 3",
    ]);
    assert_eq!(
        texts(&found),
        [
            ("session closed for user <*>", 3),
            ("session opened for user <*>", 3),
            ("login from rhost=<*>", 2),
            ("block a and b and <n>", 1)
        ]
    );
    assert_eq!(found.patterns[0].example, "session closed for user ann");
    // What says what happened stays apart, however few say it.
    let apart = mined(&["lamp on now", "lamp off now"]);
    assert_eq!(texts(&apart).len(), 2);
    let counted = mined(&["took 1", "took 1 2 3", "took \"a b\" ms", "took x ms", "  "]);
    assert_eq!(texts(&counted), [("took <...> ms", 2), ("took <n>…", 2)]);
    assert_eq!((counted.rows, counted.empty), (5, 1));
}

#[test]
fn ids_are_those_of_the_text_and_times_are_the_first_and_the_last() {
    let mut miner = Miner::default();
    for (message, time) in
        [("took 5 ms", Some(30)), ("took 4 ms", None), ("took 6 ms", Some(-2)), ("took 7 ms", Some(9))]
    {
        miner.add(Some(message), time);
    }
    miner.add(None, Some(100));
    let found = miner.finish();
    let pattern = &found.patterns[0];
    assert_eq!((pattern.first, pattern.last, pattern.example.as_str()), (Some(-2), Some(30), "took 4 ms"));
    assert_eq!(
        pattern.id,
        mined(&["took 88 ms", "other"])
            .patterns
            .iter()
            .find(|one| one.rows == 1 && one.text == pattern.text)
            .unwrap()
            .id
    );
    assert_eq!(pattern.id.len(), 12);
}

/// Messages of a few kinds with words of many and of few values.
fn random_messages(random: &mut fastrand::Rng, count: usize) -> Vec<String> {
    let word = |random: &mut fastrand::Rng, many: usize| {
        let letters = random.usize(0..many);
        format!("w{}", letters.to_string().bytes().map(|digit| (digit - b'0' + b'a') as char).collect::<String>())
    };
    (0..count)
        .map(|_| match random.usize(0..6) {
            0 => format!("user {} signed in from {}", word(random, 300), word(random, 200)),
            1 => format!("user {} signed out after {} s", word(random, 300), random.u32(0..90)),
            2 => format!("{} is {} of 10.0.0.{}", word(random, 40), word(random, 3), random.u8(..)),
            3 => format!("took \"{} {}\" x", word(random, 9), word(random, 9)),
            4 => format!("file /var/{}/{} is {}", word(random, 50), word(random, 50), word(random, 2)),
            _ => format!("plain {}", ["a", "b", "c d", "e f g"][random.usize(0..4)]),
        })
        .collect()
}

#[test]
fn the_same_messages_give_the_same_patterns_in_any_order_and_pieces() {
    let seed = 17;
    let mut random = fastrand::Rng::with_seed(seed);
    // The last ones fold: words of many values, and first words.
    for limits in
        [LIMITS, Limits { forms: 60, values: 8, ..LIMITS }, Limits { forms: 60, values: 8, heads: 5, ..LIMITS }]
    {
        let mut messages = random_messages(&mut random, 4_000);
        let mine = |messages: &[String], chunk: usize| {
            let mut all = Miner::within(limits);
            for piece in messages.chunks(chunk) {
                let mut part = Miner::within(limits);
                piece.iter().for_each(|message| part.add(Some(message), Some(message.len() as i64)));
                all.merge(part);
            }
            all.finish()
        };
        let whole = mine(&messages, usize::MAX);
        assert_eq!(whole.patterns.iter().map(|pattern| pattern.rows).sum::<u64>(), 4_000);
        assert_eq!(whole.folded() > 0, limits.forms < LIMITS.forms);
        for chunk in [1, 7, 500, 3_999] {
            assert_eq!(mine(&messages, chunk), whole, "seed {seed}, {limits:?}, chunks of {chunk}");
            random.shuffle(&mut messages);
            assert_eq!(mine(&messages, chunk), whole, "seed {seed}, {limits:?}, another order, chunks of {chunk}");
        }
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let limits = Limits { heads: 4, forms: 20, values: 3, folded: 40, total: 200 };
    let mut random = fastrand::Rng::with_seed(5);
    let mut miner = Miner::within(limits);
    for _ in 0..20_000 {
        let words = (0..random.usize(1..20)).map(|_| (0..3).map(|_| random.alphabetic()).collect::<String>());
        miner.add(Some(&words.collect::<Vec<_>>().join(" ")), None);
        // Of each number of words as many as of a first word, at last.
        assert!(miner.gathered.held() <= limits.total.max(20 * limits.forms) + 1, "{}", miner.gathered.held());
    }
    let found = miner.finish();
    assert_eq!(found.patterns.iter().map(|pattern| pattern.rows).sum::<u64>(), 20_000);
    assert!(found.folded() > 19_000 && found.patterns.len() < 100, "{}", found.patterns.len());
}

#[test]
fn a_pattern_fits_its_messages() {
    let mut random = fastrand::Rng::with_seed(3);
    let mut messages = random_messages(&mut random, 2_000);
    for message in [
        "at Sun Jul 17 09:44:07 2005 from fe80::1 (0xff), 10%",
        "ids 1, 2, 3, 4 of a.b\\c [x] (y|z)",
        "says \"a b\" to ann@a.example about https://a.example/x?y=1",
        "says 'q' to bob@a.example about https://a.example/",
        "says 'q' to bob@a.example about nothing",
        "came from 10.0.0.7 () at 10:00:00",
        "came from 10.0.0.7 (a.example) at 10:00:00",
        "came from 10.0.0.7 (b.example) at 10:00:00",
    ] {
        messages.push(message.to_owned());
    }
    let mut miner = Miner::default();
    messages.iter().for_each(|message| miner.add(Some(message), None));
    let found = miner.finish();
    let regexes: BTreeMap<&str, regex::Regex> = found
        .patterns
        .iter()
        .map(|pattern| (pattern.text.as_str(), regex::Regex::new(&regex_of(&pattern.text)).unwrap()))
        .collect();
    for pattern in &found.patterns {
        assert!(regexes[pattern.text.as_str()].is_match(&pattern.example), "{pattern:?}");
        let fitting = messages.iter().filter(|message| regexes[pattern.text.as_str()].is_match(message)).count();
        assert!(fitting as u64 >= pattern.rows, "{fitting} of {}: {}", pattern.rows, pattern.text);
    }
    for message in &messages {
        assert!(regexes.values().any(|regex| regex.is_match(message)), "{message}");
    }
}
