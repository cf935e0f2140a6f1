//! Tables of a slide: a group of shapes that has a property for it. Each cell is a shape; where it lies tells its row
//! and column.

use super::records::{self, Record, children};
use super::slide::split_texts;
use crate::extract::compound::{u16_at, u32_at};
use crate::extract::table::{Cell, Table};

/// The property that a table has (MS-ODRAW 2.3.4.36).
const IS_TABLE: u16 = 0x039F;
/// Most cells of a table.
const MAX_CELLS: usize = 2_000;

/// A cell: its text, and its edges.
struct Placed {
    text: String,
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}

/// The table that a group of shapes is; `None` if it is none.
pub(super) fn read(group: &[u8]) -> Option<Table> {
    let mut shapes = children(group).filter(|r| r.kind == records::SHAPE);
    if !is_table(&shapes.next()?) {
        return None;
    }
    let cells: Vec<Placed> = shapes.filter_map(|s| place(&s)).take(MAX_CELLS).collect();
    let edges = |edge: fn(&Placed) -> i32| {
        let mut edges: Vec<i32> = cells.iter().map(edge).collect();
        edges.sort_unstable();
        edges.dedup();
        edges
    };
    let (tops, lefts) = (edges(|c| c.top), edges(|c| c.left));
    let mut table = Table::default();
    for top in tops {
        let mut row: Vec<&Placed> = (cells.iter())
            .filter(|c| c.top == top || (c.top < top && c.bottom > top))
            .collect();
        row.sort_by_key(|c| c.left);
        table.push_cells(
            row.into_iter()
                .map(|c| Cell {
                    text: c.text.clone(),
                    columns: (lefts.iter())
                        .filter(|left| **left >= c.left && **left < c.right)
                        .count(),
                    continued: c.top < top,
                })
                .collect(),
        );
    }
    (!table.is_empty()).then_some(table)
}

fn is_table(group: &Record<'_>) -> bool {
    let lists = children(group.content).filter(|r| records::PROPERTIES.contains(&r.kind));
    lists.into_iter().any(|list| {
        let properties = list
            .content
            .chunks_exact(6)
            .take(usize::from(list.instance));
        let mut ids = properties.filter_map(|p| u16_at(p, 0));
        ids.any(|id| id & 0x3FFF == IS_TABLE)
    })
}

/// A cell with its place; `None` for a line between cells.
fn place(shape: &Record<'_>) -> Option<Placed> {
    let mut found = Vec::new();
    let mut place = None;
    records::each(shape.content, &mut |record| {
        match record.kind {
            records::PLACE_IN_GROUP => place = Some(record.content),
            _ => found.push(record),
        }
        true
    });
    let texts = split_texts(found.into_iter());
    let edge = |i: usize| u32_at(place?, i * 4).map(|edge| edge as i32);
    Some(Placed {
        text: texts.first()?.joined(),
        left: edge(0)?,
        top: edge(1)?,
        right: edge(2)?,
        bottom: edge(3)?,
    })
}
