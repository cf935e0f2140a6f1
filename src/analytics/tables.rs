//! A report as tables, for the page, files and commands alike.

use super::count::Totals;
use super::report::Report;
use super::span::Days;
use crate::store::analytics::Calls;
use crate::store::conversations::Channel;

/// The tables that there are.
pub const TABLES: [&str; 10] = [
    "figures",
    "outcomes",
    "days",
    "channels",
    "assistants",
    "rungs",
    "satisfaction",
    "hours",
    "topics",
    "calls",
];

/// Rows below heads; the first column names the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// One of [`TABLES`].
    pub name: &'static str,
    pub title: &'static str,
    pub heads: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

fn heads(of: &[&str]) -> Vec<String> {
    of.iter().map(|head| (*head).to_owned()).collect()
}

/// A share in percent with one digit; a dash for none.
pub fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// Seconds with one digit, of ms.
pub fn seconds(ms: Option<u64>) -> String {
    ms.map_or_else(
        || "–".to_owned(),
        |ms| format!("{:.1} s", ms as f64 / 1000.0),
    )
}

/// A mean score with two digits.
pub fn score(of: Option<f64>) -> String {
    of.map_or_else(|| "–".to_owned(), |of| format!("{of:.2}"))
}

fn minutes(calls: &[Calls]) -> String {
    let ms: u64 = calls.iter().map(|of| of.ms).sum();
    format!("{:.1}", ms as f64 / 60_000.0)
}

/// What a channel is called.
pub fn channel(of: Channel) -> &'static str {
    match of {
        Channel::Chat => "Website",
        Channel::Voice => "Call",
        Channel::Api => "Program",
        Channel::Cli => "Command line",
    }
}

/// What a rung of the answers is called.
pub fn rung(name: &str) -> &'static str {
    match name {
        "faq" => "Approved answer",
        "fact" => "Business fact",
        "read" => "Quotation",
        "model" => "Language model",
        "related" => "Something related only",
        "refusal" => "No answer",
        "talk" => "Small talk",
        _ => "Something else",
    }
}

/// How a part of the days is written: a day, or its first and last one.
pub fn course_of(days: &Days) -> String {
    match days.from == days.until {
        true => days.from.to_string(),
        false => format!("{} to {}", days.from, days.until),
    }
}

/// One table of a report by its name.
pub fn table(of: &Report, name: &str) -> Option<Table> {
    Some(match name {
        "figures" => figures(of),
        "outcomes" => outcomes(of),
        "days" => days(of),
        "channels" => channels(of),
        "assistants" => assistants(of),
        "rungs" => rungs(of),
        "satisfaction" => satisfaction(of),
        "hours" => hours(of),
        "topics" => topics(of),
        "calls" => calls(of),
        _ => return None,
    })
}

fn figures(of: &Report) -> Table {
    let number = |name: &str, figure: &dyn Fn(&Totals) -> String| {
        vec![name.to_owned(), figure(&of.now), figure(&of.earlier)]
    };
    let count = |figure: fn(&Totals) -> u64| move |of: &Totals| figure(of).to_string();
    let mut rows = vec![
        number("Conversations", &count(|of| of.conversations)),
        number("Settled without a person", &count(|of| of.resolved)),
        number("Settled without a person, share", &|of| {
            percent(of.resolution())
        }),
        number("Without a person, settled or not, share", &|of| {
            percent(of.containment())
        }),
        number("Questions answered, share", &|of| percent(of.answering())),
        number("Messages of visitors", &count(|of| of.questions)),
        number("Calls for a person", &count(|of| of.asked)),
        number("Taken by a person", &count(|of| of.taken)),
        number("Missed", &count(|of| of.missed)),
        number("Waiting now", &count(|of| of.waiting)),
        number("Staff came uncalled", &count(|of| of.stepped_in)),
        number("Time until a person came, median", &|of| {
            seconds(of.take_ms(50))
        }),
        number("Time until a person came, 95 %", &|of| {
            seconds(of.take_ms(95))
        }),
        number("Satisfaction, 1 to 5", &|of| score(of.satisfaction())),
        number("Satisfaction, ratings", &count(Totals::rated)),
        number("Thumbs up", &count(|of| of.up)),
        number("Thumbs down", &count(|of| of.down)),
        number("Answers reported as false", &count(|of| of.reported)),
        number("Gaps", &count(|of| of.gaps)),
        number("Leads and calls to make", &count(|of| of.leads)),
        number("Answer time, median", &|of| seconds(of.answer_ms(50))),
        number("Answer time, 95 %", &|of| seconds(of.answer_ms(95))),
    ];
    let sum = |calls: &[Calls]| calls.iter().map(|of| of.calls).sum::<u64>().to_string();
    rows.push(vec![
        "Calls".to_owned(),
        sum(&of.calls),
        sum(&of.calls_earlier),
    ]);
    rows.push(vec![
        "Minutes of calls".to_owned(),
        minutes(&of.calls),
        minutes(&of.calls_earlier),
    ]);
    Table {
        name: "figures",
        title: "All figures",
        heads: heads(&["Figure", "These days", "The days before"]),
        rows,
    }
}

