//! Sentences, exact and in everyday words, and what they become.

use super::*;

#[test]
fn a_sentence_and_its_contract_say_the_same() {
    let vocabulary = Vocabulary::shipped();
    let sentences = [
        "how many users per hour where errors or slower than 3 s by release",
        "how many rows",
        "How many requests by path?",
        "average duration per day by service",
        "95th percentile of duration where request method is GET and status is not 404 by kind of page",
        "total amount per week where payment method is 'gift card, old'",
        "largest cpu use by instance, host",
        "how many different client addresses where status above 399 and bot is no",
        "average cpu use in per cent per hour",
        "how many rows where response status above 399 or response status above 499",
        "how many rows where request method is '' by messaging.destination",
    ];
    for text in sentences {
        let sentence = Sentence::parse(text, &vocabulary).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        let words = sentence.text(&vocabulary);
        assert_eq!(Sentence::parse(&words, &vocabulary).unwrap(), sentence, "{words}");
        let contract = sentence.contract(&vocabulary);
        assert_eq!(contract.check(&vocabulary), [], "{text}");
        assert_eq!(Sentence::of(&contract, &vocabulary), Some(sentence), "{text}");
    }
    let both = Sentence::parse(sentences[9], &vocabulary).unwrap().contract(&vocabulary);
    assert_eq!(both.dials.iter().map(|dial| dial.default).collect::<Vec<_>>(), [399.0, 499.0]);
    // Every concept can be named.
    for concept in vocabulary.concepts() {
        let sentence = Sentence { by: vec![concept.id.clone()], ..Sentence::default() };
        let text = sentence.text(&vocabulary);
        assert_eq!(Sentence::parse(&text, &vocabulary).as_ref(), Ok(&sentence), "{text}");
    }
    let first = Sentence::parse(sentences[0], &vocabulary).unwrap();
    assert_eq!(
        first.text(&vocabulary),
        "how many different visitors per hour where errors or slower than 3 s by version"
    );
    let contract = first.contract(&vocabulary);
    assert_eq!(contract.conditions[0].expression, "{event.is_error} or {event.duration} > {dial:slow_after}");
    assert_eq!(contract.measures[0].expression, "count_distinct({visitor.id})");
}

#[test]
fn what_is_not_understood_is_named() {
    let vocabulary = Vocabulary::shipped();
    for (text, wanted) in [
        ("how many serices per hour", "“serices” is not understood in the question; did you mean `service`?"),
        ("why is it slow", "“why” is not understood in the question"),
        ("how many rows where foo bar", "“foo bar” is not understood in the question"),
        (
            "how many rows where errors and slower than 3 s or bot is yes",
            "“errors and slower than 3 s or bot is yes” is not understood in the question",
        ),
        ("average message", "“message” is not understood in the question"),
        ("", "words are missing in the question"),
        ("how many", "words are missing in the question"),
        ("'how many rows'", "“how many rows” is not understood"),
        ("how many rows where 'slower than 3'", "“slower than 3” is not understood"),
        ("how many different", "words are missing"),
        ("how many rows where is", "“is” is not understood"),
        ("how many rows by", "words are missing"),
        ("how many rows where", "words are missing"),
        ("how many requests are lost per day", "“lost” is not understood in the question"),
        ("total revenue of plus users", "“plus” is not understood in the question"),
        ("orders without payment", "“orders without payment” is not understood in the question"),
        ("average revenue per user", "“average revenue per user” is not understood in the question"),
        (
            "how many rows signed up",
            "“signed up” is not understood in the question: it is known, but says nothing in this place",
        ),
        ("how many rows per hour nonsense by path", "“nonsense” is not understood in the question"),
    ] {
        let fault = Sentence::parse(text, &vocabulary).unwrap_err();
        assert!(fault.message.starts_with(wanted), "{text}: {}", fault.message);
    }
}

