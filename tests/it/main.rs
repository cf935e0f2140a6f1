//! The HTTP surface against fakes of the engines, with the real store, agent and knowledge: one file
//! per resource. No model and no network is needed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

mod accounts;
mod additions;
mod app;
#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "../fakes/chat_provider/mod.rs"]
mod chat_provider;
mod fake_reader;
mod fakes;
#[path = "../fakes/lemon_squeezy/mod.rs"]
mod lemon_squeezy;

mod analyses;
mod analytics;
mod ask;
mod asking;
mod assistants;
mod audio;
mod audit_log;
mod auth;
mod backup_target;
mod bad_desk;
mod bad_input;
mod bad_visit;
mod beside;
mod billing;
mod browser;
mod call_pages;
mod calls;
mod chat;
mod chat_stream;
mod closing;
mod composing;
mod contacts;
mod conversations;
mod crm;
mod crm_face;
mod cut_off;
mod documents;
mod embeddings;
mod envelopes;
mod errands;
mod errands_beside;
mod faces;
mod facts;
mod faq_page;
mod faqs;
mod gaps;
mod golden;
mod health;
mod https;
mod identity;
mod inbox;
mod inbox_assist;
mod inbox_live;
mod inbox_more;
mod inbox_pages;
mod inbox_search;
mod keys;
mod leads;
mod ledger;
mod mail;
mod matrix;
mod matrix_pages;
mod mcp;
mod members;
mod models;
mod openapi;
mod other_clients;
mod passkeys;
mod people;
mod providers;
mod quality;
mod quality_pages;
mod quota;
mod reading;
mod realtime;
mod receipts;
mod recovering;
mod responses;
mod retention;
mod safe_mode;
mod sealed;
mod search;
mod second_factor;
mod second_factor_rules;
mod seen;
mod seen_page;
mod server;
#[path = "../fakes/sign_on/mod.rs"]
mod server_for_sign_on;
mod sign_on;
mod site;
mod site_key;
mod snippets;
mod socket;
mod sources;
mod sources_bad;
mod sources_manage;
mod sources_pages;
mod speech;
mod staff;
mod standing;
mod synonyms;
mod takeover;
mod tools;
mod upload;
mod versions;
mod visit;
mod visit_own;
mod voice_fakes;
mod voice_settings;
mod voice_ws;
mod webhooks;
mod welcome;
mod wire;
mod work;
mod workflow_commands;
mod workflows;
