//! What a fact says, as it lies in the store.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::opening::{Special, Weekly};

/// A fact about the business.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Hours of days of the week.
    Weekly(Weekly),
    /// Hours of dates.
    Special(Special),
    /// Where the business is.
    Address {
        /// The address on one line.
        text: String,
    },
    /// A telephone number.
    Phone {
        /// What it is for; empty for the main one.
        #[serde(default)]
        label: String,
        /// The number as it is written.
        number: String,
    },
    /// An e-mail address.
    Email {
        /// What it is for; empty for the main one.
        #[serde(default)]
        label: String,
        /// The address.
        address: String,
    },
    /// A price, entered by hand.
    Price {
        /// Of what.
        name: String,
        /// How much, as it is written: "1,450".
        amount: String,
        /// ISO 4217 or a sign.
        #[serde(default)]
        currency: String,
        /// What else holds.
        #[serde(default)]
        note: String,
    },
}

impl What {
    /// Name of the kind in the store and the API.
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

    /// Whether it is about when the doors are open.
    pub fn is_hours(&self) -> bool {
        matches!(self, Self::Weekly(_) | Self::Special(_))
    }
}

/// Where a document states a fact.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Byte range of the quote in the text of the document's version.
    pub span: [usize; 2],
    /// The heading above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// The date from which the document says it holds, or else the document's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated: Option<Date>,
}

/// A fact's column `data`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// What it says.
    #[serde(flatten)]
    pub what: What,
    /// Where it stands; `None` for one that was entered by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Its document no longer states it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}

impl Data {
    /// From the store; `None` for what another version of Frontdesk wrote.
    pub fn read(value: &serde_json::Value) -> Option<Self> {
        serde_json::from_value(value.clone()).ok()
    }

    /// For the store.
    pub fn write(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
