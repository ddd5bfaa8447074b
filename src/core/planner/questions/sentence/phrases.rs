//! What everyday words say in a question: phrases, each with what it stands for. Data only; imports the sentence.

use super::{Measure, Only};

/// What a phrase does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Said {
    /// Says nothing of its own.
    Filler,
    /// Introduces a value or a condition: `for`, `in`, `with`.
    Of,
    Count,
    HowMuch,
    Share,
    Measure(Kind),
    /// A measure that needs no more words, unless a number follows.
    Preset(Kind, &'static str),
    /// What follows makes the groups.
    Which,
    Who,
    By,
    /// Groups or a span of time: `each service`, `each day`.
    Each,
    Per(&'static str),
    GroupBy(&'static str),
    /// Of which rows there are the most.
    Busiest(&'static str),
    BusiestBy(&'static str),
    Where,
    Not,
    And,
    Or,
    Is,
    Above,
    AtLeast,
    Below,
    Top,
    /// The most of what follows, or the first of what is counted.
    Most,
    /// The most frequent ones.
    MostFrequent,
    MostVisited,
    Rows,
    Visitors,
    Sessions,
    /// Money that did not come in.
    Lost,
    Only(Condition),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Total,
    Average,
    Largest,
    Smallest,
    Median,
    Percentile95,
}

/// A condition that has a word of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Condition {
    Errors,
    Slow,
    Well,
    Yes(&'static str),
    Between(f64, f64),
    Value(&'static str, &'static str),
}

impl Kind {
    pub fn of(self, concept: String) -> Measure {
        match self {
            Kind::Total => Measure::Total(concept),
            Kind::Average => Measure::Average(concept),
            Kind::Largest => Measure::Largest(concept),
            Kind::Smallest => Measure::Smallest(concept),
            Kind::Median => Measure::Median(concept),
            Kind::Percentile95 => Measure::Percentile95(concept),
        }
    }
}

const STATUS: &str = "http.response.status_code";
const DURATION: &str = "event.duration";
pub(super) const PAYMENT: &str = "transaction.is_attempt";
pub(super) const FAILED_PAYMENT: &str = "transaction.is_failed";
pub(super) const BOT: &str = "user_agent.is_bot";
pub(super) const AMOUNT: &str = "transaction.amount";
pub(super) const SIGN_IN: &str = "auth.is_attempt";
pub(super) const FAILED_SIGN_IN: &str = "auth.is_failed";

impl Condition {
    /// Slow is what takes longer than this, until somebody turns the dial.
    const SLOW: f64 = 3.0;

    pub fn only(self) -> Vec<Only> {
        let above = |limit| Only::Above { concept: STATUS.into(), limit };
        let is = |concept: &str, value: &str| Only::Is { concept: concept.into(), value: value.into() };
        match self {
            Condition::Errors => vec![Only::Errors],
            Condition::Slow => vec![Only::SlowerThan { seconds: Self::SLOW }],
            Condition::Well => vec![is("event.is_error", "no")],
            Condition::Yes(concept) => vec![is(concept, "yes")],
            Condition::Between(low, high) => {
                vec![above(low), Only::Below { concept: STATUS.into(), limit: high }]
            }
            Condition::Value(concept, value) => vec![is(concept, value)],
        }
    }
}

/// Phrases, those of one meaning with bars between them; the longest that fits is taken. Words count in the singular,
/// too.
pub(super) const PHRASES: &[(&str, Said)] = &[
    (
        "the|a|an|our|all|do|does|did|is|are|was|were|be|been|being|there|have|has|had|we|get|got|getting|see|saw|please|\
         show|show me|give|give me|list|tell me|what|what is|what are|what's|how|it|its|they|them|their|take|takes|took|\
         taken|need|needs|needed|use|uses|used|using|make|makes|made|come|comes|came|come from|came from|comes from|go|\
         goes|happen|happens|happened|occur|occurs|occurred|receive|receives|received|serve|serves|served|send|sends|\
         sent|look at|visited|open|opened|i want to know|i would like to know|know|any|lasts|lasted|\
         overall|in all|altogether|recorded|active|different|unique|distinct|usually|typically|normally|generally|over \
         time|on average per|measured|value of|run|runs|ran|time it takes|people's|number|rate|us",
        Said::Filler,
    ),
    ("of|for|in|on|at|from|during|within|among|to", Said::Of),
    (
        "how many|number of|the number of|count of|count|count the|how often|how often do|how often does|total number \
         of|how frequently|frequency of|quantity of|volume of requests",
        Said::Count,
    ),
    ("how much|amount of", Said::HowMuch),
    (
        "share of|which share of|what share of|percentage of|what percentage of|which percentage of|percent of|per cent \
         of|what percent of|how many percent of|how many per cent of|proportion of|what proportion of|fraction of|what \
         fraction of|ratio of|part of|which part of|what part of|rate of",
        Said::Share,
    ),
    ("total|sum|sum of|total of|sum up|overall total of|cumulated", Said::Measure(Kind::Total)),
    ("average|mean|avg|on average|average of|mean of|in average", Said::Measure(Kind::Average)),
    (
        "largest|highest|maximum|max|biggest|peak|greatest|maximal|maximum of|max of|at most",
        Said::Measure(Kind::Largest),
    ),
    ("smallest|lowest|minimum|min|least|minimal|minimum of|min of", Said::Measure(Kind::Smallest)),
    ("median|typical|usual|median of|p50|p50 of|50th percentile|50th percentile of", Said::Measure(Kind::Median)),
    (
        "p95|p95 of|95th percentile|95th percentile of|95 percentile of|percentile 95 of|95 % of",
        Said::Measure(Kind::Percentile95),
    ),
    ("how long|how fast|how quick|how quickly", Said::Preset(Kind::Median, DURATION)),
    (
        "slowest|how slow|take longest|take the longest|takes longest|takes the longest|took \
         longest|took the longest|latency|response time",
        Said::Preset(Kind::Percentile95, DURATION),
    ),
    ("longest|longest lasting", Said::Preset(Kind::Largest, DURATION)),
    ("how big|how large|how heavy", Said::Preset(Kind::Median, "http.response.body.size")),
    ("heaviest", Said::Preset(Kind::Largest, "http.response.body.size")),
    ("traffic|how much traffic|how much data|bandwidth", Said::Preset(Kind::Total, "http.response.body.size")),
    (
        "how much money|revenue|turnover|sales|income|money|how much revenue|order value|order amount|basket value",
        Said::Preset(Kind::Total, AMOUNT),
    ),
    ("lose|loses|lost|losing|lost by|lost to", Said::Lost),
    ("most expensive|cost most|costs most|cost the most|costs the most", Said::Preset(Kind::Total, "cost.amount")),
    ("which|what kind of|what kinds of|which kind of|which kinds of", Said::Which),
    ("who", Said::Who),
    ("by|grouped by|group by|split by|broken down by|depending on", Said::By),
    ("per|each|every|for each|for every|in each|in every", Said::Each),
    (
        "per minute|minutely|a minute|each minute|every minute|by minute|by the minute|minute by minute",
        Said::Per("minute"),
    ),
    (
        "per hour|hourly|an hour|each hour|every hour|by hour|by the hour|hour by hour|in an hour|when",
        Said::Per("hour"),
    ),
    (
        "per day|daily|a day|each day|every day|by day|by the day|day by day|in a day|by date|per date|over days|over \
         the days",
        Said::Per("day"),
    ),
    ("per week|weekly|a week|each week|every week|by week|week by week|in a week", Said::Per("week")),
    ("per month|monthly|a month|each month|every month|by month|month by month|in a month", Said::Per("month")),
    (
        "per hour of the day|by hour of the day|by hour of day|by time of day|by the time of day|at what time of day|at \
         which time of day|at what time|at what hour of the day|at which hour of the day|at which hour|at what hour|by \
         daytime|what time of day",
        Said::GroupBy("time.hour_of_day"),
    ),
    (
        "per weekday|by weekday|by day of week|by day of the week|per day of the week|each weekday|on which weekday|on \
         which day of the week|which weekday|which day of the week",
        Said::GroupBy("time.day_of_week"),
    ),
    ("busiest hour", Said::Busiest("hour")),
    ("busiest day", Said::Busiest("day")),
    ("busiest week", Said::Busiest("week")),
    ("busiest month", Said::Busiest("month")),
    ("busiest hour of the day|busiest time of day|busiest time of the day", Said::BusiestBy("time.hour_of_day")),
    ("busiest weekday|busiest day of the week", Said::BusiestBy("time.day_of_week")),
    ("where|that|whose|with|having|if|only|which have|that have|who have|that are|which are|who are", Said::Where),
    ("not|without|no|excluding|except|except for|apart from|other than|but not|but no|leaving out|ignoring", Said::Not),
    ("and|,|also|as well as", Said::And),
    ("or", Said::Or),
    ("=|==|equals|equal to|is equal to", Said::Is),
    (
        "above|over|more than|greater than|higher than|larger than|bigger than|longer than|slower than|exceeding|exceeds|\
         exceed|beyond|>",
        Said::Above,
    ),
    ("at least|>=|or more|no less than", Said::AtLeast),
    ("below|under|less than|fewer than|lower than|smaller than|shorter than|faster than|<", Said::Below),
    ("top|first|best|worst", Said::Top),
    ("most|the most|the most of", Said::Most),
    (
        "most frequent|most common|most often|most frequently|busiest|most used|used most|most active|most requested|\
         requested most|noisiest|loudest|used the most|occur most|happen most|most called|called most|most important",
        Said::MostFrequent,
    ),
    ("most visited|visited most|most popular|most viewed|viewed most|most seen", Said::MostVisited),
    (
        "row|request|response|event|line|entry|hit|call|log line|log entry|message|page view|pageview|view|sample|record|click|\
         access|api call|requested|called|total request|total row|load",
        Said::Rows,
    ),
    ("user|people|person|visitor", Said::Visitors),
    ("session|visit", Said::Sessions),
    (
        "error|failure|failed request|failing request|failed|fail|failing|broken|went wrong|go wrong|goes wrong|fault|\
         unsuccessful|unsuccessful request|failed event|error rate|failure rate|error line|problem",
        Said::Only(Condition::Errors),
    ),
    (
        "succeed|succeeds|succeeded|successful|successfully|succeeding|went well|go well|goes well|went through|go through|\
         goes through|without error|without errors",
        Said::Only(Condition::Well),
    ),
    ("server error|5xx|5xxs|5xx error|5xx response|status 5xx", Said::Only(Condition::Between(499.0, 600.0))),
    ("client error|4xx|4xxs|4xx error|4xx response|status 4xx", Said::Only(Condition::Between(399.0, 500.0))),
    ("redirect|redirection|3xx|3xxs|3xx response|status 3xx", Said::Only(Condition::Between(299.0, 400.0))),
    ("slow|slow request|slow response|too slow|slow call", Said::Only(Condition::Slow)),
    (
        "failed payment|failed transaction|failed order|payment failure|declined payment|payment error|failed purchase|\
         failed checkout|refused payment",
        Said::Only(Condition::Yes(FAILED_PAYMENT)),
    ),
    ("payment|transaction", Said::Only(Condition::Yes(PAYMENT))),
    (
        "failed login|failed logins|failed sign-in|login failure|failed log-in|failed logon|rejected login|wrong password",
        Said::Only(Condition::Yes(FAILED_SIGN_IN)),
    ),
    ("login|sign-in|log-in|logon|signin", Said::Only(Condition::Yes(SIGN_IN))),
    (
        "bot|robot|crawler|bot traffic|bot request|by bots|by robots|by crawlers|program",
        Said::Only(Condition::Yes(BOT)),
    ),
    (
        "weekend|weekends|at the weekend|at weekends|on weekends|on the weekend",
        Said::Only(Condition::Yes("time.is_weekend")),
    ),
    ("static file|static|asset|static request", Said::Only(Condition::Yes("url.is_static"))),
    ("probe|attack|scan|scanner", Said::Only(Condition::Yes("security.is_probe"))),
    ("get request", Said::Only(Condition::Value("http.request.method", "GET"))),
    ("post request", Said::Only(Condition::Value("http.request.method", "POST"))),
    ("put request", Said::Only(Condition::Value("http.request.method", "PUT"))),
    ("delete request", Said::Only(Condition::Value("http.request.method", "DELETE"))),
    ("not found|page not found|broken link", Said::Only(Condition::Value(STATUS, "404"))),
];

/// Words of time that no sentence can take: an answer is about all of the data.
pub(super) const TIMES: [&str; 14] = [
    "today",
    "yesterday",
    "tomorrow",
    "now",
    "currently",
    "recently",
    "this",
    "last",
    "past",
    "since",
    "until",
    "ago",
    "next",
    "previous",
];
