//! Readers beside a writer: what they see, and what they may not do.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::file_tests::{count, key};
use super::{Store, StoreError, users, workspaces};

#[test]
fn readers_do_not_see_what_is_not_committed() {
    for store in [Store::open_in_memory().unwrap(), on_disk()] {
        let (wrote, written) = mpsc::channel::<()>();
        let (look, looked) = mpsc::channel::<()>();
        let writer = store.clone();
        let thread = std::thread::spawn(move || {
            writer.write_blocking(|tx| {
                workspaces::get_or_create(tx, "one", "One", 1)?;
                wrote.send(()).unwrap();
                looked.recv().unwrap();
                Ok(())
            })
        });
        written.recv().unwrap();
        assert_eq!(count(&store, "workspaces"), 0);
        look.send(()).unwrap();
        thread.join().unwrap().unwrap();
        assert_eq!(count(&store, "workspaces"), 1);
    }
}

fn on_disk() -> Store {
    let dir = tempfile::tempdir().unwrap().keep();
    let store = Store::open(&dir.join("frontdesk.db"), &key()).unwrap();
    // Unlinked at once: the open files live as long as the store.
    fs::remove_dir_all(dir).unwrap();
    store
}

#[test]
fn an_error_or_a_panic_undoes_the_transaction_and_returns_the_connection() {
    let store = Store::open_in_memory().unwrap();
    for _ in 0..3 {
        let failed: Result<(), _> = store.write_blocking(|tx| {
            workspaces::get_or_create(tx, "one", "One", 1)?;
            Err(StoreError::NotFound("something"))
        });
        assert!(matches!(failed, Err(StoreError::NotFound("something"))));
        let panicked = std::panic::catch_unwind(|| {
            store.write_blocking(|tx| -> Result<(), StoreError> {
                workspaces::get_or_create(tx, "one", "One", 1)?;
                panic!("on purpose")
            })
        });
        assert!(panicked.is_err());
    }
    assert_eq!(count(&store, "workspaces"), 0);
    store
        .write_blocking(|tx| workspaces::get_or_create(tx, "one", "One", 1))
        .unwrap();
}

#[test]
fn readers_cannot_write_and_types_are_strict() {
    let store = on_disk();
    let error = store
        .read_blocking(|c| Ok(c.execute("DELETE FROM users", [])?))
        .expect_err("a reader deleted rows");
    assert!(matches!(error, StoreError::Sqlite(_)), "{error:?}");
    let strict = |sql: &'static str| {
        store
            .write_blocking(|tx| Ok(tx.execute(sql, [])?))
            .expect_err(sql)
            .to_string()
    };
    assert!(strict("INSERT INTO events (workspace, kind, subject, data, at) VALUES ('w','k','s','{}','soon')").contains("cannot store TEXT"));
    assert!(strict("INSERT INTO settings (key, value) VALUES ('k', 'no json')").contains("CHECK"));
    assert!(strict("INSERT INTO settings (key, value) VALUES (NULL, '1')").contains("NOT NULL"));
    assert!(
        strict(
            "INSERT INTO events (workspace, kind, subject, data, at) VALUES ('w','k','s','{}',1)"
        )
        .contains("FOREIGN KEY")
    );
    let loose: i64 = store
        .read_blocking(|c| {
            Ok(c.query_row(
                "SELECT count(*) FROM pragma_table_list WHERE type = 'table' AND strict = 0
                 AND name NOT LIKE 'sqlite_%'",
                [],
                |row| row.get(0),
            )?)
        })
        .unwrap();
    assert_eq!(loose, 0, "every table is STRICT");
}

#[test]
fn four_readers_see_whole_transactions_while_one_writes() {
    let store = on_disk();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let (mut last, mut looks) = (0, 0);
                    while !done.load(Ordering::Acquire) || looks == 0 {
                        let now = count(&store, "workspaces");
                        assert!(now % 2 == 0 && now >= last, "{last} then {now}");
                        last = now;
                        looks += 1;
                    }
                    looks
                })
            })
            .collect();
        for n in 0..60 {
            store
                .write_blocking(|tx| {
                    workspaces::get_or_create(tx, &format!("a{n}"), "A", 1)?;
                    workspaces::get_or_create(tx, &format!("b{n}"), "B", 1)
                })
                .unwrap();
        }
        done.store(true, Ordering::Release);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
    assert_eq!(count(&store, "workspaces"), 120);
}

#[tokio::test]
async fn async_readers_and_writers_share_the_connections() {
    let store = Store::open_in_memory().unwrap();
    let writes = (0..20).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let name = format!("w{n}");
            store
                .write(move |tx| workspaces::get_or_create(tx, &name, "W", 1))
                .await
                .unwrap();
            store
                .read(|c| Ok(workspaces::list(c)?.len()))
                .await
                .unwrap()
        })
    });
    for write in writes.collect::<Vec<_>>() {
        assert!(write.await.unwrap() >= 1);
    }
    assert_eq!(store.read(users::count).await.unwrap(), 0);
    assert_eq!(
        store
            .read(|c| Ok(workspaces::list(c)?.len()))
            .await
            .unwrap(),
        20
    );
}
