//! Maps entities to rows, so that each column is named only once.

/// Declares the columns of an entity: as text for a SELECT, and as its `from_row`, which reads each field from the
/// column of its name. `as d` puts `d.` before each name, for queries that join tables. `: json` marks a field whose
/// column holds JSON; fields after a semicolon have no column and start empty.
macro_rules! columns {
    (@read $row:ident $field:ident) => {
        $row.get(stringify!($field))?
    };
    (@read $row:ident $field:ident: json) => {
        $row.get::<_, $crate::store::values::Json<_>>(stringify!($field))?.0
    };
    (@ $prefix:expr, $columns:ident $entity:ident
     $first:ident $(: $first_as:ident)? $(, $field:ident $(: $as:ident)?)*
     $(; $($empty:ident),+)? $(,)?) => {
        const $columns: &str = concat!(
            $prefix, stringify!($first) $(, ", ", $prefix, stringify!($field))*
        );

        impl $entity {
            pub(super) fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
                Ok(Self {
                    $first: columns!(@read row $first $(: $first_as)?),
                    $($field: columns!(@read row $field $(: $as)?),)*
                    $($($empty: Default::default(),)+)?
                })
            }
        }
    };
    ($columns:ident of $entity:ident as $table:ident { $($list:tt)+ }) => {
        columns!(@ concat!(stringify!($table), "."), $columns $entity $($list)+);
    };
    ($columns:ident of $entity:ident { $($list:tt)+ }) => {
        columns!(@ "", $columns $entity $($list)+);
    };
}
pub(super) use columns;

/// Inserts a row, each value beside its column; a column without a value takes the variable of its name.
macro_rules! insert {
    (@names $first:ident $($column:ident)*) => {
        concat!(stringify!($first) $(, ", ", stringify!($column))*)
    };
    (@marks $first:ident $($column:ident)*) => {
        concat!("?" $(, insert!(@mark $column))*)
    };
    (@mark $column:ident) => {
        ", ?"
    };
    (@value $column:ident) => {
        $column
    };
    (@value $column:ident: $value:expr) => {
        $value
    };
    ($tx:ident into $table:ident { $($column:ident $(: $value:expr)?),+ $(,)? }) => {
        $tx.prepare_cached(concat!(
            "INSERT INTO ", stringify!($table), " (", insert!(@names $($column)+),
            ") VALUES (", insert!(@marks $($column)+), ")"
        ))
        .and_then(|mut statement| {
            statement.execute(rusqlite::params![$(insert!(@value $column $(: $value)?)),+])
        })
    };
}
pub(super) use insert;

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use crate::store::values::Json;

    #[derive(Debug, PartialEq)]
    struct Cup {
        id: i64,
        of: Vec<String>,
        saucers: Vec<String>,
    }

    columns! { COLUMNS of Cup as c { id, of: json; saucers } }

    #[test]
    fn a_row_is_written_and_read_by_its_columns() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE cups (id INTEGER, of TEXT)")
            .unwrap();
        let (id, of) = (7, vec!["tea".to_owned()]);
        assert_eq!(insert!(conn into cups { id, of: Json(&of) }), Ok(1));
        assert_eq!(COLUMNS, "c.id, c.of");
        let sql = format!("SELECT {COLUMNS} FROM cups c");
        let saucers = Vec::new();
        let cup = conn.query_row(&sql, [], Cup::from_row);
        assert_eq!(cup, Ok(Cup { id, of, saucers }));
    }
}
