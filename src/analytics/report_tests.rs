//! The figures of a seeded store are those that other queries find, which read the messages, receipts and events themselves.

use jiff::civil::{Date, date};
use serde_json::json;

use super::*;
use crate::store::facts::{self, Settings};
use crate::store::{Connection, Transaction, WorkspaceId};

const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;
/// 20 February 2026, 00:00 in Berlin. The clocks there change on 29 March, 01:00 UTC.
const BEGIN: i64 = 1_771_542_000_000;
const SUMMER: i64 = 1_774_746_000_000;

/// A number below `below`, by xorshift64*: the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: i64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        i64::try_from(number).unwrap() % below
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        let most = i64::try_from(all.len()).unwrap();
        all[usize::try_from(self.roll(most)).unwrap()]
    }
}

fn zone(tx: &Transaction<'_>, workspace: WorkspaceId, name: &str) {
    let settings = Settings {
        time_zone: Some(name.to_owned()),
        ..Settings::default()
    };
    facts::set_settings(tx, workspace, &settings).unwrap();
}

/// A store with `many` conversations over 80 days from [`BEGIN`] on, and one workspace beside it.
fn seeded(many: i64) -> (Store, WorkspaceId) {
    let store = Store::open_in_memory().unwrap();
    let seeded = store.write_blocking(|tx| {
        let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
        let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
        zone(tx, shop, "Europe/Berlin");
        for (id, name) in [("a1", "One"), ("a2", "Two")] {
            let id = assistant(id);
            tx.execute(
                "INSERT INTO assistants (id, workspace, name, title, instructions, greeting, created_at, updated_at)
                 VALUES (?, ?, ?, ?, '', '', 1, 1)",
                (id, shop, name, name),
            )?;
        }
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
        for number in 0..many {
            // Every ninth is another business's.
            let workspace = if number % 9 == 8 { other } else { shop };
            conversation(tx, workspace, number, &mut dice);
        }
        while crate::store::analytics::refresh(tx, 100)? > 0 {}
        Ok(shop)
    });
    let shop = seeded.unwrap();
    (store, shop)
}

fn assistant(name: &str) -> String {
    let digit = name.trim_start_matches('a');
    format!("00000000-0000-7000-8000-00000000000{digit}")
}

