//! The picture from which the owner chooses how sure an answer must be.

use serde_json::Value;

use super::measure_pages::{ChoiceRow, SurenessView};
use super::measure_rows::percent;
use crate::eval::figures::Share;
use crate::eval::sureness::{Choice, SURENESS};

/// Drawing area, in units of the template's `viewBox`.
const LEFT: f64 = 50.0;
const RIGHT: f64 = 590.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 200.0;
/// Least width of the axis of false answers, as a share.
const LEAST_WIDTH: f64 = 0.05;
/// Marks on that axis.
const MARKS: i32 = 5;

/// The choice of thresholds from a run's summary; `None` if the summary has none.
pub(super) fn view(summary: &Value, current: f64, may_choose: bool) -> Option<SurenessView> {
    let choices: Vec<Choice> = serde_json::from_value(summary.get(SURENESS)?.clone()).ok()?;
    // If the threshold was set elsewhere to a value in between, mark the nearest choice.
    let now = choices
        .iter()
        .enumerate()
        .min_by(|(_, a), (_, b)| {
            let far = |c: &Choice| (c.threshold - current).abs();
            far(a).total_cmp(&far(b))
        })
        .map(|(at, _)| at)?;
    let share = |share: Share| share.rate().unwrap_or(0.0);
    let widest = choices
        .iter()
        .map(|c| share(c.wrong))
        .fold(LEAST_WIDTH, f64::max);
    let x = |wrong: f64| LEFT + (RIGHT - LEFT) * wrong / widest;
    let y = |right: f64| BOTTOM - (BOTTOM - TOP) * right;
    let rows: Vec<ChoiceRow> = choices
        .iter()
        .enumerate()
        .map(|(at, choice)| ChoiceRow {
            x: format!("{:.1}", x(share(choice.wrong))),
            y: format!("{:.1}", y(share(choice.right))),
            threshold: choice.threshold.to_string(),
            shown: format!("{:.1} %", choice.threshold * 100.0),
            right: percent(choice.right),
            wrong: percent(choice.wrong),
            current: at == now,
        })
        .collect();
    let line: Vec<String> = rows.iter().map(|r| format!("{},{}", r.x, r.y)).collect();
    let marks = (0..=MARKS).map(|n| {
        let wrong = widest * f64::from(n) / f64::from(MARKS);
        (
            format!("{:.1}", x(wrong)),
            format!("{:.1} %", wrong * 100.0),
        )
    });
    let told = rows.get(now).map_or_else(String::new, |row| {
        format!("Now {} right and {} false", row.right, row.wrong)
    });
    Some(SurenessView {
        line: line.join(" "),
        marks: marks.collect(),
        choices: rows,
        may_choose,
        told,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_choice_that_applies_is_marked() {
        let summary = json!({"sureness": [
            {"threshold": 0.9, "right": {"n": 1, "of": 4}, "false": {"n": 0, "of": 10}},
            {"threshold": 0.6, "right": {"n": 2, "of": 4}, "false": {"n": 1, "of": 10}},
        ]});
        let view = view(&summary, 0.62, true).unwrap();
        let marked: Vec<_> = view.choices.iter().map(|c| c.current).collect();
        assert_eq!(marked, [false, true]);
        assert_eq!(view.line, "50.0,152.5 590.0,105.0");
        assert_eq!(view.told, "Now 50.0 % right and 10.0 % false");
        assert!(super::view(&json!({}), 0.6, true).is_none());
    }
}
