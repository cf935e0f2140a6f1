//! Whether every table is declared.

use super::*;
use crate::store::Store;

#[test]
fn every_table_declares_its_class_retention_export_and_erasure() {
    let store = Store::open_in_memory().unwrap();
    let mut there: Vec<String> = store
        .read_blocking(|conn| {
            let sql =
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
            let mut statement = conn.prepare(sql)?;
            let names = statement.query_map([], |row| row.get(0))?;
            Ok(names.collect::<Result<_, _>>()?)
        })
        .unwrap();
    let mut declared: Vec<String> = TABLES.iter().map(|t| t.table.to_owned()).collect();
    there.sort();
    declared.sort();
    assert_eq!(there, declared);
}
