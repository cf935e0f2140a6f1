//! Formats the value of a cell by its number format (ECMA-376, part 1, 18.8.30).
//!
//! Dates whose format names the month are written as they are shown. All-digit dates are written
//! as year-month-day, since the meaning of 1/2/2026 depends on the reader's country.

use calamine::{Data, DataRef, ExcelDateTime};

/// Most decimals to write.
const MAX_DECIMALS: usize = 10;

/// The text that a cell shows with the number format `code`.
pub(super) fn format_ref(value: &DataRef<'_>, code: &str) -> String {
    match value {
        DataRef::SharedString(text) => (*text).to_owned(),
        other => format_value(&Data::from(other.clone()), code),
    }
}

/// The text that a cell shows with the number format `code`.
pub(super) fn format_value(value: &Data, code: &str) -> String {
    match value {
        Data::Int(number) => format_number(*number as f64, code),
        Data::Float(number) => format_number(*number, code),
        Data::String(text) => text.clone(),
        Data::Bool(true) => "yes".into(),
        Data::Bool(false) => "no".into(),
        Data::DateTime(at) => format_moment(at, code),
        Data::DateTimeIso(text) | Data::DurationIso(text) => text.replace('T', " "),
        // "#N/A" and the like mean nothing to a reader.
        Data::Error(_) | Data::Empty => String::new(),
    }
}

/// Formats a number as precisely as Excel's General format.
fn format_general(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return format!("{number:.0}");
    }
    let decimals = (10 - number.abs().log10().floor() as i64).clamp(0, 12) as usize;
    let text = format!("{number:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A section of a number format.
#[derive(Default, Debug)]
struct Pattern {
    before: String,
    after: String,
    whole: usize,
    decimals: usize,
    /// Decimals that are written even if they are zero.
    kept: usize,
    grouped: bool,
    percent: bool,
    thousands: i32,
    digits: bool,
    /// A kind of format that we do not support: fractions, scientific notation.
    other: bool,
}

fn parse_pattern(code: &str) -> Pattern {
    let mut found = Pattern::default();
    let mut chars = code.chars().peekable();
    let mut in_decimals = false;
    while let Some(c) = chars.next() {
        let literal = |found: &mut Pattern, text: &str| match found.digits {
            true => found.after.push_str(text),
            false => found.before.push_str(text),
        };
        match c {
            '"' => {
                let text: String = chars.by_ref().take_while(|c| *c != '"').collect();
                literal(&mut found, &text);
            }
            '\\' => {
                if let Some(next) = chars.next() {
                    literal(&mut found, next.encode_utf8(&mut [0; 4]));
                }
            }
            // `_x` is a space as wide as x; `*x` fills the cell with x.
            '_' | '*' => drop(chars.next()),
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                // `[$€-407]` is a currency; other brackets are colours and conditions.
                if let Some(currency) = inside.strip_prefix('$') {
                    literal(&mut found, currency.split('-').next().unwrap_or_default());
                }
            }
            '0' | '#' | '?' => {
                found.digits = true;
                if in_decimals {
                    found.decimals += 1;
                    found.kept += usize::from(c == '0');
                } else {
                    found.whole += usize::from(c == '0');
                }
            }
            '.' if found.digits || chars.peek() == Some(&'0') => {
                in_decimals = true;
                found.digits = true;
            }
            ',' if found.digits => match chars.peek() {
                Some('0' | '#' | '?' | ',') => found.grouped = true,
                _ => found.thousands += 1,
            },
            '%' => {
                found.percent = true;
                literal(&mut found, "%");
            }
            'E' | 'e' | '/' if found.digits => found.other = true,
            c => literal(&mut found, c.encode_utf8(&mut [0; 4])),
        }
    }
    found
}