/// One made-up conversation with what belongs to it.
fn conversation(tx: &Transaction<'_>, workspace: WorkspaceId, number: i64, dice: &mut Dice) {
    let id = format!("00000000-0000-7000-9000-{number:012}");
    let begun = BEGIN + dice.roll(80 * 24 * 60) * MINUTE;
    let channel = dice.pick(&["chat", "chat", "chat", "voice", "api", "cli"]);
    let visitor = dice.pick(&[Some("v"), Some("v"), Some("v"), None]);
    let of = dice.pick(&[Some("a1"), Some("a2"), None]).map(assistant);
    let closed = dice.roll(3) == 0;
    let (spam, due) = (dice.roll(12) == 0, (dice.roll(12) == 0).then_some(1));
    let turns = dice.roll(5);
    let last = begun + turns * MINUTE;
    let state = if closed { "closed" } else { "open" };
    tx.execute(
        "INSERT INTO conversations (id, workspace, assistant, channel, visitor, state, started_at, last_at, title, spam, due_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)",
        (&id, workspace, of, channel, visitor, state, begun, last, spam, due),
    )
    .unwrap();
    for turn in 0..turns {
        let at = begun + turn * MINUTE;
        tx.execute(
            "INSERT INTO messages (id, conversation, workspace, role, text, state, created_at)
             VALUES (?, ?, ?, 'user', 'x', 'complete', ?)",
            (format!("m{number}-{turn}"), &id, workspace, at),
        )
        .unwrap();
        let rung = dice.pick(&[
            "faq", "fact", "read", "read", "model", "related", "refusal", "talk",
        ]);
        let talk = dice.pick(&["thanks", "greeting", "thanks"]);
        let mut checks = json!({ "assistant_version": 1 + number % 2 });
        if rung == "talk" {
            checks["talk"] = json!(talk);
        }
        let receipt = format!("r{number}-{turn}");
        tx.execute(
            "INSERT INTO receipts (id, workspace, conversation, question, rung, answer, passages, checks, timings, tokens, created_at)
             VALUES (?, ?, ?, 'q', ?, 'a', '[]', ?, ?, '{}', ?)",
            (&receipt, workspace, &id, rung, checks.to_string(), format!("{{\"total\":{}}}", 50 + dice.roll(4000)), at),
        )
        .unwrap();
        if dice.roll(6) == 0 {
            let value = dice.pick(&[1, 1, -1]);
            tx.execute(
                "INSERT INTO ratings (receipt, workspace, value, created_at) VALUES (?, ?, ?, ?)",
                (&receipt, workspace, value, at),
            )
            .unwrap();
        }
        if rung == "refusal" {
            tx.execute(
                "INSERT INTO gaps (receipt, workspace, question, reason, state, created_at) VALUES (?, ?, 'q', 'refused', 'open', ?)",
                (&receipt, workspace, at),
            )
            .unwrap();
        }
    }
    let event = |kind: &str, data: &str, at: i64| {
        tx.execute(
            "INSERT INTO events (workspace, kind, subject, data, at) VALUES (?, ?, ?, ?, ?)",
            (workspace, kind, &id, data, at),
        )
        .unwrap();
    };
    match dice.roll(8) {
        0 => {
            event("conversation_waiting", "{}", last);
            event(
                "conversation_taken",
                "{\"by\":\"x\"}",
                last + dice.roll(300_000),
            );
        }
        1 => {
            event("conversation_waiting", "{}", last);
            event(
                "conversation_expired",
                "{\"reason\":\"timeout\"}",
                last + 180_000,
            );
        }
        2 => event("conversation_expired", "{\"reason\":\"closed\"}", last),
        _ => {}
    }
    if closed {
        let by = dice.pick(&["{\"by\":null}", "{\"by\":\"x\"}"]);
        event("conversation_closed", by, last + HOUR);
    }
    if dice.roll(7) == 0 {
        tx.execute(
            "INSERT INTO satisfaction (conversation, workspace, score, created_at) VALUES (?, ?, ?, 1)",
            (&id, workspace, 1 + dice.roll(5)),
        )
        .unwrap();
    }
    if dice.roll(15) == 0 {
        tx.execute(
            "INSERT INTO tasks (id, workspace, kind, state, conversation, name, wish, due_at, created_at)
             VALUES (?, ?, 'lead', 'open', ?, '', '', 1, 1)",
            (format!("t{number}"), workspace, &id),
        )
        .unwrap();
    }
    if channel == "voice" {
        tx.execute(
            "INSERT INTO calls (id, workspace, channel, status, started_at, answered_at, ended_at)
             VALUES (?, ?, 'browser', 'completed', ?, ?, ?)",
            (
                format!("c{number}"),
                workspace,
                begun,
                begun + 500,
                begun + 500 + dice.roll(600_000),
            ),
        )
        .unwrap();
    }
}

/// The conversations that count, by conditions of their own: ?1 workspace, ?2 from, ?3 until.
const COUNTED: &str = "SELECT c.* FROM conversations c LEFT JOIN (SELECT 1 AS one) ON 1 = 1
    WHERE c.workspace = ?1 AND c.started_at BETWEEN ?2 AND ?3 - 1 AND c.spam <> 1 AND c.due_at IS NULL
          AND NOT (c.visitor IS NULL AND c.begun_by IS NULL AND c.channel NOT IN ('chat', 'voice'))";

