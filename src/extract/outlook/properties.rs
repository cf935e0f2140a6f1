//! The properties of a message or attachment.

use encoding_rs::Encoding;

use crate::extract::ExtractError;
use crate::extract::compound::{Compound, decode_wide, u16_at, u32_at};
use crate::extract::rtf::charset;
use crate::extract::summary::windows_moment;

/// Types of properties (MS-OXCDATA 2.11.1).
const INTEGER: u16 = 0x0003;
const MOMENT: u16 = 0x0040;
/// The code pages of the message's own text (MS-OXPROPS 2.805, 2.761).
const MESSAGE_CODE_PAGE: u16 = 0x3FFD;
const INTERNET_CODE_PAGE: u16 = 0x3FDE;

pub(super) struct Properties {
    /// The path of the storage.
    place: String,
    /// Number, type and value of those of fixed length.
    fixed: Vec<(u16, u16, u64)>,
}

impl Properties {
    /// `head` is the length of what stands before the table, in bytes (MS-OXMSG 2.4.1).
    pub(super) fn read(
        file: &mut Compound<'_>,
        place: &str,
        head: usize,
    ) -> Result<Self, ExtractError> {
        let table = file.stream(&format!("{place}/__properties_version1.0"))?;
        let table = table.unwrap_or_default();
        let entries = table.get(head..).unwrap_or_default();
        let fixed = entries.chunks_exact(16).filter_map(|entry| {
            let (low, high) = (u32_at(entry, 8)?, u32_at(entry, 12)?);
            let value = u64::from(high) << 32 | u64::from(low);
            Some((u16_at(entry, 2)?, u16_at(entry, 0)?, value))
        });
        Ok(Self {
            place: place.to_owned(),
            fixed: fixed.collect(),
        })
    }

    fn fixed(&self, number: u16, kind: u16) -> Option<u64> {
        let mut all = self.fixed.iter();
        let found = all.find(|(n, k, _)| (*n, *k) == (number, kind));
        found.map(|(_, _, value)| *value)
    }

    /// A text, in UTF-16 or in the message's code page.
    pub(super) fn text(
        &self,
        file: &mut Compound<'_>,
        number: u16,
    ) -> Result<Option<String>, ExtractError> {
        if let Some(bytes) = file.stream(&self.path(number, "001F"))? {
            return Ok(Some(decode_wide(&bytes)));
        }
        let bytes = file.stream(&self.path(number, "001E"))?;
        Ok(bytes.map(|bytes| self.encoding().decode(&bytes).0.into_owned()))
    }

    pub(super) fn bytes(
        &self,
        file: &mut Compound<'_>,
        number: u16,
    ) -> Result<Option<Vec<u8>>, ExtractError> {
        file.stream(&self.path(number, "0102"))
    }

    /// A moment in Unix ms.
    pub(super) fn moment(&self, number: u16) -> Option<i64> {
        windows_moment(self.fixed(number, MOMENT)?)
    }

    pub(super) fn encoding(&self) -> &'static Encoding {
        let page = (self.fixed(INTERNET_CODE_PAGE, INTEGER))
            .or(self.fixed(MESSAGE_CODE_PAGE, INTEGER))
            .and_then(|page| i32::try_from(page & 0xFFFF_FFFF).ok());
        charset::of_code_page(page.unwrap_or(1252))
    }

    fn path(&self, number: u16, kind: &str) -> String {
        format!("{}/__substg1.0_{number:04X}{kind}", self.place)
    }
}