fn format_number(number: f64, code: &str) -> String {
    if !number.is_finite() {
        return String::new();
    }
    if code.is_empty() || code.eq_ignore_ascii_case("general") || code == "@" {
        return format_general(number);
    }
    let sections: Vec<&str> = code.split(';').collect();
    let (section, number) = match (sections.as_slice(), number < 0.0) {
        // The second section is for negative numbers and writes their sign itself.
        ([_, negative, ..], true) => (*negative, number.abs()),
        ([_, _, zero, ..], _) if number == 0.0 => (*zero, number),
        ([first, ..], _) => (*first, number),
        _ => return format_general(number),
    };
    let pattern = parse_pattern(section);
    if pattern.other {
        return format_general(number);
    }
    if !pattern.digits {
        // A format without digits replaces the number, such as "-" for zero.
        let text = format!("{}{}", pattern.before, pattern.after);
        return match text.trim() {
            "" => format_general(number),
            text => text.to_owned(),
        };
    }
    let scale = if pattern.percent { 100.0 } else { 1.0 };
    let scaled = number.abs() * scale / 1_000f64.powi(pattern.thousands.min(4));
    let decimals = pattern.decimals.min(MAX_DECIMALS);
    let text = format!("{scaled:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut fraction = fraction.to_owned();
    while fraction.len() > pattern.kept && fraction.ends_with('0') {
        fraction.pop();
    }
    let mut whole = format!("{whole:0>width$}", width = pattern.whole.min(20));
    if pattern.grouped {
        whole = group_thousands(&whole);
    }
    let sign = if number < 0.0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!(
        "{sign}{}{whole}{point}{fraction}{}",
        pattern.before, pattern.after
    )
    .trim()
    .to_owned()
}

fn group_thousands(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn format_moment(at: &ExcelDateTime, code: &str) -> String {
    if at.is_duration() {
        let minutes = (at.as_f64() * 24.0 * 60.0).round();
        return format!("{}:{:02}", (minutes / 60.0).floor(), minutes as i64 % 60);
    }
    let (year, month, day, hour, minute, ..) = at.to_ymd_hms_milli();
    let code = code.split(';').next().unwrap_or_default().to_lowercase();
    let has_date = code.contains(['y', 'd']) || code.contains("mmm") || code == "general";
    let has_time = code.contains('h') || (code == "general" && at.as_f64().fract() > 1e-9);
    let time = match code.contains("am/pm") {
        true => {
            let (half, twelve) = (if hour < 12 { "AM" } else { "PM" }, (hour + 11) % 12 + 1);
            format!("{twelve}:{minute:02} {half}")
        }
        false => format!("{hour:02}:{minute:02}"),
    };
    if !has_date || (at.as_f64() < 1.0 && has_time) {
        return time;
    }
    let date = jiff::civil::Date::new(year as i16, month as i8, day as i8);
    let date = match (date, code.contains("mmm")) {
        (Ok(date), true) => {
            let weekday = if code.contains("ddd") { "%A, " } else { "" };
            let order = match (code.find('d'), code.find('m'), code.contains('y')) {
                (Some(d), Some(m), true) if d > m => "%B %-d, %Y",
                (Some(d), Some(m), false) if d > m => "%B %-d",
                (Some(_), _, true) => "%-d %B %Y",
                (Some(_), _, false) => "%-d %B",
                (None, _, _) => "%B %Y",
            };
            date.strftime(&format!("{weekday}{order}")).to_string()
        }
        _ => format!("{year:04}-{month:02}-{day:02}"),
    };
    match has_time {
        true => format!("{date} {time}"),
        false => date,
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    #[test]
    fn numbers_read_as_their_format_shows_them() {
        for (number, code, shown) in [
            (95.0, "General", "95"),
            (0.1 + 0.2, "General", "0.3"),
            (1234.5, "#,##0.00", "1,234.50"),
            (1234567.0, "#,##0", "1,234,567"),
            (95.0, "\"$\"#,##0.00", "$95.00"),
            (95.0, "[$€-407]\\ #,##0.00", "€ 95.00"),
            (19.9, "#,##0.00\\ [$€-407]", "19.90 €"),
            (0.125, "0.0%", "12.5%"),
            (-40.0, "#,##0_);(#,##0)", "(40)"),
            (-40.0, "0", "-40"),
            (0.0, "0;-0;\"none\"", "none"),
            (7.0, "000", "007"),
            (1.5, "0.##", "1.5"),
            (2.0, "0.##", "2"),
            (5.0, "0\" min\"", "5 min"),
            (12_000.0, "0,\"k\"", "12k"),
            (0.5, "# ?/?", "0.5"),
        ] {
            assert_eq!(format_number(number, code), shown, "{number} {code}");
        }
    }

    #[test]
    fn dates_name_the_month_or_the_year_first() {
        for (serial, code, shown) in [
            (46_380.0, "m/d/yyyy", "2026-12-24"),
            (46_380.0, "mmmm d, yyyy", "December 24, 2026"),
            (46_380.0, "d. mmm yyyy", "24 December 2026"),
            (46_380.354_166_7, "yyyy-mm-dd hh:mm", "2026-12-24 08:30"),
            (0.354_166_7, "h:mm AM/PM", "8:30 AM"),
            (0.729_166_7, "hh:mm", "17:30"),
        ] {
            let at = ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, false);
            assert_eq!(format_moment(&at, code), shown, "{serial} {code}");
        }
    }
}
