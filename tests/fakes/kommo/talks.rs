//! Talks and their messages.

use axum::response::Response;
use serde_json::Value;

use super::gate::{good, problem};
use super::{Asked, World};

impl World {
    pub(super) fn talks(&mut self, asked: &Asked, steps: &[&str]) -> Response {
        match steps {
            ["talks"] => {
                let rows: Vec<Value> = self
                    .talks
                    .iter()
                    .filter(|talk| is_asked_for(asked, talk))
                    .cloned()
                    .collect();
                self.page(asked, "talks", &rows)
            }
            ["talks", id] => {
                let found = self
                    .talks
                    .iter()
                    .find(|talk| talk["talk_id"].to_string() == *id);
                found.map_or_else(|| problem(404, "Not Found", "no such talk"), good)
            }
            ["talks", id, "messages"] => self.messages(asked, id),
            _ => problem(404, "Not Found", "no such address"),
        }
    }

    fn messages(&self, asked: &Asked, talk: &str) -> Response {
        if !self.scopes.contains(&"list_external_messages") {
            return problem(403, "Forbidden", "Invalid scope");
        }
        if self.switches.poor_tariff {
            let told = "Endpoint not available for current account tariff";
            return problem(402, "Payment required", told);
        }
        let Some(rows) = talk
            .parse()
            .ok()
            .and_then(|talk: u64| self.messages.get(&talk))
        else {
            return problem(404, "Not Found", "no such talk");
        };
        let bound = |name: &str| asked.param(name).and_then(|text| text.parse::<i64>().ok());
        let from = bound("filter[created_at][from]").unwrap_or(i64::MIN);
        let to = bound("filter[created_at][to]").unwrap_or(i64::MAX);
        let within = |row: &&Value| {
            row["created_at"]
                .as_i64()
                .is_some_and(|at| (from..=to).contains(&at))
        };
        let mut rows: Vec<Value> = rows.iter().filter(within).cloned().collect();
        // Their order means nothing.
        rows.sort_by_key(|row| row["id"].to_string().bytes().rev().collect::<Vec<u8>>());
        self.page(asked, "messages", &rows)
    }
}

fn is_asked_for(asked: &Asked, talk: &Value) -> bool {
    asked.query.iter().all(|(name, value)| match name.as_str() {
        "filter[entity_id]" => talk["entity_id"].to_string() == *value,
        "filter[contact_id][]" => talk["contact_id"].to_string() == *value,
        "filter[talk_id][]" => talk["talk_id"].to_string() == *value,
        "filter[only_in_work]" => talk["is_in_work"] == true,
        _ => true,
    })
}
