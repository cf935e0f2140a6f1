//! Lines that text recognition was not sure of.

use rusqlite::Transaction;
use serde_json::json;

use super::documents::{self, NewDocument};
use super::seen::{self, LineState, SeenLine, SeenPage};
use super::versions::{self, Version};
use super::{Scoped, Store, StoreError, WorkspaceId, holdings, storage, workspaces};

fn within(
    test: impl FnOnce(&Transaction<'_>, WorkspaceId) -> Result<(), StoreError> + Send + 'static,
) {
    let store = Store::open_in_memory().unwrap();
    store
        .write_blocking(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            test(tx, shop)
        })
        .unwrap();
}

fn put(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    bytes: &[u8],
) -> Result<Scoped<Version>, StoreError> {
    let new = NewDocument {
        name: "menu.png",
        title: "menu",
        media_type: "image/png",
        original: bytes,
    };
    let id = documents::insert(tx, workspace, &new, 1)?.version();
    let read = versions::Extracted {
        text: "",
        blocks: None,
        pages: Some(1),
        notes: &[],
        has_hidden: false,
        extractor: 1,
    };
    let version = versions::get(tx, workspace, id)?;
    versions::set_extracted(tx, &version, &read, 2)?;
    Ok(version)
}

fn line(at: u32, text: &str) -> SeenLine {
    let top = f64::from(at) / 10.0;
    SeenLine::new(1, at, text.into(), 0.6, [0.1, top, 0.5, top + 0.05])
}

fn page() -> SeenPage {
    SeenPage {
        page: 1,
        seen: json!({"lines": []}),
    }
}

fn decided(mut line: SeenLine, state: LineState) -> SeenLine {
    line.state = state;
    line.corrected = (state == LineState::Corrected).then(|| "Coffee 3.50".into());
    line.decided_at = (state != LineState::Doubtful).then_some(5);
    line
}

#[test]
fn lines_come_back_in_their_order_and_a_new_reading_replaces_them() {
    within(|tx, shop| {
        let version = put(tx, shop, b"a")?;
        let lines = [line(1, "Tea 2.O0"), line(0, "Coffce 3.50")];
        seen::replace(tx, &version, &[page()], &lines)?;
        let found = seen::lines(tx, &version)?;
        assert_eq!(found, [lines[1].clone(), lines[0].clone()]);
        assert_eq!(seen::pages(tx, &version)?, [page()]);
        let again = [decided(line(0, "Coffee 3.50"), LineState::Confirmed)];
        seen::replace(tx, &version, &[page()], &again)?;
        assert_eq!(seen::lines(tx, &version)?, again);
        // The page could not be seen this time: what was decided waits for it.
        seen::replace(tx, &version, &[], &[])?;
        assert!(seen::pages(tx, &version)?.is_empty());
        assert_eq!(seen::decided(tx, &version)?, again);
        seen::replace(tx, &version, &[page()], &[line(0, "Coffce")])?;
        assert_eq!(seen::lines(tx, &version)?.len(), 1);
        Ok(())
    });
}

#[test]
fn a_line_is_decided_on_once_and_taken_back_and_a_line_that_is_gone_is_a_conflict() {
    within(|tx, shop| {
        let version = put(tx, shop, b"a")?;
        let doubtful = line(0, "Coffce 3.50");
        seen::replace(tx, &version, &[page()], std::slice::from_ref(&doubtful))?;
        let corrected = decided(doubtful.clone(), LineState::Corrected);
        seen::decide(tx, &version, &corrected, LineState::Doubtful)?;
        assert_eq!(seen::lines(tx, &version)?, std::slice::from_ref(&corrected));
        let twice = seen::decide(tx, &version, &corrected, LineState::Doubtful);
        assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
        seen::decide(tx, &version, &doubtful, LineState::Corrected)?;
        assert_eq!(seen::lines(tx, &version)?, std::slice::from_ref(&doubtful));
        seen::replace(tx, &version, &[page()], &[line(0, "Coffce 3.50")])?;
        let gone = seen::decide(tx, &version, &corrected, LineState::Doubtful);
        assert!(matches!(gone, Err(StoreError::Conflict(_))), "{gone:?}");
        let other = put(tx, shop, b"b")?;
        let elsewhere = seen::decide(tx, &other, &corrected, LineState::Doubtful);
        assert!(matches!(elsewhere, Err(StoreError::Conflict(_))));
        Ok(())
    });
}

#[test]
fn a_decision_is_kept_for_the_same_words_at_about_the_same_place() {
    let old = decided(line(0, "Coffce 3.50"), LineState::Corrected);
    let moved = |by: f64| {
        let mut line = line(0, "Coffce 3.50");
        line.place = line.place.map(|edge| edge + by);
        line
    };
    let mut elsewhere = line(0, "Coffce 3.50");
    elsewhere.page = 2;
    for (line, kept) in [
        (moved(0.01), true),
        (moved(0.03), false),
        (line(0, "Coffee 3.50"), false),
        (elsewhere, false),
    ] {
        let mut lines = [line];
        seen::carry_over(&mut lines, vec![old.clone()]);
        assert_eq!(lines[0].corrected.is_some(), kept, "{lines:?}");
        assert_eq!(lines[0].decided_at.is_some(), kept);
        assert_ne!(lines[0].id, old.id);
    }
    let mut twice = [moved(0.0), moved(0.001)];
    seen::carry_over(&mut twice, vec![old]);
    let kept = twice.iter().filter(|l| l.state == LineState::Corrected);
    assert_eq!(kept.count(), 1);
}

#[test]
fn decisions_are_found_for_the_same_file_and_for_no_other() {
    within(|tx, shop| {
        let first = put(tx, shop, b"a")?;
        let old = decided(line(0, "Coffce 3.50"), LineState::Confirmed);
        seen::replace(tx, &first, &[], &[old.clone(), line(1, "Tea")])?;
        let second = put(tx, shop, b"b")?;
        assert!(seen::decided(tx, &second)?.is_empty());
        let third = put(tx, shop, b"a")?;
        assert_eq!(seen::decided(tx, &third)?, [old]);
        Ok(())
    });
}

#[test]
fn lines_of_the_newest_version_that_was_read_are_counted_and_go_with_the_document() {
    within(|tx, shop| {
        let version = put(tx, shop, b"a")?;
        let lines = [
            line(0, "Coffce"),
            line(1, "Tea"),
            decided(line(2, "Milk"), LineState::LeftOut),
        ];
        seen::replace(tx, &version, &[page()], &lines)?;
        let document = documents::get(tx, shop, version.document)?;
        assert_eq!(
            seen::find_version(tx, &document)?.map(|v| v.id),
            Some(version.id)
        );
        assert_eq!(documents::list(tx, shop)?[0].doubtful, 2);
        let exported = |table: &str| -> usize {
            let held = holdings::HELD
                .iter()
                .find(|held| held.table == table)
                .unwrap();
            let part = holdings::export(tx, shop, held, 10, None).unwrap();
            part.map_or(0, |part| part.rows.len())
        };
        assert_eq!((exported("seen_lines"), exported("seen_pages")), (3, 0));
        assert!(storage::bytes(tx, shop)?.texts > 0);
        documents::delete(tx, &document, 9)?;
        documents::purge_deleted(tx, 9)?;
        for table in ["seen_lines", "seen_pages"] {
            let sql = format!("SELECT count(*) FROM {table}");
            let left: i64 = tx.query_row(&sql, [], |row| row.get(0))?;
            assert_eq!(left, 0, "{table}");
        }
        Ok(())
    });
}