/// Everyday words, and the sentence that says the same.
const EVERYDAY: &[(&str, &str)] = &[
    ("how much amount per day", "total amount per day"),
    ("which share of requests are errors per day", "share of rows per day where errors"),
    ("share of errors per day", "share of rows per day where errors"),
    ("sum of amount per day", "total amount per day"),
    ("top 5 pages by bytes", "total response size by page top 5"),
    ("how many failed payments by reason", "how many rows where transaction failed is yes by reason"),
    ("how many users per day", "how many different visitors per day"),
    ("how many visitors a day?", "how many different visitors per day"),
    ("number of requests per hour", "how many rows per hour"),
    ("daily users", "how many different visitors per day"),
    ("requests per minute", "how many rows per minute"),
    ("errors per hour by service", "how many rows per hour where errors by service"),
    ("how often do requests fail", "how many rows where errors"),
    ("how long do requests take", "median duration"),
    ("how long do requests take by page", "median duration by page"),
    ("how slow are the pages", "95th percentile of duration by page"),
    ("slowest pages", "95th percentile of duration by page"),
    ("the 10 slowest pages", "95th percentile of duration by page top 10"),
    ("which pages are slowest", "95th percentile of duration by page"),
    ("which service has the most errors", "how many rows where errors by service"),
    ("which services fail most", "how many rows where errors by service"),
    ("which page has the most visitors", "how many different visitors by page"),
    ("which countries do our users come from", "how many different visitors by country"),
    ("which browsers do people use", "how many different visitors by browser"),
    ("most visited pages", "how many different visitors by page"),
    ("top 10 most visited pages", "how many different visitors by page top 10"),
    ("top 3 services by errors", "how many rows where errors by service top 3"),
    ("top 5 countries by users", "how many different visitors by country top 5"),
    ("top pages by duration", "average duration by page"),
    ("busiest hour of the day", "how many rows by hour of the day"),
    ("at what time of day are most requests", "how many rows by hour of the day"),
    ("which weekday has the most orders", "how many different orders by weekday"),
    ("when are the most errors", "how many rows per hour where errors"),
    ("who has the most errors", "how many rows where errors by visitor"),
    ("most common reasons of failed payments", "how many rows where transaction failed is yes by reason"),
    ("most frequent events", "how many rows by event"),
    ("error rate per hour", "share of rows per hour where errors"),
    ("error rate by service and version", "share of rows where errors by service, version"),
    ("percentage of slow requests per hour", "share of rows per hour where slower than 3 s"),
    (
        "share of payments that failed by payment method",
        "share of rows where transaction failed is yes by means of payment",
    ),
    ("what percentage of logins failed per day", "share of rows per day where sign-in failed is yes"),
    ("share of bots", "share of rows where bot is yes"),
    ("share of requests slower than 500 ms by page", "share of rows where slower than 0.5 s by page"),
    ("how many requests took more than 3 seconds", "how many rows where slower than 3 s"),
    ("how many requests took longer than 2 minutes per day", "how many rows per day where slower than 120 s"),
    ("requests over 500 ms by page", "how many rows where slower than 0.5 s by page"),
    ("how many 404s per day", "how many rows per day where response status is 404"),
    ("404 errors by page", "how many rows where response status is 404 by page"),
    ("5xx per service", "how many rows where response status above 499 and response status below 600 by service"),
    (
        "server errors by version",
        "how many rows where response status above 499 and response status below 600 by version",
    ),
    (
        "how many requests with status at least 500 by service",
        "how many rows where response status above 499 by service",
    ),
    ("requests where status = 404 by page", "how many rows where response status is 404 by page"),
    ("requests with status 200 per day", "how many rows per day where response status is 200"),
    ("GET requests per hour", "how many rows per hour where request method is GET"),
    ("average response time by service", "average duration by service"),
    ("mean duration per day", "average duration per day"),
    ("median duration by page", "median duration by page"),
    ("maximum memory by service", "largest memory used by service"),
    ("peak cpu by instance", "largest cpu use by instance"),
    ("lowest disk use by host", "smallest disk use by host"),
    ("p95 of duration by version", "95th percentile of duration by version"),
    ("95th percentile of the duration per day", "95th percentile of duration per day"),
    ("how much traffic per hour", "total response size per hour"),
    ("how many bytes per hour", "total response size per hour"),
    ("bytes by page", "total response size by page"),
    ("revenue per month by country", "total amount per month by country"),
    ("how much money do we lose by reason", "total amount where transaction failed is yes by reason"),
    ("revenue lost per day", "total amount per day where transaction failed is yes"),
    ("how much revenue do we lose per day", "total amount per day where transaction failed is yes"),
    ("total amount of failed payments per day", "total amount per day where transaction failed is yes"),
    (
        "how many payments succeeded per day",
        "how many rows per day where transaction tried is yes and transaction failed is no",
    ),
    ("how many bots visit us", "how many rows where bot is yes"),
    ("successful requests per hour", "how many rows per hour where failed is no"),
    ("average order value per plan", "average amount by plan"),
    ("top 10 customers by revenue", "total amount by user id top 10"),
    ("how many different ip addresses per hour", "how many different client addresses per hour"),
    ("unique visitors per week", "how many different visitors per week"),
    ("how many sessions per day", "how many different sessions per day"),
    ("visits per day", "how many different sessions per day"),
    ("how many users from country DE", "how many different visitors where country is DE"),
    ("users without bots per day", "how many different visitors per day where bot is no"),
    ("requests by bots per hour", "how many rows per hour where bot is yes"),
    ("how many users had errors per day", "how many different visitors per day where errors"),
    ("users with errors by country", "how many different visitors where errors by country"),
    ("requests excluding static files per hour", "how many rows per hour where static file is no"),
    ("how many requests at the weekend", "how many rows where at the weekend is yes"),
    ("logins per hour", "how many rows per hour where sign-in tried is yes"),
    ("failed logins by user", "how many rows where sign-in failed is yes by visitor"),
    ("orders per weekday", "how many different orders by weekday"),
    ("orders by hour of the day", "how many different orders by hour of the day"),
    ("average amount by payment method", "average amount by means of payment"),
    ("average duration for service checkout", "average duration where service is checkout"),
    ("requests in region eu-west-1 per hour", "how many rows per hour where region is eu-west-1"),
    ("please show me the number of errors for each service", "how many rows where errors by service"),
    (
        "how many users had errors or slow requests per hour",
        "how many different visitors per hour where errors or slower than 3 s",
    ),
    ("which services use the most memory", "largest memory used by service"),
    ("how much memory by service", "average memory used by service"),
    ("how big are the responses by page", "median response size by page"),
    ("longest request per day", "largest duration per day"),
    ("users per country and device", "how many different visitors by country, kind of device"),
    ("number of users by browser, device", "how many different visitors by browser, kind of device"),
    ("requests not from bots per hour", "how many rows per hour where bot is no"),
    ("failed or slow requests by page", "how many rows where errors or slower than 3 s by page"),
    ("which release has the highest error rate", "share of rows where errors by version"),
    ("cost by service", "total cost by service"),
    ("most expensive resources", "total cost by billed resource"),
    ("how many requests", "how many rows"),
    ("requests", "how many rows"),
    ("share of errors by country without bots", "share of rows where errors and bot is no by country"),
    ("how many customers per plan", "how many different user ids by plan"),
    ("requests per host above 3 s", "how many rows where slower than 3 s by host"),
    ("which hosts have cpu above 0.9", "how many rows where cpu use above 0.9 by host"),
    ("how many samples with cpu use above 90 % by host", "how many rows where cpu use above 0.9 by host"),
];