/// The ends of conversations with their names, the best first.
pub fn ends(of: &Totals) -> [(&'static str, u64); 6] {
    [
        ("Settled without a person", of.resolved),
        ("Answered, and the visitor left without a word", of.left),
        ("Not answered, or rated as bad", of.unanswered),
        ("With a person", of.person),
        ("Nothing was asked", of.empty),
        ("Goes on", of.going),
    ]
}

fn outcomes(of: &Report) -> Table {
    let both = ends(&of.now).into_iter().zip(ends(&of.earlier));
    let row = |((name, now), (_, earlier)): ((&str, u64), (&str, u64))| {
        let share = (of.now.conversations > 0).then(|| now as f64 / of.now.conversations as f64);
        vec![
            name.to_owned(),
            now.to_string(),
            percent(share),
            earlier.to_string(),
        ]
    };
    Table {
        name: "outcomes",
        title: "How conversations ended",
        heads: heads(&["End", "Conversations", "Share", "The days before"]),
        rows: both.map(row).collect(),
    }
}

fn days(of: &Report) -> Table {
    let row = |(days, totals): &(Days, Totals)| {
        let mut cells = vec![course_of(days), totals.conversations.to_string()];
        cells.extend(ends(totals).map(|(_, number)| number.to_string()));
        cells.push(seconds(totals.answer_ms(50)));
        cells
    };
    let mut names = heads(&["Days", "Conversations"]);
    names.extend(ends(&of.now).map(|(name, _)| name.to_owned()));
    names.push("Answer time, median".to_owned());
    Table {
        name: "days",
        title: "Day by day",
        heads: names,
        rows: of.course.iter().map(row).collect(),
    }
}

fn channels(of: &Report) -> Table {
    let row = |(kind, now, earlier): &(Channel, Totals, Totals)| {
        vec![
            channel(*kind).to_owned(),
            now.conversations.to_string(),
            earlier.conversations.to_string(),
            percent(now.resolution()),
            percent(now.containment()),
        ]
    };
    let names = [
        "Channel",
        "Conversations",
        "The days before",
        "Settled without a person",
        "Without a person",
    ];
    Table {
        name: "channels",
        title: "Channels",
        heads: heads(&names),
        rows: of.channels.iter().map(row).collect(),
    }
}

fn assistants(of: &Report) -> Table {
    let rows = of.assistants.iter().map(|one| {
        let title = match one.title.as_str() {
            "" => "Removed, or none",
            title => title,
        };
        let totals = &one.totals;
        vec![
            title.to_owned(),
            one.version
                .map_or_else(|| "–".to_owned(), |n| n.to_string()),
            totals.conversations.to_string(),
            percent(totals.resolution()),
            percent(totals.containment()),
            percent(totals.answering()),
            score(totals.satisfaction()),
        ]
    });
    let names = [
        "Assistant",
        "Version",
        "Conversations",
        "Settled without a person",
        "Without a person",
        "Questions answered",
        "Satisfaction",
    ];
    Table {
        name: "assistants",
        title: "Assistants",
        heads: heads(&names),
        rows: rows.collect(),
    }
}

fn rungs(of: &Report) -> Table {
    let now = of.now.rungs.all().into_iter();
    let both = now.zip(of.earlier.rungs.all()).zip(of.alone.all());
    let rows = both.map(|(((name, now), (_, earlier)), (_, alone))| {
        let numbers = [now, earlier, alone].map(|number| number.to_string());
        std::iter::once(rung(name).to_owned())
            .chain(numbers)
            .collect::<Vec<String>>()
    });
    let names = [
        "Answered by",
        "Answers",
        "The days before",
        "Outside of conversations",
    ];
    Table {
        name: "rungs",
        title: "What answered",
        heads: heads(&names),
        rows: rows.collect(),
    }
}

fn satisfaction(of: &Report) -> Table {
    let both = (1..).zip(of.now.csat.iter().zip(&of.earlier.csat));
    let rows = both.map(|(score, (now, earlier)): (u8, _)| {
        vec![score.to_string(), now.to_string(), earlier.to_string()]
    });
    Table {
        name: "satisfaction",
        title: "Satisfaction",
        heads: heads(&["Score", "Conversations", "The days before"]),
        rows: rows.collect(),
    }
}

/// Names of the days of a week, from Monday.
pub const WEEK: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

fn hours(of: &Report) -> Table {
    let mut names = heads(&["Day"]);
    names.extend((0..24).map(|hour| format!("{hour:02}:00")));
    let rows = WEEK.iter().zip(&of.hours).map(|(day, hours)| {
        let mut cells = vec![(*day).to_owned()];
        cells.extend(hours.iter().map(u64::to_string));
        cells
    });
    Table {
        name: "hours",
        title: "Busiest hours",
        heads: names,
        rows: rows.collect(),
    }
}

fn topics(of: &Report) -> Table {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for topic in &of.topics {
        rows.push(vec![
            topic.name.clone(),
            topic.questions.to_string(),
            topic.answered.to_string(),
            topic.earlier.to_string(),
        ]);
    }
    if of.topicless > 0 {
        let other = of.topicless.to_string();
        let dash = || "–".to_owned();
        rows.push(vec!["Other questions".to_owned(), other, dash(), dash()]);
    }
    Table {
        name: "topics",
        title: "Topics",
        heads: heads(&["Topic", "Questions", "Answered", "The days before"]),
        rows,
    }
}

fn calls(of: &Report) -> Table {
    let rows = of.calls.iter().map(|one| {
        vec![
            one.channel.clone(),
            one.calls.to_string(),
            one.answered.to_string(),
            minutes(std::slice::from_ref(one)),
        ]
    });
    Table {
        name: "calls",
        title: "Calls",
        heads: heads(&["Channel", "Calls", "Answered", "Minutes"]),
        rows: rows.collect(),
    }
}
