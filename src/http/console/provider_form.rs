//! The form of a provider: what stands in it, and what was entered.

use crate::egress::Secret;
use crate::http::problem::Problem;
use crate::providers::NewProvider;
use crate::store::providers::{
    Provider, ProviderBudget, ProviderKind, ProviderModels, ProviderPrices, Redaction, Wanted,
};

/// Fields in the order in which they stand in the form; ticked boxes are fields named `class` or `redact`.
pub(super) type Fields = Vec<(String, String)>;

/// Kinds of data, as people read them.
const CLASSES: [(&str, &str); 3] = [
    ("public", "What is public already"),
    (
        "business",
        "Data of the business: documents, answers, instructions",
    ),
    ("customer", "What visitors and callers say"),
];
const REDACTED: [(&str, &str); 4] = [
    ("emails", "E-mail addresses"),
    ("phones", "Telephone numbers"),
    ("cards", "Numbers of payment cards"),
    ("ibans", "IBANs"),
];
const KINDS: [(&str, &str); 4] = [
    (
        "openai",
        "OpenAI, or a server that speaks like it (llama.cpp, vLLM, Ollama)",
    ),
    ("anthropic", "Anthropic"),
    ("gemini", "Google Gemini"),
    ("deepgram", "Deepgram (speech)"),
];

/// Something to choose or tick.
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) told: &'static str,
    pub(super) chosen: bool,
}

fn choices<const N: usize>(
    all: [(&'static str, &'static str); N],
    is_chosen: impl Fn(&str) -> bool,
) -> Vec<Choice> {
    all.into_iter()
        .map(|(name, told)| Choice {
            name,
            told,
            chosen: is_chosen(name),
        })
        .collect()
}

pub(super) struct ProviderForm {
    pub(super) kinds: Vec<Choice>,
    pub(super) name: String,
    pub(super) url: String,
    pub(super) own: bool,
    pub(super) region: String,
    pub(super) chat: String,
    pub(super) transcribe: String,
    pub(super) speak: String,
    pub(super) voice: String,
    pub(super) classes: Vec<Choice>,
    pub(super) redacted: Vec<Choice>,
    /// One in a line.
    pub(super) names: String,
    pub(super) budget_tokens: String,
    pub(super) budget_money: String,
    pub(super) currency: String,
    pub(super) million_read: String,
    pub(super) million_written: String,
    pub(super) minute_heard: String,
    pub(super) million_spoken: String,
    pub(super) active: bool,
}

impl ProviderForm {
    /// For a new provider: nothing may go to it yet, and everything is redacted.
    pub(super) fn new() -> Self {
        Self::read(&[
            ("kind".to_owned(), "openai".to_owned()),
            ("url".to_owned(), "https://api.openai.com/v1".to_owned()),
            ("currency".to_owned(), "EUR".to_owned()),
            ("redact".to_owned(), "emails".to_owned()),
            ("redact".to_owned(), "phones".to_owned()),
            ("redact".to_owned(), "cards".to_owned()),
            ("redact".to_owned(), "ibans".to_owned()),
            ("active".to_owned(), "1".to_owned()),
        ])
    }