#[test]
fn everyday_words_become_the_sentence_that_says_the_same() {
    let vocabulary = Vocabulary::shipped();
    for (text, wanted) in EVERYDAY {
        let sentence = Sentence::parse(text, &vocabulary).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        assert_eq!(sentence.text(&vocabulary), *wanted, "{text}");
        assert_eq!(Sentence::parse(wanted, &vocabulary).as_ref(), Ok(&sentence), "{wanted}");
        let contract = sentence.contract(&vocabulary);
        assert_eq!(contract.check(&vocabulary), [], "{text}");
        assert_eq!(Sentence::of(&contract, &vocabulary).as_ref(), Some(&sentence), "{text}");
        // Case and a question mark do not count.
        let loud = format!("{}?", text.replacen("how", "How", 1));
        assert_eq!(Sentence::parse(&loud, &vocabulary).as_ref(), Ok(&sentence), "{loud}");
    }
}

/// Money that came in, pages that people got: what else rows tell does not count, where it can be told.
#[test]
fn what_does_not_count_is_left_out_as_in_the_ready_made_questions() {
    let vocabulary = Vocabulary::shipped();
    let left_out = |text: &str| {
        let contract = Sentence::parse(text, &vocabulary).unwrap().contract(&vocabulary);
        contract.conditions.into_iter().map(|one| one.leaves_out).filter(|one| !one.is_empty()).collect::<Vec<_>>()
    };
    let (programs, scanners) = ("programs that say what they are", "clients that look for holes");
    for (text, wanted) in [
        ("revenue per day", &["amounts that are not yet paid", "payments that failed"][..]),
        ("average amount by event", &[]),
        ("revenue lost per day", &[]),
        ("top 5 pages by visitors", &[programs, scanners, "static files", "failures"]),
        ("how many visitors by page where errors", &[programs, scanners, "static files"]),
        ("how many visitors by device", &[programs, scanners]),
        ("how many visitors where bot is yes", &[]),
        ("errors by page", &[]),
    ] {
        assert_eq!(left_out(text), wanted, "{text}");
    }
    let contract = Sentence::parse("error rate per day", &vocabulary).unwrap().contract(&vocabulary);
    assert_eq!(contract.conditions[0].expression, "{event.is_error} is not null", "who does not say it is neither");
    let contract = Sentence::parse("top 10 customers by revenue", &vocabulary).unwrap().contract(&vocabulary);
    assert!(contract.conditions.iter().any(|one| one.expression == "{user.id} is not null"), "nobody takes no place");
}

