//! Leads in a CSV file: the first line names the columns, in any order.

use serde::{Deserialize, Serialize};

use crate::crm::CrmError;

/// Leads of one file.
pub const MOST_ROWS: usize = 50_000;
/// Longest text of a field that is kept, in characters.
const LONGEST: usize = 1_000;

/// A lead as a file or a hook tells it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeadRow {
    pub id: String,
    pub name: String,
    pub contact: Option<String>,
    pub price: Option<f64>,
    pub stage: Option<String>,
    pub tags: Vec<String>,
    /// Won or lost.
    pub closed: bool,
}

/// Reads a file. Commas, semicolons and tabs part columns; `id` is needed, and `name`, `contact`, `price`, `stage`, `tags`
/// (parted by `|`) and `closed` are known.
///
/// # Errors
/// `Input`, with the line.
pub fn read_leads(file: &[u8]) -> Result<Vec<LeadRow>, CrmError> {
    let wrong = |told: String| CrmError::Input(told.into());
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let first = file.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| first.iter().filter(|byte| **byte == wanted).count();
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|byte| count(*byte));
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .trim(::csv::Trim::All)
        .from_reader(file);
    let headers = reader
        .headers()
        .map_err(|error| wrong(format!("the file is no CSV: {error}")))?;
    let names: Vec<String> = headers.iter().map(str::to_lowercase).collect();
    let place = |name: &str| names.iter().position(|known| known == name);
    let Some(id_at) = place("id") else {
        return Err(wrong(
            "the first line of the file names no column `id`".into(),
        ));
    };
    let mut leads = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let line = at + 2;
        let record = record.map_err(|error| wrong(format!("line {line} of the file: {error}")))?;
        let field = |name: &str| {
            let text = record.get(place(name)?)?;
            (!text.is_empty()).then(|| text.chars().take(LONGEST).collect::<String>())
        };
        let id = record.get(id_at).unwrap_or_default();
        if id.is_empty() || id.len() > 200 {
            return Err(wrong(format!("line {line} of the file has no usable id")));
        }
        if leads.len() >= MOST_ROWS {
            return Err(wrong(format!(
                "the file has more than {MOST_ROWS} leads; split it"
            )));
        }
        let price = match field("price") {
            None => None,
            Some(text) => {
                let number = text
                    .replace(',', ".")
                    .parse::<f64>()
                    .ok()
                    .filter(|n| n.is_finite());
                let told = || {
                    format!("line {line} of the file: `{text}` is no price; write it as 1200.50")
                };
                Some(number.ok_or_else(|| wrong(told()))?)
            }
        };
        let tags = field("tags").unwrap_or_default();
        let tags = tags.split('|').map(str::trim).filter(|tag| !tag.is_empty());
        leads.push(LeadRow {
            id: id.to_owned(),
            name: field("name").unwrap_or_default(),
            contact: field("contact"),
            price,
            stage: field("stage"),
            tags: tags.map(str::to_owned).collect(),
            closed: field("closed")
                .is_some_and(|text| matches!(text.to_lowercase().as_str(), "1" | "yes" | "true")),
        });
    }
    Ok(leads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_may_stand_in_any_order_and_be_parted_by_anything() {
        let file =
            "\u{feff}Name;ID;Price;Tags;Closed\n\"Ana; Ltd\";7;1200,50;hot | new;yes\nBo;8;;;\n";
        let leads = read_leads(file.as_bytes()).unwrap();
        assert_eq!(leads.len(), 2);
        assert_eq!(
            (leads[0].id.as_str(), leads[0].name.as_str()),
            ("7", "Ana; Ltd")
        );
        assert_eq!((leads[0].price, leads[0].closed), (Some(1200.5), true));
        assert_eq!(leads[0].tags, ["hot", "new"]);
        assert_eq!((leads[1].price, leads[1].tags.len()), (None, 0));
        assert_eq!(read_leads(b"id,name\n1,x\n").unwrap().len(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (file, told) in [
            ("", "no column `id`"),
            ("name\nx\n", "no column `id`"),
            ("id,name\n,x\n", "line 2"),
            ("id,price\n1,2\n2,cheap\n", "line 3"),
            ("id,name\n1,x,y\n", "line 2"),
        ] {
            let error = read_leads(file.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(told), "{file:?}: {error}");
        }
        assert!(read_leads(b"id,name\n1,\xff\xfe\n").is_err());
    }
}
