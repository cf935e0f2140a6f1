//! Searching messages.

use super::list_tests::{say, talk, within};
use super::search::NEWEST_FIRST;
use super::view::{InboxFilter, View};
use super::words::Sought;
use crate::store::listing::{ListFilter, Listing};
use crate::store::messages::{self, MessageState, Speaker};
use crate::store::{ConversationId, MessageId, Transaction, WorkspaceId, conversations};

fn asking(text: &str) -> InboxFilter {
    InboxFilter {
        text: Some(text.to_owned()),
        ..InboxFilter::default()
    }
}

fn found(tx: &Transaction<'_>, workspace: WorkspaceId, text: &str) -> Vec<ConversationId> {
    let rows = asking(text).list(tx, workspace, 50).unwrap();
    rows.iter().map(|row| row.conversation.id).collect()
}

#[test]
fn words_are_found_in_every_script() {
    within(|tx, workspace| {
        for (said, sought) in [
            (
                "My résumé is late",
                vec!["resume", "RÉSUMÉ late", "\"is late\"", "lat"],
            ),
            ("Wo ist das Café Groß?", vec!["cafe", "groß", "wo ist"]),
            (
                "配送について教えてください",
                vec!["配送", "教えて", "配送 教え", "配"],
            ),
            ("请问周六营业吗？", vec!["周六", "营业吗"]),
            ("배송은 언제 되나요", vec!["배송", "언제"]),
            ("ร้านเปิดกี่โมง", vec!["เปิด", "กี่โมง"]),
            ("क्या आप शनिवार को खुले हैं", vec!["शनिवार"]),
            ("متى تفتحون يوم السبت", vec!["السبت"]),
            (
                "Order no. 4711-B, e-mail ann@example.com",
                vec!["4711-B", "ann@example.com", "4711"],
            ),
        ] {
            let begun = talk(tx, workspace, 1);
            say(tx, &begun, Speaker::User, said, 2);
            for words in sought {
                assert_eq!(found(tx, workspace, words), [begun.id], "{words} in {said}");
            }
        }
        for nothing in [
            "送配",
            "late résumé is now",
            "\"late is\"",
            "4712",
            "*",
            "\"",
            "周七",
        ] {
            assert_eq!(found(tx, workspace, nothing), [], "{nothing}");
        }
        Ok(())
    });
}

#[test]
fn strange_input_is_never_an_error() {
    within(|tx, workspace| {
        say(tx, &talk(tx, workspace, 1), Speaker::User, "Hello", 2);
        let long = "x".repeat(100_000);
        let deep = "(".repeat(1000);
        let many = "a b c d ".repeat(1000);
        for text in [
            "\"",
            "\"\"",
            "'; DROP TABLE messages; --",
            "text:",
            "a AND",
            "NOT",
            "NEAR(a b, 2)",
            "^a",
            "a + b",
            "{a}:b",
            "-a",
            "\0",
            "a\0b",
            "\u{202e}abc",
            "👋",
            "%_",
            "\\",
            &long,
            &deep,
            &many,
        ] {
            let listed = asking(text).list(tx, workspace, 50);
            assert!(listed.is_ok(), "{text}: {listed:?}");
        }
        Ok(())
    });
}

#[test]
fn what_goes_or_changes_is_no_longer_found() {
    within(|tx, workspace| {
        let begun = talk(tx, workspace, 1);
        say(tx, &begun, Speaker::Assistant, "draft of an answer", 2);
        say(tx, &begun, Speaker::System, "nobody finds notices", 2);
        let id: MessageId = tx.query_row(
            "SELECT id FROM messages WHERE role = 'assistant'",
            [],
            |row| row.get(0),
        )?;
        assert_eq!(found(tx, workspace, "draft"), [begun.id]);
        assert_eq!(found(tx, workspace, "notices"), []);
        let message = messages::get(tx, workspace, id)?;
        messages::update(tx, &message, "final words", MessageState::Complete)?;
        assert_eq!(found(tx, workspace, "draft"), []);
        assert_eq!(found(tx, workspace, "final"), [begun.id]);
        conversations::delete(tx, &begun)?;
        let left = "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH ?";
        let count: i64 = tx.query_row(left, ["final OR words"], |row| row.get(0))?;
        assert_eq!(count, 0);
        tx.execute(
            "INSERT INTO messages_fts (messages_fts) VALUES ('integrity-check')",
            [],
        )?;
        Ok(())
    });
}

#[test]
fn a_conversation_is_listed_once_with_its_newest_hit() {
    within(|tx, workspace| {
        let all: Vec<_> = (0..5).map(|at| talk(tx, workspace, at)).collect();
        for round in 0..4 {
            for begun in &all {
                say(
                    tx,
                    begun,
                    Speaker::User,
                    &format!("where is the bicycle {round}"),
                    10,
                );
            }
        }
        let mut listing = Listing {
            workspace,
            filter: asking("bicycle"),
            limit: 2,
        };
        let mut seen = Vec::new();
        loop {
            let page = listing.page(tx)?;
            for row in &page.rows {
                assert_eq!(row.preview.as_ref().unwrap().1, "where is the bicycle 3");
            }
            seen.extend(page.rows.iter().map(|row| row.conversation.id));
            match page.next {
                Some(next) => listing = listing.resume_at(next),
                None => break,
            }
        }
        let newest: Vec<_> = all.iter().rev().map(|one| one.id).collect();
        assert_eq!(seen, newest);
        // Filters hold for a search too.
        let spam = InboxFilter {
            view: View::Spam,
            ..asking("bicycle")
        };
        assert!(spam.list(tx, workspace, 50)?.is_empty());
        let tagged = InboxFilter {
            tag: Some("vip".into()),
            ..asking("bicycle")
        };
        super::tags::set(tx, &all[1], &["vip".into()], None, 1)?;
        assert_eq!(tagged.list(tx, workspace, 50)?.len(), 1);
        let elsewhere = crate::store::workspaces::get_or_create(tx, "two", "Two", 1)?.id;
        assert!(asking("bicycle").list(tx, elsewhere, 50)?.is_empty());
        Ok(())
    });
}

#[test]
fn a_search_walks_the_index_and_never_all_messages() {
    within(|tx, workspace| {
        let query = Sought::parse("open sat").unwrap().query;
        let mut statement = tx.prepare(&format!("EXPLAIN QUERY PLAN {NEWEST_FIRST}"))?;
        let rows = statement.query_map((query, i64::MAX, workspace, 10), |row| row.get(3))?;
        let plan: Vec<String> = rows.collect::<Result<_, _>>()?;
        assert!(
            plan[0].starts_with("SCAN f VIRTUAL TABLE INDEX"),
            "{plan:?}"
        );
        // The order and the page's end are given to the index.
        assert!(plan[0].contains("M1<"), "{plan:?}");
        assert_eq!(plan[1], "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)");
        assert_eq!(plan.len(), 2);
        Ok(())
    });
}