#[test]
fn a_saved_question_is_the_same_sentence_when_it_is_opened_again() {
    let vocabulary = Vocabulary::shipped();
    for (text, wanted) in EVERYDAY {
        let saved = serde_json::to_string(&Sentence::ask(text, &vocabulary).unwrap().to_question()).unwrap();
        let again = Asked::own(&serde_json::from_str(&saved).unwrap()).unwrap().unwrap();
        let sentence = Sentence::of(&again.contract, &vocabulary);
        assert_eq!(sentence.map(|sentence| sentence.text(&vocabulary)).as_deref(), Some(*wanted), "{text}");
        assert_eq!(again.contract.check(&vocabulary), [], "{text}");
    }
    // As earlier versions saved it: programs counted as users, no number of rows beside an average, a share of “those”.
    for text in ["how many users per day by country", "average duration by page", "share of errors per day"] {
        let mut asked = Sentence::ask(text, &vocabulary).unwrap();
        let sentence = Sentence::parse(text, &vocabulary).unwrap();
        let contract = &mut asked.contract;
        contract.conditions.retain(|one| !one.optional);
        match sentence.measure {
            Measure::Share => contract.measures[1].name = "those".to_owned(),
            _ => contract.measures.truncate(1),
        }
        assert_ne!(*contract, sentence.contract(&vocabulary), "{text}");
        assert_eq!(Sentence::of(contract, &vocabulary), Some(sentence), "{text}");
        assert_eq!(contract.check(&vocabulary), [], "{text}");
        // What asks for something else is no such sentence.
        for spoil in [
            |contract: &mut Contract| contract.measures[0].expression = "count(*) + 1".to_owned(),
            |contract: &mut Contract| contract.conditions.push(plain("{event.duration} > 1".to_owned())),
            |contract: &mut Contract| contract.measures.push(part("most", "max({event.duration})")),
            |contract: &mut Contract| contract.top = Some(3),
        ] {
            let mut other = contract.clone();
            spoil(&mut other);
            assert_eq!(Sentence::of(&other, &vocabulary), None, "{text}");
        }
    }
}

#[test]
fn the_nearest_sentence_is_offered() {
    let vocabulary = Vocabulary::shipped();
    for (text, message, help) in [
        ("how many red requests by colour", "“red”, “colour” are not understood in the question", "how many rows"),
        (
            "how many users per fortnight",
            "“fortnight” is not understood in the question",
            "how many different visitors",
        ),
        (
            "average duration by servce",
            "“servce” is not understood in the question; did you mean `service`?",
            "average duration",
        ),
        (
            "how many users last week",
            "“last week” is not understood in the question",
            "how many different visitors; an answer is about all of the data: “per day” shows each day, and a Filter \
             step keeps some of them",
        ),
    ] {
        let fault = Sentence::parse(text, &vocabulary).unwrap_err();
        assert_eq!((fault.code.as_str(), fault.message.as_str()), ("PW0818", message), "{text}");
        assert_eq!(fault.help.as_deref(), Some(format!("the nearest that is: {help}").as_str()), "{text}");
    }
    // The first five of each day are no sentence.
    let fault = Sentence::parse("top 5 pages by visitors per day", &vocabulary).unwrap_err();
    assert_eq!(fault.message, "“top 5” is not understood in the question");
}