/// Conversations with their end, told by set operations instead of a walk over each.
fn ends_sql() -> String {
    format!(
        "WITH counted AS ({COUNTED}),
         people AS (
             SELECT subject AS id FROM events WHERE kind IN ('conversation_waiting', 'conversation_expired')
             UNION SELECT conversation FROM tasks WHERE conversation IS NOT NULL
             UNION SELECT subject FROM events e WHERE kind = 'conversation_taken' ),
         asked AS (
             SELECT conversation AS id, max(seq) AS seq FROM receipts WHERE rung <> 'talk' GROUP BY 1),
         good AS (SELECT a.id, a.seq FROM asked a JOIN receipts r USING (seq) WHERE r.rung IN ('faq', 'fact', 'read', 'model')),
         bad AS (
             SELECT r.conversation AS id FROM ratings t JOIN receipts r ON r.id = t.receipt WHERE t.value < 0
             UNION SELECT conversation FROM satisfaction WHERE score < 3),
         glad AS (
             SELECT r.conversation AS id FROM ratings t JOIN receipts r ON r.id = t.receipt WHERE t.value > 0
             UNION SELECT conversation FROM satisfaction WHERE score > 3
             UNION SELECT r.conversation FROM receipts r JOIN asked a ON a.id = r.conversation
                   WHERE r.seq > a.seq AND r.rung = 'talk' AND r.checks LIKE '%\"talk\":\"thanks\"%'
                         AND r.seq = (SELECT max(seq) FROM receipts x WHERE x.conversation = r.conversation
                                      AND x.rung = 'talk' AND x.checks LIKE '%\"talk\":\"thanks\"%')
             UNION SELECT subject FROM events WHERE kind = 'conversation_closed' AND data LIKE '%null%')
         SELECT CASE WHEN id IN (SELECT id FROM people) THEN 'person'
                     WHEN id NOT IN (SELECT id FROM asked) THEN 'empty'
                     WHEN id NOT IN (SELECT id FROM good) OR id IN (SELECT id FROM bad) THEN 'unanswered'
                     WHEN id IN (SELECT id FROM glad) THEN 'resolved' ELSE 'left' END AS outcome, count(*)
         FROM counted GROUP BY 1"
    )
}

fn number(conn: &Connection, sql: &str, of: (WorkspaceId, i64, i64)) -> u64 {
    let found: Option<i64> = conn.query_row(sql, of, |row| row.get(0)).unwrap();
    found.unwrap_or_default().unsigned_abs()
}

fn days(from: Date, until: Date) -> Wanted {
    Wanted {
        days: Days { from, until },
        channel: None,
        assistant: None,
    }
}

/// A year later, so that nothing goes on.
const LATER: i64 = BEGIN + 400 * 24 * HOUR;

#[test]
fn all_figures_are_those_of_other_queries() {
    let (store, shop) = seeded(1_500);
    // Over the change of the clocks: 16 March to 12 April.
    let wanted = days(date(2026, 3, 16), date(2026, 4, 12));
    let (from, until) = (BEGIN + 24 * 24 * HOUR, BEGIN + 52 * 24 * HOUR - HOUR);
    let before = (from - 28 * 24 * HOUR, from);
    store
        .read_blocking(|conn| {
            let report = load(conn, shop, wanted, LATER)?;
            for (totals, (from, until)) in [(&report.now, (from, until)), (&report.earlier, before)]
            {
                compare(conn, totals, (shop, from, until));
            }
            assert!(
                report.now.conversations > 300,
                "{}",
                report.now.conversations
            );
            parts(conn, &report, (shop, from, until));
            Ok(())
        })
        .unwrap();
}

