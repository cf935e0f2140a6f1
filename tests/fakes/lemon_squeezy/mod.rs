//! A shop that speaks as Lemon Squeezy documents it: it signs what it tells, and answers about licence keys
//! (<https://docs.lemonsqueezy.com/help/webhooks>, <https://docs.lemonsqueezy.com/api/license-api>). Built from those pages
//! and from nothing of ours.

mod licences;
mod messages;

pub use self::licences::{Key, Licences};
#[allow(unused_imports, reason = "each user takes a part of it")]
pub use self::messages::{Delivery, Shop};