    /// As it was entered.
    pub(super) fn read(fields: &[(String, String)]) -> Self {
        let text = |name: &str| {
            let found = fields.iter().find(|(field, _)| field == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let ticked = |field: &'static str| {
            move |value: &str| fields.iter().any(|(f, v)| f == field && v == value)
        };
        Self {
            kinds: choices(KINDS, ticked("kind")),
            name: text("name"),
            url: text("url"),
            own: !text("own").is_empty(),
            region: text("region"),
            chat: text("chat"),
            transcribe: text("transcribe"),
            speak: text("speak"),
            voice: text("voice"),
            classes: choices(CLASSES, ticked("class")),
            redacted: choices(REDACTED, ticked("redact")),
            names: text("names"),
            budget_tokens: text("budget_tokens"),
            budget_money: text("budget_money"),
            currency: text("currency"),
            million_read: text("million_read"),
            million_written: text("million_written"),
            minute_heard: text("minute_heard"),
            million_spoken: text("million_spoken"),
            active: !text("active").is_empty(),
        }
    }

    /// As it is now.
    pub(super) fn of(provider: &Provider) -> Self {
        let (models, prices) = (&provider.models, &provider.prices);
        let text = |model: &Option<String>| model.clone().unwrap_or_default();
        let rules = &provider.redaction;
        Self {
            kinds: choices(KINDS, |name| name == provider.kind.as_str()),
            name: provider.name.clone(),
            url: provider.url.clone(),
            own: provider.own,
            region: provider.region.clone(),
            chat: text(&models.chat),
            transcribe: text(&models.transcribe),
            speak: text(&models.speak),
            voice: text(&models.voice),
            classes: choices(CLASSES, |name| provider.classes.iter().any(|c| c == name)),
            redacted: choices(REDACTED, |name| match name {
                "emails" => rules.emails,
                "phones" => rules.phones,
                "cards" => rules.cards,
                _ => rules.ibans,
            }),
            names: rules.names.join("\n"),
            budget_tokens: provider
                .budget
                .tokens
                .map(|n| n.to_string())
                .unwrap_or_default(),
            budget_money: provider.budget.micro.map(money).unwrap_or_default(),
            currency: prices.currency.clone(),
            million_read: money(prices.million_read),
            million_written: money(prices.million_written),
            minute_heard: money(prices.minute_heard),
            million_spoken: money(prices.million_spoken),
            active: provider.active,
        }
    }
}

/// What was entered.
///
/// # Errors
/// With a sentence about the field that makes no sense.
pub(super) fn wanted(fields: &Fields) -> Result<NewProvider, Problem> {
    let text = |name: &str| {
        let found = fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    };
    let given = |name: &str| Some(text(name).to_owned()).filter(|text| !text.is_empty());
    let all = |name: &str| {
        let found = fields.iter().filter(|(field, _)| field == name);
        found
            .map(|(_, value)| value.clone())
            .collect::<Vec<String>>()
    };
    let amount = |name: &'static str| read_money(text(name)).ok_or_else(|| no_money(name));
    let kind = ProviderKind::parse(text("kind"))
        .ok_or_else(|| Problem::invalid("kind", "choose what it is"))?;
    let redacted = all("redact");
    let redacts = |what: &str| redacted.iter().any(|one| one == what);
    let tokens = match text("budget_tokens") {
        "" => None,
        number => Some(number.parse().map_err(|_| {
            Problem::invalid(
                "budget_tokens",
                "the budget in tokens must be a whole number",
            )
        })?),
    };
    let micro = match text("budget_money") {
        "" => None,
        _ => Some(amount("budget_money")?),
    };
    let key = match (text("forget_key"), text("key")) {
        ("", "") => None,
        ("", key) => Some(Secret::new(key)),
        _ => Some(Secret::new("")),
    };
    Ok(NewProvider {
        wanted: Wanted {
            kind,
            name: text("name").to_owned(),
            url: text("url").to_owned(),
            own: !text("own").is_empty(),
            region: text("region").to_owned(),
            models: ProviderModels {
                chat: given("chat"),
                transcribe: given("transcribe"),
                speak: given("speak"),
                voice: given("voice"),
            },
            classes: all("class"),
            redaction: Redaction {
                emails: redacts("emails"),
                phones: redacts("phones"),
                cards: redacts("cards"),
                ibans: redacts("ibans"),
                names: text("names").lines().map(str::to_owned).collect(),
            },
            budget: ProviderBudget { tokens, micro },
            prices: ProviderPrices {
                currency: text("currency").to_owned(),
                million_read: amount("million_read")?,
                million_written: amount("million_written")?,
                minute_heard: amount("minute_heard")?,
                million_spoken: amount("million_spoken")?,
            },
            active: !text("active").is_empty(),
        },
        key,
    })
}

fn no_money(field: &'static str) -> Problem {
    Problem::invalid(
        field,
        "an amount of money must be a number such as 2.50, with at most six digits after the point",
    )
}

/// Reads `2.50` or `2,50` as millionths; nothing is 0.
fn read_money(text: &str) -> Option<u64> {
    if text.is_empty() {
        return Some(0);
    }
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 6 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(fraction)
}

/// Millionths as people write money: at least two digits after the point.
pub(super) fn money(micro: u64) -> String {
    let fraction = format!("{:06}", micro % 1_000_000);
    let shown = fraction.trim_end_matches('0');
    format!("{}.{shown:0<2}", micro / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_and_written_without_a_loss() {
        for (text, micro, shown) in [
            ("", 0, "0.00"),
            ("2", 2_000_000, "2.00"),
            ("2.5", 2_500_000, "2.50"),
            ("2,50", 2_500_000, "2.50"),
            ("0.0043", 4_300, "0.0043"),
            ("10.000001", 10_000_001, "10.000001"),
        ] {
            assert_eq!(read_money(text), Some(micro), "{text}");
            assert_eq!(money(micro), shown);
        }
        for bad in ["x", "-1", "1.0000001", "1.2.3", ".", "99999999999999999999"] {
            assert_eq!(read_money(bad), None, "{bad}");
        }
    }
}