fn compare(conn: &Connection, of: &Totals, span: (WorkspaceId, i64, i64)) {
    let count = |sql: &str| number(conn, sql, span);
    let counted = |what: &str| count(&format!("WITH counted AS ({COUNTED}) {what}"));
    assert_eq!(of.conversations, counted("SELECT count(*) FROM counted"));
    let sql = ends_sql();
    let mut statement = conn.prepare(&sql).unwrap();
    let ends = statement
        .query_map(span, |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?.unsigned_abs(),
            ))
        })
        .unwrap();
    let ends: std::collections::HashMap<String, u64> = ends.collect::<Result<_, _>>().unwrap();
    let end = |name: &str| ends.get(name).copied().unwrap_or_default();
    let found = [of.person, of.empty, of.unanswered, of.resolved, of.left];
    let told = ["person", "empty", "unanswered", "resolved", "left"].map(end);
    assert_eq!(found, told);
    assert!(told.iter().all(|number| *number > 0), "{told:?}");
    assert_eq!(of.going, 0);

    let messages = "SELECT count(*) FROM messages WHERE role = 'user' AND conversation IN (SELECT id FROM counted)";
    assert_eq!(of.questions, counted(messages));
    let receipts = "FROM counted c JOIN receipts r ON r.conversation = c.id";
    for (name, number) in of.rungs.all() {
        let sql = format!("SELECT count(*) {receipts} WHERE r.rung = '{name}'");
        assert_eq!(number, counted(&sql), "{name}");
    }
    let rated = format!("{receipts} JOIN ratings t ON t.receipt = r.id");
    assert_eq!(of.up, counted(&format!("SELECT sum(t.value = 1) {rated}")));
    assert_eq!(
        of.down,
        counted(&format!("SELECT sum(t.value = -1) {rated}"))
    );
    let reported = format!(
        "SELECT count(*) {rated} WHERE t.value = -1 AND r.rung NOT IN ('refusal', 'related', 'talk')"
    );
    assert_eq!(of.reported, counted(&reported));
    for (score, number) in (1..).zip(of.csat) {
        let sql = format!(
            "SELECT count(*) FROM satisfaction s WHERE score = {score} AND EXISTS (SELECT 1 FROM counted WHERE id = s.conversation)"
        );
        assert_eq!(number, counted(&sql), "{score}");
    }
    let gaps = "SELECT count(*) FROM gaps g WHERE EXISTS (SELECT 1 FROM receipts r JOIN counted c ON c.id = r.conversation
                WHERE r.id = g.receipt)";
    assert_eq!(of.gaps, counted(gaps));
    let tasks = "SELECT count(*) FROM tasks WHERE conversation IN (SELECT id FROM counted)";
    assert_eq!(of.leads, counted(tasks));

    let events = |what: &str| {
        counted(&format!(
            "SELECT count(*) FROM events e JOIN counted c ON c.id = e.subject WHERE {what}"
        ))
    };
    let asked = "e.kind = 'conversation_waiting' OR (e.kind = 'conversation_expired' AND e.data LIKE '%\"closed\"%')";
    assert_eq!(of.asked, events(asked));
    assert_eq!(of.taken, events("e.kind = 'conversation_taken'"));
    assert_eq!(of.missed, events("e.kind = 'conversation_expired'"));
    assert_eq!(of.asked, of.taken + of.missed);
    let took = "SELECT t.at - w.at AS ms FROM counted c JOIN events w ON w.subject = c.id AND w.kind = 'conversation_waiting'
                JOIN events t ON t.subject = c.id AND t.kind = 'conversation_taken'";
    let times = format!("SELECT json_extract(r.timings, '$.total') AS ms {receipts}");
    for percent in [50, 95] {
        // Nearest rank: the first number that at least so many percent are not above.
        let rank = |of: &str| {
            counted(&format!(
                "SELECT min(ms) FROM (SELECT ms, cume_dist() OVER (ORDER BY ms) AS share FROM ({of})) WHERE share >= {percent} / 100.0 - 1e-9"
            ))
        };
        assert_eq!(of.take_ms(percent), Some(rank(took)), "{percent}");
        assert_eq!(of.answer_ms(percent), Some(rank(&times)), "{percent}");
    }
}

/// Channels, assistants, days, hours and calls.
fn parts(conn: &Connection, of: &Report, span: (WorkspaceId, i64, i64)) {
    let counted = |what: &str| number(conn, &format!("WITH counted AS ({COUNTED}) {what}"), span);
    for (channel, now, _) in &of.channels {
        let sql = format!("SELECT count(*) FROM counted WHERE channel = '{channel}'");
        assert_eq!(now.conversations, counted(&sql), "{channel}");
    }
    let all: u64 = of
        .channels
        .iter()
        .map(|(_, now, _)| now.conversations)
        .sum();
    assert_eq!(all, of.now.conversations);
    for one in &of.assistants {
        let id = one
            .id
            .map_or("IS NULL".to_owned(), |id| format!("= '{id}'"));
        let version = one
            .version
            .map_or("IS NULL".to_owned(), |n| format!("= {n}"));
        let sql = format!(
            "SELECT count(*) FROM counted c WHERE assistant {id} AND (SELECT json_extract(checks, '$.assistant_version')
             FROM receipts r WHERE r.conversation = c.id ORDER BY seq LIMIT 1) {version}"
        );
        assert_eq!(one.totals.conversations, counted(&sql), "{}", one.title);
    }
    assert!(
        of.assistants
            .iter()
            .any(|one| one.title == "Two" && one.version == Some(2))
    );
    // Berlin is an hour ahead, and two from the change on.
    let local = format!(
        "(started_at + {HOUR} + CASE WHEN started_at >= {SUMMER} THEN {HOUR} ELSE 0 END) / 1000, 'unixepoch'"
    );
    assert_eq!(of.course.len(), 28);
    for (days, totals) in &of.course {
        let sql = format!(
            "SELECT count(*) FROM counted WHERE date({local}) = '{}'",
            days.from
        );
        assert_eq!(totals.conversations, counted(&sql), "{}", days.from);
    }
    for (day, hours) in of.hours.iter().enumerate() {
        for (hour, number) in hours.iter().enumerate() {
            let sql = format!(
                "SELECT count(*) FROM counted WHERE (strftime('%w', {local}) + 6) % 7 = {day} AND CAST(strftime('%H', {local}) AS INTEGER) = {hour}"
            );
            assert_eq!(*number, counted(&sql), "{day} {hour}");
        }
    }
    let calls = "FROM calls WHERE workspace = ?1 AND started_at >= ?2 AND started_at < ?3";
    let ms: u64 = of.calls.iter().map(|calls| calls.ms).sum();
    assert_eq!(
        ms,
        number(
            conn,
            &format!("SELECT sum(ended_at) - sum(answered_at) {calls}"),
            span
        )
    );
    let made: u64 = of.calls.iter().map(|calls| calls.calls).sum();
    assert_eq!(
        made,
        number(conn, &format!("SELECT count(*) {calls}"), span)
    );
}

