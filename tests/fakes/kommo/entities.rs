//! Account, leads, contacts, fields, notes, tasks, events and webhooks.

use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};

use super::gate::{good, invalid, nothing, problem, reply};
use super::{ACCOUNT, Asked, USER, World};

const HOOK_NAMES: &[&str] = &[
    "lead", "contact", "company", "task", "talk", "unsorted", "customer",
];
/// Rows of one request that are the most.
const MOST: usize = 250;

impl World {
    pub(super) fn entities(&mut self, asked: &Asked, steps: &[&str]) -> Response {
        let (get, post) = (asked.method == Method::GET, asked.method == Method::POST);
        match steps {
            ["account"] if get => good(&self.account()),
            ["leads"] if get => {
                let rows: Vec<Value> = self.leads.values().cloned().collect();
                self.page(asked, "leads", &rows)
            }
            ["leads"] if asked.method == Method::PATCH => self.patch_leads(&asked.json()),
            ["leads", "custom_fields"] if get => {
                let rows = self.fields.clone();
                self.page(asked, "custom_fields", &rows)
            }
            ["leads", "custom_fields"] if post => self.add_fields(&asked.json()),
            ["leads", "notes"] if post => self.add_notes(&asked.json(), None),
            ["leads", id, "notes"] if post => self.add_notes(&asked.json(), id.parse().ok()),
            ["leads", id, "notes"] if get => self.list_notes(asked, id),
            ["leads", _, "notes", id, act @ ("pin" | "unpin")] if post => {
                let found = self
                    .notes
                    .iter_mut()
                    .find(|note| note["id"].to_string() == *id);
                let Some(note) = found else {
                    return problem(404, "Not Found", "no such note");
                };
                note["is_pinned"] = json!(*act == "pin");
                nothing()
            }
            ["leads", _, "notes", id] if asked.method == Method::PATCH => {
                let found = self
                    .notes
                    .iter_mut()
                    .find(|note| note["id"].to_string() == *id);
                let Some(note) = found else {
                    return problem(404, "Not Found", "no such note");
                };
                if let Some(params) = asked.json().get("params") {
                    note["params"] = params.clone();
                }
                good(&json!({ "id": note["id"], "updated_at": 1_700_009_000, "_links": {} }))
            }
            ["leads", id] if get => match id.parse().ok().and_then(|id: u64| self.leads.get(&id)) {
                Some(lead) => good(lead),
                None if self.switches.empty_leads => nothing(),
                None => problem(404, "Not Found", "no such lead"),
            },
            ["leads", id] if asked.method == Method::PATCH => {
                let mut row = asked.json();
                row["id"] = id.parse::<u64>().unwrap_or(0).into();
                match self.patch_lead(&row) {
                    Ok(changed) => good(&changed),
                    Err(refused) => *refused,
                }
            }
            ["contacts", id] if get => {
                match id.parse().ok().and_then(|id: u64| self.contacts.get(&id)) {
                    Some(contact) => good(contact),
                    None => problem(404, "Not Found", "no such contact"),
                }
            }
            ["tasks"] if post => self.add_tasks(&asked.json()),
            ["events"] if get => {
                let of = |event: &&Value| {
                    asked
                        .param("filter[entity_id][]")
                        .is_none_or(|id| event["entity_id"].to_string() == id)
                };
                let rows: Vec<Value> = self.events.iter().filter(of).cloned().collect();
                self.page(asked, "events", &rows)
            }
            ["webhooks"] => self.hooks(asked),
            _ => problem(404, "Not Found", "no such address"),
        }
    }

    fn account(&self) -> Value {
        json!({
            "id": ACCOUNT, "name": "The Shop", "subdomain": self.subdomain, "created_at": 1_600_000_000,
            "created_by": 0, "updated_at": 1_600_000_000, "updated_by": 0, "current_user_id": USER,
            "country": "PT", "currency": "EUR", "currency_symbol": "€", "customers_mode": "unavailable",
            "is_unsorted_on": true, "is_loss_reason_enabled": true, "is_helpbot_enabled": false,
            "is_technical_account": false, "contact_name_display_order": 1, "version": 12,
            "drive_url": "https://drive-c.kommo.com", "_links": { "self": { "href": "x" } },
            "_embedded": { "task_types": [{ "id": 1, "name": "Follow-up" }] },
        })
    }

