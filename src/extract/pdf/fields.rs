//! Form fields (ISO 32000-1, 12.7): the text of a field that was not filled in is not content.

use hayro_interpret::{
    RectExt,
    hayro_syntax::{
        object::{Array, Dict, Name, Rect as PdfRect, String as PdfString},
        page::Page,
    },
    kurbo::{Affine, Rect},
};

/// Most fields of a page to examine.
const MAX_FIELDS: usize = 2_000;

/// Finds the areas of fields that still have their default value, such as a prompt.
pub(super) fn find_unfilled(page: &Page<'_>, to_page: Affine) -> Vec<Rect> {
    let Some(annotations) = page.raw().get::<Array<'_>>(b"Annots") else {
        return Vec::new();
    };
    annotations
        .iter::<Dict<'_>>()
        .take(MAX_FIELDS)
        .filter(is_at_default)
        .filter_map(|field| field.get::<PdfRect>(b"Rect"))
        .map(|area| to_page.transform_rect_bbox(area.to_kurbo()))
        .collect()
}

/// Whether a text or choice field has its default value.
fn is_at_default(field: &Dict<'_>) -> bool {
    let parent = field.get::<Dict<'_>>(b"Parent");
    let name = |key: &[u8]| {
        let own = field.get::<Name<'_>>(key);
        own.or_else(|| parent.as_ref()?.get::<Name<'_>>(key))
            .map(|n| n.to_vec())
    };
    let text = |key: &[u8]| {
        let own = field.get::<PdfString<'_>>(key);
        own.or_else(|| parent.as_ref()?.get::<PdfString<'_>>(key))
            .map(|t| t.as_bytes().to_vec())
    };
    let is_widget = name(b"Subtype").is_some_and(|n| n == b"Widget");
    let is_written = name(b"FT").is_some_and(|n| n == b"Tx" || n == b"Ch");
    let default = text(b"DV").filter(|t| !t.is_empty());
    is_widget && is_written && default.is_some() && text(b"V").is_none_or(|v| Some(v) == default)
}