#[test]
fn a_filter_leaves_the_others_out_and_tables_say_the_same() {
    let (store, shop) = seeded(300);
    store
        .read_blocking(|conn| {
            let all = days(date(2026, 2, 20), date(2026, 5, 12));
            let whole = load(conn, shop, all, LATER)?;
            let voice = Wanted {
                channel: Some(Channel::Voice),
                ..all
            };
            let report = load(conn, shop, voice, LATER)?;
            let of_voice = whole.channels.iter().find(|of| of.0 == Channel::Voice);
            assert_eq!(report.now, of_voice.unwrap().1);
            assert_eq!(report.channels.len(), 1);
            let one = Wanted {
                assistant: Some(assistant("a1").parse().unwrap()),
                ..all
            };
            let report = load(conn, shop, one, LATER)?;
            assert!(report.now.conversations > 0);
            assert!(report.assistants.iter().all(|one| one.title == "One"));
            assert_eq!(report.alone.total(), 0);
            for name in TABLES {
                let made = table(&whole, name).unwrap();
                let width = made.heads.len();
                assert!(made.rows.iter().all(|row| row.len() == width), "{name}");
            }
            let outcomes = table(&whole, "outcomes").unwrap();
            let sum = outcomes
                .rows
                .iter()
                .map(|row| row[1].parse::<u64>().unwrap());
            assert_eq!(sum.sum::<u64>(), whole.now.conversations);
            assert_eq!(table(&whole, "coffee"), None);
            Ok(())
        })
        .unwrap();
}

#[test]
fn an_empty_store_and_one_conversation_have_their_figures() {
    let store = Store::open_in_memory().unwrap();
    let done = store.write_blocking(|tx| {
        let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
        zone(tx, shop, "Pacific/Auckland");
        let wanted = days(date(2026, 1, 1), date(2026, 1, 1));
        let report = load(tx, shop, wanted, LATER)?;
        assert_eq!(report.now, Totals::default());
        assert_eq!((report.now.resolution(), report.oldest), (None, None));
        assert_eq!(report.course.len(), 1);
        for name in TABLES {
            assert!(table(&report, name).is_some(), "{name}");
        }
        // In Auckland the day begins at 11:00 UTC of the day before (summer time, UTC+13).
        let midnight = 1_767_178_800_000;
        for (number, at) in [(1, midnight - 1), (2, midnight), (3, midnight + 24 * HOUR)] {
            tx.execute(
                "INSERT INTO conversations (id, workspace, channel, visitor, state, started_at, last_at, title)
                 VALUES (?, ?, 'chat', 'v', 'open', ?, ?, '')",
                (format!("00000000-0000-7000-9000-{number:012}"), shop, at, at),
            )?;
        }
        while crate::store::analytics::refresh(tx, 1)? > 0 {}
        let report = load(tx, shop, wanted, midnight)?;
        assert_eq!((report.now.conversations, report.now.going), (1, 1));
        assert_eq!(report.earlier.conversations, 1);
        // A Thursday, right after midnight.
        assert_eq!(report.hours[3][0], 1);
        assert_eq!(report.oldest, Some(date(2025, 12, 31)));
        Ok(())
    });
    done.unwrap();
}
