//! Word 97 to 2003 (MS-DOC): a compound file. Its text lies in pieces; which letters are hidden, which paragraph is a
//! heading or the end of a cell, and how lists count stands in tables by position. Every position is checked before it is used.

mod fib;
mod lists;
mod pieces;
mod runs;
mod styles;
mod text;
#[cfg(test)]
mod word97_tests;

use self::fib::{Fib, Part};
use super::compound::Compound;
use super::{ExtractError, Extracted, Limits, summary};

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut file = Compound::open(bytes, limits)?;
    let main = file.stream("/WordDocument")?.unwrap_or_default();
    let fib = Fib::read(&main)?;
    let table = file.stream(fib.table())?.unwrap_or_default();
    let part = |part: Part| fib.part(&main, &table, part);
    let pieces = pieces::read(part(Part::Pieces))
        .ok_or_else(|| ExtractError::malformed("the list of its pieces of text cannot be read"))?;
    let styles = styles::read(part(Part::Styles));
    let letters = runs::read_letters(&main, part(Part::Letters));
    let paragraphs = runs::read_paragraphs(&main, part(Part::Paragraphs));
    let kinds = fib.part_and_rest(&main, &table, Part::Lists);
    let numbering = lists::read(kinds, part(Part::ListsInUse));
    let document = text::Document {
        main: &main,
        pieces,
        styles,
        letters,
        paragraphs,
    };
    let mut out = document.read(&fib, numbering, limits)?;
    summary::describe(&mut file, &mut out)?;
    Ok(out)
}
