//! The content of a fact, as stored.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::opening::{Special, Weekly};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Hours of weekdays.
    Weekly(Weekly),
    /// Hours of single dates.
    Special(Special),
    Address {
        /// On one line.
        text: String,
    },
    Phone {
        /// What it is for; empty for the main one.
        #[serde(default)]
        label: String,
        /// As written.
        number: String,
    },
    Email {
        /// What it is for; empty for the main one.
        #[serde(default)]
        label: String,
        address: String,
    },
    /// Always entered by hand.
    Price {
        /// Of the product or service.
        name: String,
        /// As written: "1,450".
        amount: String,
        /// ISO 4217 code or a sign.
        #[serde(default)]
        currency: String,
        /// Further conditions.
        #[serde(default)]
        note: String,
    },
}

impl What {
    /// The kind's name in the store and the API.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Weekly(_) => "weekly",
            Self::Special(_) => "special",
            Self::Address { .. } => "address",
            Self::Phone { .. } => "phone",
            Self::Email { .. } => "email",
            Self::Price { .. } => "price",
        }
    }

    pub fn is_hours(&self) -> bool {
        matches!(self, Self::Weekly(_) | Self::Special(_))
    }
}

/// Where a document states a fact.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StatedPlace {
    /// Byte range of the quote in the text of the version.
    pub span: [usize; 2],
    /// The heading above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// The date from which the document says it applies, or else the document's own date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated: Option<Date>,
}

/// The column `data` of a fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Data {
    #[serde(flatten)]
    pub what: What,
    /// `None` when it was entered by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<StatedPlace>,
    /// Its document no longer states it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}

impl Data {
    /// `None` for data of another version of Frontdesk.
    pub fn read(value: &serde_json::Value) -> Option<Self> {
        serde_json::from_value(value.clone()).ok()
    }

    pub fn write(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
