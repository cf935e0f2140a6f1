//! Handlers for the OpenAPI document.
pub(in crate::http) mod calls {
    pub(in crate::http) use super::super::calls::paths::*;
}
pub(in crate::http) mod inbox {
    pub(in crate::http) use super::super::inbox::paths::*;
}
pub(in crate::http) mod crm {
    pub(in crate::http) use super::super::crm::paths::*;
}
pub(in crate::http) mod contacts {
    pub(in crate::http) use super::super::contacts::paths::*;
}
pub(in crate::http) mod assistants {
    pub(in crate::http) use super::super::assistants::paths::*;
}
pub(in crate::http) mod tags {
    pub(in crate::http) use super::super::tags::{__path_list, __path_set};
}
pub(in crate::http) mod sign_on {
    pub(in crate::http) use super::super::sign_on::{
        __path_change, __path_create, __path_delete, __path_list,
    };
}
pub(in crate::http) mod members {
    pub(in crate::http) use super::super::members::paths::*;
}
pub(in crate::http) mod tasks {
    pub(in crate::http) use super::super::tasks::{
        __path_change, __path_create, __path_finish, __path_get_settings, __path_give_up,
        __path_list, __path_reopen, __path_set_settings,
    };
    pub(in crate::http) use super::super::told::__path_shown;
}
pub(in crate::http) mod tools {
    pub(in crate::http) use super::super::tools::paths::*;
}
pub(in crate::http) mod analyses {
    pub(in crate::http) use super::super::analyses::paths::*;
}
pub(in crate::http) mod ask {
    pub(in crate::http) use super::super::ask::__path_create;
}
pub(in crate::http) mod search {
    pub(in crate::http) use super::super::search::__path_create;
}
pub(in crate::http) mod conversations {
    pub(in crate::http) use super::super::conversations::{
        __path_append, __path_create, __path_get, __path_list,
    };
}
pub(in crate::http) mod documents {
    pub(in crate::http) use super::super::documents::{
        __path_change, __path_delete, __path_events, __path_get, __path_list, __path_reindex,
        __path_text,
    };
}
pub(in crate::http) mod lines {
    pub(in crate::http) use super::super::lines::{__path_decide, __path_list, __path_picture};
}
pub(in crate::http) mod evals {
    pub(in crate::http) use super::super::evals::{
        __path_ask, __path_create, __path_get, __path_latest, __path_list, __path_thresholds,
    };
}
pub(in crate::http) mod gate {
    pub(in crate::http) use super::super::gate::{
        __path_discard, __path_get, __path_instructions, __path_publish, __path_start,
        __path_switch,
    };
}
pub(in crate::http) mod faqs {
    pub(in crate::http) use super::super::faqs::{
        __path_approve, __path_create, __path_delete, __path_get, __path_import, __path_list,
        __path_update,
    };
}
pub(in crate::http) mod facts {
    pub(in crate::http) use super::super::facts::{
        __path_change, __path_confirm, __path_confirm_all, __path_create, __path_delete,
        __path_dismiss, __path_list, __path_preview, __path_propose, __path_settings,
    };
}
pub(in crate::http) mod egress {
    pub(in crate::http) use super::super::egress::__path_list;
}
pub(in crate::http) mod outside {
    pub(in crate::http) use super::super::outside::{
        __path_download, __path_month, __path_subprocessors,
    };
}
pub(in crate::http) mod providers {
    pub(in crate::http) use super::super::providers::{
        __path_change, __path_create, __path_delete, __path_get, __path_list, __path_set_use,
        __path_test,
    };
}
pub(in crate::http) mod keys {
    pub(in crate::http) use super::super::keys::{__path_create, __path_list, __path_revoke};
}
pub(in crate::http) mod gaps {
    pub(in crate::http) use super::super::gaps::{
        __path_answered, __path_dismiss, __path_list, __path_reopen,
    };
}
pub(in crate::http) mod accounts {
    pub(in crate::http) use super::super::accounts::{
        __path_change, __path_create, __path_erase, __path_list,
    };
}
pub(in crate::http) mod backups {
    pub(in crate::http) use super::super::backups::{
        __path_create, __path_list, __path_make_recovery_key, __path_verify,
    };
}
pub(in crate::http) mod mail {
    pub(in crate::http) use super::super::mail::{
        __path_get, __path_log, __path_remove, __path_replay, __path_set, __path_test,
    };
}
pub(in crate::http) mod backup_target {
    pub(in crate::http) use super::super::backup_target::{
        __path_copy, __path_get, __path_list, __path_remove, __path_set, __path_try_it,
        __path_verify,
    };
}
pub(in crate::http) mod second_factor {
    pub(in crate::http) use super::super::second_factor::{
        __path_begin, __path_confirm, __path_renew, __path_reset, __path_turn_off,
    };
}
pub(in crate::http) mod widget {
    pub(in crate::http) use super::super::widget::{
        __path_change, __path_get, __path_renew_identity_key, __path_renew_key,
    };
}
pub(in crate::http) mod people {
    pub(in crate::http) use super::super::people::{
        __path_copy, __path_erase, __path_erase_one, __path_find,
    };
}
pub(in crate::http) mod workspaces {
    pub(in crate::http) use super::super::workspaces::{
        __path_close, __path_close_account, __path_export, __path_keep, __path_keep_account,
        __path_limit, __path_list, __path_preview,
    };
}
pub(in crate::http) mod plans {
    pub(in crate::http) use super::super::plans::{
        __path_change, __path_choose, __path_create, __path_delete, __path_download, __path_list,
    };
}
pub(in crate::http) mod analytics {
    pub(in crate::http) use super::super::analytics::{
        __path_digest, __path_get, __path_set_digest, __path_table,
    };
}
pub(in crate::http) mod quota {
    pub(in crate::http) use super::super::quota::__path_get;
}
pub(in crate::http) mod billing {
    pub(in crate::http) use super::super::billing::{
        __path_activate, __path_assign, __path_check, __path_deactivate, __path_get, __path_set,
        __path_take_hook,
    };
}
pub(in crate::http) mod retention {
    pub(in crate::http) use super::super::retention::{__path_get, __path_set, __path_take_back};
}
pub(in crate::http) mod golden {
    pub(in crate::http) use super::super::golden::{
        __path_create, __path_delete, __path_export, __path_import, __path_list, __path_update,
    };
}
pub(in crate::http) mod ratings {
    pub(in crate::http) use super::super::ratings::{__path_remove, __path_set};
}
pub(in crate::http) mod receipts {
    pub(in crate::http) use super::super::receipts::paths::*;
}
pub(in crate::http) mod names {
    pub(in crate::http) use super::super::names::{__path_get, __path_set};
}
pub(in crate::http) mod additions {
    pub(in crate::http) use super::super::additions::{__path_get, __path_set};
}
pub(in crate::http) mod synonyms {
    pub(in crate::http) use super::super::synonyms::{__path_get, __path_set};
}
pub(in crate::http) mod setup {
    pub(in crate::http) use super::super::setup::__path_create;
}
pub(in crate::http) mod snippets {
    pub(in crate::http) use super::super::snippets::{__path_create, __path_replace};
}
pub(in crate::http) mod voice_notes {
    pub(in crate::http) use super::super::voice_notes::__path_create;
}
pub(in crate::http) mod versions {
    pub(in crate::http) use super::super::versions::{
        __path_compare, __path_list, __path_original, __path_read_hidden, __path_roll_back,
    };
}
pub(in crate::http) mod sources {
    pub(in crate::http) use super::super::sources::{
        __path_change, __path_create, __path_delete, __path_events, __path_get, __path_list,
        __path_sync,
    };
}
pub(in crate::http) mod status {
    pub(in crate::http) use super::super::status::__path_get;
}
pub(in crate::http) mod upload {
    pub(in crate::http) use super::super::upload::__path_create;
}
pub(in crate::http) mod webhooks {
    pub(in crate::http) use super::super::webhooks::{
        __path_change, __path_create, __path_delete, __path_deliveries, __path_list, __path_replay,
        __path_replay_failed, __path_rotate, __path_test,
    };
}
pub(in crate::http) mod workflows {
    pub(in crate::http) use super::super::workflow_runs::__path_runs;
    pub(in crate::http) use super::super::workflows::{
        __path_delete, __path_get, __path_list, __path_put, __path_templates, __path_text,
        __path_try_out,
    };
}