    fn patch_leads(&mut self, body: &Value) -> Response {
        let Some(rows) = body.as_array() else {
            return invalid("NotArray", "");
        };
        if rows.len() > MOST {
            return problem(422, "Unprocessable Entity", "Limit 250 per page");
        }
        if self
            .switches
            .batch_limit
            .is_some_and(|most| rows.len() > most)
        {
            return reply(504, "text/html", "<h1>504 Gateway Time-out</h1>");
        }
        let mut changed = Vec::new();
        for row in rows {
            match self.patch_lead(row) {
                Ok(one) => changed.push(one),
                Err(refused) => return *refused,
            }
        }
        good(&json!({ "_links": {}, "_embedded": { "leads": changed } }))
    }

    fn patch_lead(&mut self, row: &Value) -> Result<Value, Box<Response>> {
        let known: Vec<u64> = self
            .fields
            .iter()
            .filter_map(|field| field["id"].as_u64())
            .collect();
        let next = self.draw_id();
        let lead = row["id"].as_u64().and_then(|id| self.leads.get_mut(&id));
        let Some(lead) = lead else {
            return Err(Box::new(problem(404, "Not Found", "no such lead")));
        };
        for value in row["custom_fields_values"].as_array().into_iter().flatten() {
            let field = value["field_id"].as_u64().unwrap_or(0);
            if !known.contains(&field) {
                let path = "custom_fields_values.0.field_id";
                return Err(Box::new(invalid("NotSupportedChoice", path)));
            }
            let mut values = lead["custom_fields_values"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            values.retain(|old| old["field_id"] != field);
            if !value["values"].is_null() {
                values.push(json!({ "field_id": field, "field_type": "numeric", "values": value["values"] }));
            }
            lead["custom_fields_values"] = match values.is_empty() {
                true => Value::Null,
                false => values.into(),
            };
        }
        let name = |tag: &Value| tag["name"].as_str().unwrap_or_default().to_owned();
        let mut tags = lead["_embedded"]["tags"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        // The whole set overrides the two others.
        if let Some(all) = row["_embedded"]["tags"].as_array() {
            tags = all.clone();
        } else {
            for tag in row["tags_to_delete"].as_array().into_iter().flatten() {
                tags.retain(|old| name(old) != name(tag));
            }
            for tag in row["tags_to_add"].as_array().into_iter().flatten() {
                if !tags.iter().any(|old| name(old) == name(tag)) {
                    tags.push(json!({ "id": next, "name": name(tag), "color": null }));
                }
            }
        }
        lead["_embedded"]["tags"] = tags.into();
        for plain in [
            "name",
            "price",
            "status_id",
            "pipeline_id",
            "responsible_user_id",
        ] {
            if let Some(value) = row.get(plain) {
                lead[plain] = value.clone();
            }
        }
        Ok(json!({ "id": lead["id"], "updated_at": 1_700_009_000, "_links": {} }))
    }

    fn add_fields(&mut self, body: &Value) -> Response {
        let rows = match body {
            Value::Array(rows) => rows.clone(),
            one => vec![one.clone()],
        };
        let mut made = Vec::new();
        for row in rows {
            let (Some(name), Some(kind)) = (row["name"].as_str(), row["type"].as_str()) else {
                return invalid("NotBlank", "0.name");
            };
            let field = json!({
                "id": self.draw_id(), "name": name, "type": kind, "account_id": ACCOUNT, "code": row["code"],
                "sort": 500, "is_api_only": row["is_api_only"] == true, "enums": null, "group_id": null,
                "required_statuses": [], "is_deletable": true, "is_predefined": false,
                "entity_type": "leads", "_links": {},
            });
            self.fields.push(field.clone());
            made.push(field);
        }
        let body = match (self.switches.bare_field, made.first()) {
            (true, Some(first)) => first.clone(),
            _ => json!({ "_total_items": made.len(), "_embedded": { "custom_fields": made } }),
        };
        reply(201, "application/hal+json", body.to_string())
    }

    fn add_notes(&mut self, body: &Value, of: Option<u64>) -> Response {
        let mut made = Vec::new();
        for row in body.as_array().into_iter().flatten() {
            let entity = of.or(row["entity_id"].as_u64()).unwrap_or(0);
            if !self.leads.contains_key(&entity) {
                return invalid("NotSupportedChoice", "0.entity_id");
            }
            let kind = row["note_type"].as_str().unwrap_or_default();
            let needs_service = matches!(kind, "service_message" | "extended_service_message");
            if row["params"]["text"].as_str().is_none_or(str::is_empty)
                || (needs_service && row["params"]["service"].as_str().is_none_or(str::is_empty))
            {
                return invalid("FieldMissing", "0.params");
            }
            let id = self.draw_id();
            self.notes.push(json!({
                "id": id, "entity_id": entity, "created_by": USER, "updated_by": USER,
                "created_at": 1_700_000_000 + id, "updated_at": 1_700_000_000 + id, "responsible_user_id": USER,
                "group_id": 0, "note_type": kind, "params": row["params"], "account_id": ACCOUNT,
                "is_pinned": false,
            }));
            made.push(json!({ "id": id, "entity_id": entity, "request_id": row["request_id"], "_links": {} }));
        }
        if made.is_empty() {
            return invalid("NotBlank", "");
        }
        good(&json!({ "_links": {}, "_embedded": { "notes": made } }))
    }

    fn list_notes(&self, asked: &Asked, lead: &str) -> Response {
        let kinds: Vec<&str> = asked
            .query
            .iter()
            .filter(|(name, _)| name.starts_with("filter[note_type]"))
            .map(|(_, kind)| kind.as_str())
            .collect();
        let of = |note: &&Value| {
            note["entity_id"].to_string() == lead
                && (kinds.is_empty() || kinds.iter().any(|kind| note["note_type"] == **kind))
        };
        let rows: Vec<Value> = self.notes.iter().filter(of).cloned().collect();
        self.page(asked, "notes", &rows)
    }

    fn add_tasks(&mut self, body: &Value) -> Response {
        let mut made = Vec::new();
        for row in body.as_array().into_iter().flatten() {
            if row["text"].as_str().is_none_or(str::is_empty)
                || row["complete_till"].as_i64().is_none()
            {
                return invalid("NotBlank", "0.text");
            }
            let id = self.draw_id();
            let mut task = row.clone();
            task["id"] = id.into();
            self.tasks.push(task);
            made.push(json!({ "id": id, "request_id": row["request_id"], "_links": {} }));
        }
        good(&json!({ "_links": {}, "_embedded": { "tasks": made } }))
    }

    fn hooks(&mut self, asked: &Asked) -> Response {
        let body = asked.json();
        let destination = body["destination"].as_str().unwrap_or_default().to_owned();
        match asked.method {
            Method::GET => {
                let rows = self.webhooks.clone();
                self.page(asked, "webhooks", &rows)
            }
            Method::POST => {
                let settings = body["settings"].as_array().cloned().unwrap_or_default();
                for name in &settings {
                    let name = name.as_str().unwrap_or_default();
                    let is_new = name == "add_outgoing_message";
                    let entity = name
                        .split_once('_')
                        .map(|(_, entity)| entity)
                        .unwrap_or_default();
                    let known = name == "add_message"
                        || (is_new && !self.switches.no_outgoing_hook)
                        || HOOK_NAMES.contains(&entity);
                    if !known {
                        return invalid("NotSupportedChoice", "settings.0");
                    }
                }
                let id = self.draw_id();
                let hook = json!({
                    "id": id, "destination": destination, "created_at": 1_700_000_000,
                    "updated_at": 1_700_000_000, "account_id": ACCOUNT, "created_by": USER,
                    "sort": body["sort"], "disabled": false, "settings": settings,
                });
                self.webhooks
                    .retain(|old| old["destination"] != destination.as_str());
                self.webhooks.push(hook.clone());
                reply(201, "application/hal+json", hook.to_string())
            }
            Method::DELETE => {
                let before = self.webhooks.len();
                self.webhooks
                    .retain(|old| old["destination"] != destination.as_str());
                match self.webhooks.len() < before {
                    true => nothing(),
                    false => problem(404, "Not Found", "no such webhook"),
                }
            }
            _ => problem(405, "Method Not Allowed", "not here"),
        }
    }
}
